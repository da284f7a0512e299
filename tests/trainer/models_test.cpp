// What holds for every model: shapes, first losses, gradients, and that training, evaluation and seeds do what they
// should and nothing else. One training of each is a golden digest.
#include <cmath>

#include "core/error.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"
#include "tests/trainer/small_models.h"
#include "trainer/data/builtin.h"
#include "trainer/training/probe.h"

namespace {

Told run(Bench bench) {
  CHECK(bench.start().run() == trainer::Ending::kFinished);
  return bench.told();
}

double metric(const Bench& bench, const std::string& name, std::size_t epoch) {
  std::vector<double> values;
  for (const protocol::Event& event : bench.events)
    if (const auto* m = std::get_if<protocol::MetricValues>(&event.body); m && m->values.contains(name))
      values.push_back(m->values.at(name));
  return epoch < values.size() ? values[epoch] : values.at(values.size() - 1);
}

/// A network with a batch in front of it.
class Fixture {
 public:
  static constexpr int kRows = 12;

  explicit Fixture(const SmallModel& model, double dropout = 0)
      : h_(trainer::parse_hyperparameters(model.config)),
        context_(kernels::make_cpu_context(1)),
        data_(trainer::prepare_data(model.dataset, {0.0}, 3, ops_, *context_)) {
    trainer::unfold(ops_, *context_, data_, data_.train);
    h_.dropout = dropout;
    network_ = std::make_unique<trainer::Network>(ops_, *context_, h_, data_.shape, data_.classes, kRows);
    network_->initialise(h_.init, 3);
    const auto targets = static_cast<std::size_t>(kRows * network_->targets());
    loss_ = kernels::Buffer<float>(ops_, *context_, targets);
    hits_ = kernels::Buffer<std::int32_t>(ops_, *context_, targets);
  }

  trainer::Network& network() { return *network_; }
  trainer::Input input() const { return {data_.train.x.data(), data_.train.tokens.data(), kRows}; }

  double mean_loss() {
    network_->forward_backward(input(), {data_.train.labels.data()}, {loss_.data(), hits_.data()}, 5, &state_);
    double sum = 0;
    for (std::size_t i = 0; i < loss_.size(); ++i) sum += static_cast<double>(loss_.data()[i]);
    return sum / static_cast<double>(loss_.size());
  }

  std::vector<trainer::ProbedOutput> probe(int passes) {
    return trainer::probe(*network_, input(), passes, 5, ops_, *context_);
  }

  std::vector<std::vector<float>> tensors() const { return tensors_of(*network_); }

  /// The change of the loss along `direction`, for a step of one along it.
  double slope(trainer::Parameter& parameter, const std::vector<float>& direction) {
    constexpr float kStep = 2e-4f;  // so small that few elements cross a kink of relu or of a maximum
    const std::vector<float> before(parameter.value.data(), parameter.value.data() + parameter.value.size());
    const auto at = [&](float step) {
      for (std::size_t i = 0; i < before.size(); ++i) parameter.value.data()[i] = before[i] + step * direction[i];
      return mean_loss();
    };
    const double above = at(kStep), below = at(-kStep);
    at(0);
    return (above - below) / (2 * static_cast<double>(kStep));
  }

 private:
  const kernels::Backend& ops_ = kernels::cpu_backend();
  trainer::Hyperparameters h_;
  std::unique_ptr<kernels::Context> context_;
  trainer::PreparedData data_;
  std::unique_ptr<trainer::Network> network_;
  kernels::Buffer<float> loss_;
  kernels::Buffer<std::int32_t> hits_;
  kernels::StepState state_{3, 0, 0, 0, 0};
};

/// Five windows that begin with different characters, so that all of what follows can be known by heart.
trainer::Dataset five_windows() {
  trainer::Dataset data = words();
  data.train.tokens.resize(5 * 8 + 1);
  for (std::size_t window = 0; window < 5; ++window) data.train.tokens[window * 8] = static_cast<std::int32_t>(window);
  return data;
}

bool any_other_than_zero(const kernels::Buffer<float>& values) {
  return std::any_of(values.data(), values.data() + values.size(), [](float value) { return value != 0.0f; });
}

}  // namespace

TEST_CASE("every model predicts one class a sample, the transformer one a character") {
  for (const SmallModel& model : small_models()) {
    Fixture fixture(model);
    INFO(model.name);
    CHECK(fixture.network().targets() == (model.name == "transformer" ? 8 : 1));
    CHECK(fixture.network().outputs() == model.dataset.classes);
  }
}

TEST_CASE("the parameters of a model have the names and shapes that its file describes") {
  const auto described = [](std::size_t index) {
    Fixture fixture(small_models()[index]);
    std::string text;
    for (const auto* list : {&fixture.network().parameters(), &fixture.network().states()})
      for (const trainer::Parameter& p : *list) {
        text += p.name;
        for (std::size_t i = 0; i < p.shape.size(); ++i) text += (i == 0 ? " " : "×") + std::to_string(p.shape[i]);
        text += "\n";
      }
    return text;
  };
  CHECK(described(1) ==
        "blocks.0.conv.weight 4×3×3×2\nblocks.0.norm.weight 4\nblocks.0.norm.bias 4\n"
        "blocks.1.conv.weight 5×3×3×4\nblocks.1.norm.weight 5\nblocks.1.norm.bias 5\n"
        "dense.0.weight 8×5\ndense.0.bias 8\ndense.1.weight 3×8\ndense.1.bias 3\n"
        "blocks.0.norm.running_mean 4\nblocks.0.norm.running_variance 4\n"
        "blocks.1.norm.running_mean 5\nblocks.1.norm.running_variance 5\n");
  CHECK(described(2) ==
        "blocks.0.conv.weight 4×3×3×2\nblocks.0.conv.bias 4\nblocks.1.conv.weight 5×2×2×4\nblocks.1.conv.bias 5\n"
        "dense.0.weight 8×5\ndense.0.bias 8\ndense.1.weight 3×8\ndense.1.bias 3\n");
  CHECK(described(4).find("layer3.residual.1.conv.weight 24×3×3×24\n") != std::string::npos);
  CHECK(described(4).find("head.weight 3×24\n") != std::string::npos);
  const std::string transformer = described(5);
  CHECK(
      transformer.starts_with("embedding.weight 5×8\nembedding.positions 8×8\n"
                              "blocks.0.attention.norm.weight 8\nblocks.0.attention.norm.bias 8\n"
                              "blocks.0.attention.qkv.weight 24×8\nblocks.0.attention.qkv.bias 24\n"
                              "blocks.0.attention.project.weight 8×8\nblocks.0.attention.project.bias 8\n"
                              "blocks.0.mlp.norm.weight 8\nblocks.0.mlp.norm.bias 8\n"
                              "blocks.0.mlp.expand.weight 32×8\nblocks.0.mlp.expand.bias 32\n"
                              "blocks.0.mlp.contract.weight 8×32\nblocks.0.mlp.contract.bias 8\n"));
  CHECK(transformer.ends_with("norm.weight 8\nnorm.bias 8\nhead.weight 5×8\nhead.bias 5\n"));
}

TEST_CASE("the first loss of every model is within five percent of guessing") {
  for (SmallModel model : small_models()) {
    if (model.name != "transformer") model.dataset = trainer::generate("images");
    if (model.name == "mlp") model.config["hidden"] = {256, 128};
    if (model.name == "transformer") model.config["width"] = 64;
    if (model.name == "resnet") model.config["width"] = 16;
    if (model.name == "cnn") model.config.update({{"channels", {32, 64}}, {"dense", 128}});
    Bench bench = model.bench();
    trainer::Training& training = bench.start();
    INFO(model.name);
    CHECK(training.evaluate(bench.data.validation).loss == Approx(std::log(model.dataset.classes)).epsilon(0.05));
  }
}

TEST_CASE("every model's gradient is that of its loss, along itself and along a random direction, dropout included") {
  for (const SmallModel& model : small_models())
    for (const double dropout : {0.0, 0.3}) {
      Fixture fixture(model, dropout);
      fixture.mean_loss();
      std::uint32_t seed = 0;
      for (trainer::Parameter& parameter : fixture.network().parameters()) {
        const std::vector<float> gradient(parameter.gradient.data(),
                                          parameter.gradient.data() + parameter.gradient.size());
        std::vector<float> random(gradient.size()), along(gradient.size());
        double by_random = 0, square = 0;
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          const core::Philox4 bits =
              core::random_bits(13, core::Purpose::kNoise, seed, static_cast<std::uint32_t>(i), 0);
          random[i] = bits.word[0] % 2 == 0 ? 0.3f : -0.3f;
          by_random += static_cast<double>(random[i] * gradient[i]);
          square += static_cast<double>(gradient[i] * gradient[i]);
        }
        ++seed;
        const double length = std::sqrt(square);
        for (std::size_t i = 0; i < gradient.size(); ++i)
          along[i] = length > 0 ? gradient[i] / static_cast<float>(length) : 0.0f;
        INFO(model.name << " with dropout " << dropout << ", " << parameter.name);
        CHECK(fixture.slope(parameter, along) == Approx(length).margin(5e-4).epsilon(0.03));
        CHECK(fixture.slope(parameter, random) == Approx(by_random).margin(2e-3).epsilon(0.05));
      }
    }
}

TEST_CASE("every parameter of every model gets a gradient and moves in the first step, as running statistics do") {
  for (const SmallModel& model : small_models()) {
    Fixture fixture(model);
    fixture.mean_loss();
    for (const trainer::Parameter& parameter : fixture.network().parameters()) {
      INFO(model.name << ", " << parameter.name);
      CHECK(any_other_than_zero(parameter.gradient));
    }
    Bench bench = model.bench();
    trainer::Training& training = bench.start();
    const auto before = tensors_of(training.network());
    bench.stop_after = 1;
    training.run();
    const auto after = tensors_of(training.network());
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i] != after[i]);
  }
}

TEST_CASE("every model's loss falls, and one batch is learned by heart") {
  for (const SmallModel& model : small_models()) {
    Bench bench = model.bench();
    bench.config.update({{"batch_size", 12}, {"epochs", 12}, {"schedule", "constant"}, {"dropout", 0.0}});
    bench.start().run();
    INFO(model.name);
    CHECK(metric(bench, "train_loss", 11) < 0.85 * metric(bench, "train_loss", 0));

    Bench single = model.bench();
    const bool reads_text = model.name == "transformer";
    if (reads_text) single.dataset = five_windows();
    single.config.update({{"batch_size", 64},
                          {"epochs", 150},
                          {"validation_fraction", reads_text ? 0.0 : 0.75},
                          {"schedule", "constant"},
                          {"dropout", 0.0}});
    if (reads_text) single.config["width"] = 32;
    single.start().run();
    CHECK(metric(single, "train_loss", 1000) < 0.05);
  }
}

TEST_CASE("a transformer learns a text down to its entropy and, as it sees nothing ahead, not below") {
  Bench bench;
  bench.dataset = words(1500, 16);
  bench.config = {{"model", "transformer"}, {"layers", 2},           {"heads", 2},   {"width", 32},
                  {"context", 16},          {"learning_rate", 0.01}, {"epochs", 12}, {"batch_size", 16}};
  bench.start().run();
  const double entropy = std::log(4.0) / 4;  // of a character: a word is one of four, and four characters long
  CHECK(metric(bench, "val_loss", 1000) < entropy + 0.12);
  CHECK(metric(bench, "val_loss", 1000) > entropy - 0.02);
}

TEST_CASE("evaluation changes nothing of any model that training reads, however often it happens") {
  for (const SmallModel& model : small_models()) {
    Bench bench = model.bench();
    trainer::Training& training = bench.start();
    const std::string before = training.weights_sha256();
    const auto first = training.evaluate(bench.data.validation), second = training.evaluate(bench.data.validation);
    INFO(model.name);
    CHECK(first.loss == second.loss);
    CHECK(training.weights_sha256() == before);
    training.run();
    CHECK(bench.told() == run(model.bench()));
  }
}

TEST_CASE("every model trains in one way by one seed, on any number of threads and any instruction set") {
  for (const SmallModel& model : small_models()) {
    const Told one = run(model.bench());
    INFO(model.name);
    Bench other = model.bench();
    other.seed = 2;
    const Told different = run(std::move(other));
    for (const auto& [step, prints] : one.fingerprints) CHECK(prints != different.fingerprints.at(step));
    for (const int threads : {2, 3}) {
      Bench bench = model.bench();
      bench.threads = threads;
      CHECK(run(std::move(bench)) == one);
    }
    for (const kernels::CpuIsa isa : {kernels::CpuIsa::kPlain, kernels::CpuIsa::kAvx2}) {
      Bench bench = model.bench();
      bench.isa = isa;
      CHECK(run(std::move(bench)) == one);
    }
  }
}

TEST_CASE(
    "every model tells the same whether its steps are recorded and replayed or made anew, short batches included") {
  for (const SmallModel& model : small_models()) {
    const auto told = [&](bool records) {
      Bench bench = model.bench();
      bench.config.update({{"batch_size", 7}, {"epochs", 3}, {"clip_norm", 0.5}});
      if (bench.dataset.image) bench.config.update({{"flip", true}, {"shift", 1}, {"cutout", 2}, {"noise", 0.1}});
      bench.records_steps = records;
      bench.start().run();
      return bench.told();
    };
    INFO(model.name);
    CHECK(told(true) == told(false));
  }
}

TEST_CASE("every model goes on from a checkpoint as if it had not been stopped, running statistics included") {
  for (const SmallModel& model : small_models()) {
    const Told whole = run(model.bench());
    for (const std::uint64_t stop : {1u, 3u, 5u}) {
      const TemporaryFolder folder;
      Bench first = model.bench(), second = model.bench();
      first.folder = second.folder = folder.path();
      first.stop_after = stop;
      INFO(model.name << " stopped after " << stop);
      REQUIRE(first.start().run() == trainer::Ending::kInterrupted);
      second.start(first.newest("last")).run();
      Told both = first.told();
      for (const protocol::Event& event : second.events) both.add(event);
      CHECK(both == whole);
    }
  }
}

TEST_CASE("a probe of every model finds spread where there is dropout and none elsewhere, and changes nothing") {
  for (const SmallModel& model : small_models())
    for (const double dropout : {0.0, 0.3}) {
      Fixture fixture(model, dropout);
      fixture.mean_loss();  // running statistics are no longer those of the beginning
      const std::vector<std::vector<float>> before = fixture.tensors();
      const auto outputs = fixture.probe(200);
      INFO(model.name << " with dropout " << dropout);
      CHECK(outputs.size() == static_cast<std::size_t>(model.dataset.classes));
      for (const trainer::ProbedOutput& output : outputs) {
        CHECK((output.spread > 0) == (dropout > 0));
        CHECK(output.mean == Approx(output.evaluated).margin(dropout > 0 ? 0.1 : 1e-12));
      }
      CHECK(fixture.tensors() == before);
      CHECK(fixture.probe(200).front().mean == outputs.front().mean);
    }
}

TEST_CASE("a short training of each model ends with the weights that it always had") {
  for (const SmallModel& model : small_models()) {
    Bench bench = model.bench();
    bench.start().run();
    INFO(model.name);
    CHECK(final_weights(bench) == model.weights_sha256);
  }
}

TEST_CASE("a model is refused data that it cannot take, and sizes that do not fit together") {
  const auto refused = [](const core::Json& config, const trainer::Dataset& data) {
    Bench bench;
    bench.dataset = data;
    bench.config = config;
    return message_of([&] { bench.start(); });
  };
  CHECK(refused({{"model", "cnn"}}, clusters()) ==
        "config.model: cnn cannot take rows of numbers, for such data there is mlp");
  CHECK(refused({{"model", "mlp"}}, words()) ==
        "config.model: mlp cannot take a text, for such data there is transformer");
  CHECK(refused({{"model", "transformer"}}, striped_images()) ==
        "config.model: transformer cannot take images, for such data there is mlp, cnn, resnet");
  CHECK(refused({{"model", "transformer"}, {"width", 10}}, words()) ==
        "config.heads: 4 heads cannot share a width of 10, the width is a multiple of the heads");
  CHECK(refused({{"model", "cnn"}, {"kernel", {3, 3, 3}}}, striped_images()) ==
        "config.kernel: 3 items for 2 blocks, give one for all blocks, or one for each item of channels");
  CHECK(refused({{"model", "cnn"}, {"channels", {4, 4, 4, 4}}}, striped_images()) ==
        "config.pool_size: blocks.2 would pool windows of side 2 of images of 1×1, take smaller windows or fewer "
        "blocks");
  CHECK(refused({{"model", "cnn"}, {"padding", "valid"}, {"kernel", 7}}, striped_images()) ==
        "config.kernel: blocks.0.conv would have a kernel of side 7 over images of 6×6, take a smaller kernel, fewer "
        "blocks, or padding same");
}
