// Whole trainings under fast-1 without a GPU: what stands between the layers and the libraries, with stand-ins for
// these that compute as the CPU does. What the libraries themselves give only a GPU can show (gpu_training_test.cpp).
#include <algorithm>
#include <cmath>
#include <limits>

#include "protocol/algorithms.h"
#include "tests/catch.h"
#include "tests/trainer/fast_stand_in.h"
#include "tests/trainer/small_models.h"

namespace {

using kernels::fast::Choice;
using kernels::fast::Precision;

struct Run {
  Told told;
  std::vector<Choice> choices;

  bool has(const std::string& operation) const {
    return std::any_of(choices.begin(), choices.end(),
                       [&](const Choice& choice) { return choice.operation.starts_with(operation); });
  }
};

Run run(Bench& bench) {
  bench.start().run();
  Run run{bench.told(), {}};
  for (const protocol::Event& event : bench.events) {
    const auto* other = std::get_if<protocol::OtherEvent>(&event.body);
    if (other == nullptr || other->name != protocol::kAlgorithmsEvent) continue;
    for (const core::Json& choice : event.extra.at(protocol::kChoices))
      run.choices.push_back(Choice::from_json(choice, "test"));
  }
  return run;
}

Run run_portable(const SmallModel& model) {
  Bench bench = model.bench();
  return run(bench);
}

Run run_fast(const SmallModel& model, bool records_steps, const std::vector<Choice>& recorded = {},
             Precision precision = Precision::kFp32) {
  Bench bench = model.bench();
  bench.ops = &stand_in::table();
  bench.open = [=] { return stand_in::open(precision, recorded); };
  bench.records_steps = records_steps;
  return run(bench);
}

/// A convolution with bias and relu, then pooling and relu again.
SmallModel plain_cnn() {
  SmallModel model = small_models()[1];
  model.name = "cnn with relu and without batch norm";
  model.config.update({{"batch_norm", false}, {"dropout", 0.25}});
  return model;
}

std::vector<SmallModel> models() {
  std::vector<SmallModel> models = small_models();
  models.push_back(plain_cnn());
  return models;
}

}  // namespace

TEST_CASE("a step of fast-1 is one recording, and nothing is chosen, made ready or allocated while it is made") {
  for (SmallModel model : models()) {
    INFO(model.name);
    model.config.update({{"batch_size", 7}, {"epochs", 3}, {"clip_norm", 0.5}});  // the last batch is a short one
    const Run portable = run_portable(model);
    const Run recorded = run_fast(model, true), called = run_fast(model, false);
    CHECK(recorded.told == portable.told);
    CHECK(called.told == portable.told);
    CHECK(recorded.choices == called.choices);
    CHECK_FALSE(recorded.choices.empty());
    CHECK(portable.choices.empty());
    CHECK(run_fast(model, true, recorded.choices).choices == recorded.choices);
  }
}

TEST_CASE("a convolution, its bias and relu are one call, and a convolution with batch norm or gelu is not") {
  const auto fused = [](const SmallModel& model) { return run_fast(model, true).has("conv2d bias"); };
  CHECK(fused(plain_cnn()));
  for (const SmallModel& model : small_models()) CHECK_FALSE(fused(model));
}

TEST_CASE("by a record of apart calls a layer is computed by apart calls") {
  const SmallModel model = plain_cnn();
  std::vector<Choice> recorded = run_fast(model, true).choices;
  REQUIRE(std::any_of(recorded.begin(), recorded.end(),
                      [](const Choice& choice) { return choice.operation.find(" bias") != std::string::npos; }));
  for (Choice& choice : recorded)
    if (const auto at = choice.operation.find(" bias relu"); at != std::string::npos) choice.operation.erase(at, 10);
  const Run again = run_fast(model, true, recorded);
  CHECK(again.told == run_portable(model).told);
  CHECK_FALSE(again.has("conv2d bias"));
  CHECK(again.has("conv2d n12"));
}

TEST_CASE("a training in bf16 says the same as recordings and call by call") {
  const SmallModel model = plain_cnn();
  const Run recorded = run_fast(model, true, {}, Precision::kBf16);
  CHECK(recorded.told == run_fast(model, false, {}, Precision::kBf16).told);
  CHECK_FALSE(recorded.told == run_portable(model).told);
  CHECK(recorded.has("conv2d bias relu"));
}

TEST_CASE("in bf16 image, filter and bias of a convolution in one call are rounded, and its result once") {
  const auto context = stand_in::open(Precision::kBf16);
  const kernels::Conv2dShape shape{1, 1, 2, 1, 1, 1, 1, 1, 0, 0, 1, 2};
  const float third = 1.0f / 3, nan = std::numeric_limits<float>::quiet_NaN();
  const auto rounded = [](float value) { return kernels::fast::from_bf16(kernels::fast::to_bf16(value)); };
  float x[] = {third, nan}, y[2] = {};
  const float w = 0.7f, bias = 0.1f, less = -0.5f;
  const auto layer = [&](float its_bias, kernels::Activation activation) {
    return stand_in::table().fused_conv2d(*context, activation, shape, y, x, &w, &its_bias);
  };
  REQUIRE(layer(bias, kernels::Activation::kRelu));
  CHECK(y[0] == rounded(rounded(third) * rounded(w) + rounded(bias)));
  CHECK(std::isnan(y[1]));
  REQUIRE(layer(less, kernels::Activation::kRelu));
  CHECK(y[0] == 0.0f);
  CHECK(std::isnan(y[1]));
  REQUIRE(layer(less, kernels::Activation::kNone));
  CHECK(y[0] == rounded(rounded(third) * rounded(w) - 0.5f));
  CHECK_FALSE(layer(bias, kernels::Activation::kGelu));
}
