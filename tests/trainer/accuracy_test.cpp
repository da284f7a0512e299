// Real data sets reach what is published for such networks. Slow; skipped where the data is absent.
#include <cstdlib>

#include "protocol/data_set.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "trainer/hyperparameters.h"
#include "trainer/training/trial.h"

namespace {

std::string find_data(const std::string& name) {
  const char* folder = std::getenv("SWEEP_DATA");
  const std::filesystem::path path =
      (folder ? std::filesystem::path(folder) : std::filesystem::path(SWEEP_SOURCE_DIR) / "../shared/data") / name;
  if (!std::filesystem::exists(path)) skip("no " + name + " in $SWEEP_DATA or ../shared/data");
  return path.string();
}

// The last value of a metric.
double train(const std::string& data, core::Json config, std::uint32_t seed, const std::string& metric) {
  trainer::TrialOrder order;
  order.place = "test";
  order.document.config = std::move(config);
  order.document.seed = seed;
  order.document.trace = "off";
  order.document.data = protocol::DataSource{data, data, protocol::data_digest(protocol::locate_data(data))};
  double value = 0;
  trainer::EventSink events([&](std::string_view line) {
    const protocol::Event event = protocol::Event::parse(line.substr(0, line.size() - 1), "test");
    if (const auto* m = std::get_if<protocol::MetricValues>(&event.body); m && m->values.contains(metric))
      value = m->values.at(metric);
  });
  trainer::run_trial(order, events);
  return value;
}

}  // namespace

TEST_CASE("the digits are told apart, 97.5 % of those held out") {
  const core::Json config = {{"hidden", {128, 64}}, {"epochs", 60}, {"batch_size", 32}, {"validation_fraction", 0.2}};
  double sum = 0;
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    const double accuracy = train(find_data("digits"), config, seed, "val_accuracy");
    INFO("seed " << seed << ": " << accuracy);
    CHECK(accuracy >= 0.97);
    sum += accuracy;
  }
  CHECK(sum / 3 >= 0.975);
}

TEST_CASE("iris flowers are told apart, nine of ten of those held out") {
  const core::Json config = {
      {"hidden", 16}, {"epochs", 60}, {"batch_size", 16}, {"validation_fraction", 0.2}, {"learning_rate", 0.01}};
  CHECK(train(find_data("iris"), config, 1, "val_accuracy") >= 0.9);
}

TEST_CASE("Fashion-MNIST: a network of two convolutions reaches 91.5 % of the test images within eight epochs",
          "[.long]") {
  const core::Json config = {{"model", "cnn"}, {"channels", {32, 64}}, {"dense", 128}, {"epochs", 8}};
  CHECK(train(find_data("fashion-mnist"), config, 7, "test_accuracy") >= 0.915);
}

TEST_CASE("Fashion-MNIST: a 784-512-256-10 network reaches 89 % of the test images within twelve epochs", "[.long]") {
  const core::Json config = {{"hidden", {512, 256}}, {"epochs", 12}, {"dropout", 0.2}};
  double sum = 0;
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    const double accuracy = train(find_data("fashion-mnist"), config, seed, "test_accuracy");
    INFO("seed " << seed << ": " << accuracy);
    CHECK(accuracy >= 0.890);
    sum += accuracy;
  }
  CHECK(sum / 3 >= 0.893);
}
