// What a training does: the same for the same setting, on any number of threads and any instruction set; and that it
// learns.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/catch.h"
#include "tests/trainer/message.h"
#include "tests/trainer/training_bench.h"
#include "trainer/data/builtin.h"

namespace {

Told run(Bench bench) {
  CHECK(bench.start().run() == trainer::Ending::kFinished);
  return bench.told();
}

double metric(const Bench& bench, const std::string& name) {
  double value = std::numeric_limits<double>::quiet_NaN();
  for (const protocol::Event& event : bench.events)
    if (const auto* m = std::get_if<protocol::MetricValues>(&event.body); m && m->values.contains(name))
      value = m->values.at(name);
  return value;
}

}  // namespace

TEST_CASE("a training tells each step's fingerprints, each epoch's metrics, the test's metrics, and its end") {
  Bench bench;
  const Told told = run(std::move(bench));
  CHECK(told.fingerprints.size() == 36);  // 189 samples in batches of 16: 12 steps an epoch, the last with 13
  CHECK(told.fingerprints.begin()->first == 1);
  CHECK(told.fingerprints.begin()->second.size() == 7);
  CHECK(told.metrics.size() == 4);
  CHECK(told.metrics.contains("12train_loss"));
  CHECK(told.metrics.contains("36test_accuracy"));
  CHECK(told.finished.find(R"("outcome":"completed")") != std::string::npos);
}

TEST_CASE("one seed trains in one way, another seed in another") {
  Bench other;
  other.seed = 2;
  const Told one = run(Bench()), again = run(Bench()), different = run(std::move(other));
  CHECK(one == again);
  for (const auto& [step, prints] : one.fingerprints) CHECK(prints != different.fingerprints.at(step));
}

TEST_CASE("threads and instruction sets change nothing") {
  const Told one = run(Bench());
  for (const int threads : {2, 3}) {
    Bench bench;
    bench.threads = threads;
    CHECK(run(std::move(bench)) == one);
  }
  for (const kernels::CpuIsa isa : {kernels::CpuIsa::kPlain, kernels::CpuIsa::kAvx2, kernels::CpuIsa::kAvx512}) {
    Bench bench;
    bench.isa = isa;
    try {
      kernels::make_cpu_context(1, isa);
    } catch (const core::EnvironmentError&) {
      continue;  // this machine has no such instructions
    }
    CHECK(run(std::move(bench)) == one);
  }
}

TEST_CASE(
    "a trace of every so many steps has the fingerprints of these and of the last one, and changes nothing else") {
  Bench thin;
  thin.trace = 5;
  const Told some = run(std::move(thin)), all = run(Bench());
  CHECK(some.metrics == all.metrics);
  CHECK(some.finished == all.finished);
  const std::uint64_t last = all.fingerprints.rbegin()->first;
  for (const auto& [step, prints] : all.fingerprints) {
    INFO("step " << step);
    REQUIRE(some.fingerprints.contains(step) == (step % 5 == 0 || step == last));
    if (some.fingerprints.contains(step)) CHECK(some.fingerprints.at(step) == prints);
  }
}

TEST_CASE("without a trace the metrics and the weights are the same") {
  Bench silent;
  silent.trace = 0;
  const Told without = run(std::move(silent)), with = run(Bench());
  CHECK(without.fingerprints.empty());
  CHECK(without.metrics == with.metrics);
  CHECK(without.finished == with.finished);
}

TEST_CASE("a network of many long names tells every step's fingerprints, in lines that can be read") {
  Bench bench;
  bench.dataset = {};
  bench.dataset.task = trainer::Task::kText;
  bench.dataset.classes = 3;
  for (std::int32_t i = 0; i < 200; ++i) bench.dataset.train.tokens.push_back(i % 3);
  trainer::set_context(bench.dataset, 4, "text");
  bench.config = {{"model", "transformer"}, {"layers", 48},    {"width", 4},  {"heads", 1},
                  {"context", 4},           {"batch_size", 2}, {"epochs", 1}, {"validation_fraction", 0.1}};
  Bench sparse;
  sparse.dataset = bench.dataset;
  sparse.config = bench.config;
  sparse.trace = 5;
  const Told some = run(std::move(sparse));
  bench.start().run();
  std::size_t lines = 0;
  for (const protocol::Event& event : bench.events) lines += std::holds_alternative<protocol::Trace>(event.body);
  const Told told = bench.told();
  CHECK(told.fingerprints.size() == bench.training->total_steps());
  CHECK(lines < told.fingerprints.size() / 2);
  CHECK(told.finished == some.finished);
  for (const auto& [step, prints] : some.fingerprints) CHECK(told.fingerprints.at(step) == prints);
}

TEST_CASE("an event whose line would be too long to be read is an error that says which and how long") {
  trainer::EventSink events([](std::string_view) { FAIL("a line that nobody reads"); });
  CHECK(message_of([&] {
          events.emit(protocol::MetricValues{1, 1, {{std::string(66000, 'x'), 1.0}}});
        }) == "event 'metric': its line has 66063 bytes, at most 65536 are read");
}

TEST_CASE("the first predictions are near to uniform") {
  for (const char* name : {"spirals", "images"})
    for (const char* activation : {"relu", "tanh", "gelu", "sigmoid"}) {
      Bench bench;
      bench.dataset = trainer::generate(name);
      bench.config = {{"activation", activation}};
      const double wanted = std::log(bench.dataset.classes);
      trainer::Training& training = bench.start();
      CHECK(training.evaluate(bench.data.validation).loss == Approx(wanted).epsilon(0.05));
    }
}

TEST_CASE("evaluation changes nothing that training reads") {
  Bench bench;
  trainer::Training& training = bench.start();
  const std::string before = training.weights_sha256();
  const auto first = training.evaluate(bench.data.test), second = training.evaluate(bench.data.test);
  CHECK(first.loss == second.loss);
  CHECK(training.weights_sha256() == before);
  training.run();
  CHECK(bench.told() == run(Bench()));
}

TEST_CASE("one batch is learned by heart, by every optimizer and activation") {
  for (const char* optimizer : {"sgd", "adam", "adamw"})
    for (const char* activation : {"relu", "tanh", "gelu", "sigmoid"}) {
      Bench bench;
      bench.config = {{"hidden", {32}},         {"batch_size", 210},
                      {"epochs", 400},          {"validation_fraction", 0.8},
                      {"optimizer", optimizer}, {"activation", activation},
                      {"schedule", "constant"}, {"learning_rate", std::string(optimizer) == "sgd" ? 0.3 : 0.03}};
      bench.start().run();
      CAPTURE(optimizer, activation);
      CHECK(metric(bench, "train_loss") < 0.02);
    }
}

TEST_CASE("a loss that is not finite ends the training as diverged, at the same step every time") {
  Bench bench;
  bench.config = small_config();
  bench.config["optimizer"] = "sgd";
  bench.config["learning_rate"] = 1000;
  bench.config["epochs"] = 50;
  Bench again = Bench();
  again.config = bench.config;
  CHECK(bench.start().run() == trainer::Ending::kFinished);
  CHECK(!std::isfinite(metric(bench, "train_loss")));
  CHECK(std::isnan(metric(bench, "test_loss")));  // never told
  CHECK(bench.told().finished.find(R"("outcome":"diverged")") != std::string::npos);
  CHECK(run(std::move(again)) == bench.told());
}

TEST_CASE("batches larger than the training part, no hidden layer and no validation part are allowed") {
  Bench bench;
  bench.config = {{"hidden", core::Json::array()}, {"batch_size", 65536}, {"epochs", 2}, {"validation_fraction", 0}};
  bench.start().run();
  CHECK(bench.told().fingerprints.size() == 2);
  CHECK(std::isnan(metric(bench, "val_loss")));
  CHECK(std::isfinite(metric(bench, "train_loss")));
}

TEST_CASE("the gradient is that of the loss, through every activation and through dropout") {
  const kernels::Backend& ops = kernels::cpu_backend();
  for (const auto activation : {kernels::Activation::kRelu, kernels::Activation::kTanh, kernels::Activation::kGelu,
                                kernels::Activation::kSigmoid})
    for (const float dropout : {0.0f, 0.4f}) {
      constexpr int kRows = 6;
      const auto context = kernels::make_cpu_context(1);
      trainer::Hyperparameters h = trainer::parse_hyperparameters({{"hidden", {7, 5}}});
      h.activation = activation;
      h.dropout = static_cast<double>(dropout);
      trainer::Network network(ops, *context, h, {{1, 1, 4}}, 3, kRows);
      network.initialise(kernels::Initialisation::kXavier, 5);
      kernels::Buffer<float> x(ops, *context, kRows * 4), loss(ops, *context, kRows);
      kernels::Buffer<std::int32_t> labels(ops, *context, kRows), hits(ops, *context, kRows);
      for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<float>(3 * i));
      for (std::size_t i = 0; i < labels.size(); ++i) labels.data()[i] = static_cast<std::int32_t>(i % 3);
      const kernels::StepState state{3, 0, 0, 0, 0};
      const auto mean_loss = [&] {
        network.forward_backward({x.data(), nullptr, kRows}, {labels.data()}, {loss.data(), hits.data()}, 5, &state);
        double sum = 0;
        for (int i = 0; i < kRows; ++i) sum += static_cast<double>(loss.data()[i]);
        return sum / kRows;
      };
      for (trainer::Parameter& parameter : network.parameters())
        for (std::size_t i = 0; i < parameter.value.size(); i += 3) {
          constexpr float kStep = 2e-3f;
          float& weight = parameter.value.data()[i];
          const float before = weight;
          weight = before + kStep;
          const double above = mean_loss();
          weight = before - kStep;
          const double below = mean_loss();
          weight = before;
          mean_loss();
          CAPTURE(static_cast<int>(activation), dropout, parameter.name, i);
          CHECK(static_cast<double>(parameter.gradient.data()[i]) ==
                Approx((above - below) / (2 * static_cast<double>(kStep))).margin(4e-4).epsilon(0.02));
        }
    }
}
