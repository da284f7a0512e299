// A trial's origin, put together again, is its configuration.
#include "sweep/search/origin.h"

#include "tests/catch.h"

namespace {

using sweep::ParameterOrigin;

sweep::TrialPlan plan(const std::string& text) {
  return sweep::TrialPlan(sweep::read_spec(text, "sweep.json"), {"sweep-trainer/1:test", "digest", "portable-1"});
}

// The configuration that the origin says, by the space alone.
core::Json config_of(const sweep::TrialPlan& plan, const sweep::TrialOrigin& origin) {
  std::vector<sweep::Value> point;
  for (std::size_t i = 0; i < origin.origin.size(); ++i) {
    const sweep::Dimension& dimension = plan.space().dimensions()[i];
    const ParameterOrigin& parameter = origin.origin[i];
    CHECK(parameter.name == dimension.name());
    point.push_back(parameter.how == ParameterOrigin::How::kQuantile ? dimension.at_quantile(parameter.quantile)
                                                                     : dimension.at_digit(parameter.digit));
  }
  return plan.space().config(point);
}

void check_all(const sweep::TrialPlan& plan) {
  for (std::uint64_t i = 0; i < plan.count(); ++i) {
    const sweep::TrialOrigin origin = sweep::origin_of(plan, i);
    const sweep::PlannedTrial trial = plan.trial(i);
    CHECK(config_of(plan, origin) == trial.config);
    CHECK(origin.replicate == trial.replicate);
    CHECK(origin.draw == i / plan.spec().repeats);
  }
}

}  // namespace

TEST_CASE("digits and quantiles of a trial give its configuration, for every method, order and repeats") {
  const std::string grid = R"("parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [4, 5]}, "c": {"value": 7}})";
  check_all(plan(R"({"method": "grid", )" + grid + "}"));
  check_all(plan(R"({"method": "grid", "order": "shuffled", "seed": 5, )" + grid + "}"));
  check_all(plan(R"({"method": "random", "seed": 3, )" + grid + "}"));
  check_all(plan(R"({"method": "random", "repeats": 3, "run_cap": 5, "parameters": {"a": {"min": 0.0, "max": 1.0},
    "b": {"distribution": "normal"}, "c": {"values": ["x", "y"]}, "d": {"value": 1}}})"));
}

TEST_CASE("a grid says digits, a permuted space digits as well, and a drawn parameter its quantile") {
  const sweep::TrialOrigin written = sweep::origin_of(
      plan(R"({"method": "grid", "parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [4, 5]}}})"), 3);
  CHECK(written.place == 3);
  CHECK(written.origin[0].digit == 1);
  CHECK(written.origin[0].count == "3");
  CHECK(written.origin[1].digit == 1);
  const sweep::TrialPlan permuted = plan(R"({"method": "random", "parameters": {"a": {"values": [1, 2, 3]}}})");
  CHECK(sweep::origin_of(permuted, 0).place.has_value());
  CHECK(sweep::origin_of(permuted, 0).origin[0].how == ParameterOrigin::How::kDigit);
  const sweep::TrialPlan drawn = plan(R"({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}})");
  CHECK(!sweep::origin_of(drawn, 0).place);
  CHECK(sweep::origin_of(drawn, 0).origin[0].how == ParameterOrigin::How::kQuantile);
  CHECK(sweep::origin_of(drawn, 0).origin[0].quantile != sweep::origin_of(drawn, 1).origin[0].quantile);
}
