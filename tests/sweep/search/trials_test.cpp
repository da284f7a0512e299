// index → trial: count, purity, identity.
#include "sweep/search/trials.h"

#include <set>

#include "protocol/identity.h"
#include "tests/catch.h"

namespace {

const sweep::SweepIdentity kIdentity{"sweep-trainer/1:test", "data digest", "portable-1"};

sweep::TrialPlan plan(const std::string& text) {
  return sweep::TrialPlan(sweep::read_spec(text, "sweep.json"), kIdentity);
}

sweep::TrialPlan random_plan(const std::string& keys) {
  return plan(R"({"method": "random", "parameters": {
      "learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
      "optimizer": {"values": ["adam", "sgd"]}})" +
              keys + "}");
}

sweep::TrialPlan grid_plan(const std::string& keys) {
  return plan(R"({"method": "grid", "parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [4, 5]}})" + keys + "}");
}

bool same(const sweep::PlannedTrial& a, const sweep::PlannedTrial& b) {
  return a.index == b.index && a.replicate == b.replicate && a.id == b.id && a.seed == b.seed &&
         core::canonical_json(a.config) == core::canonical_json(b.config);
}

}  // namespace

TEST_CASE("a sweep has as many trials as its run_cap, its grid, or twenty draws") {
  CHECK(grid_plan("").count() == 6);
  CHECK(grid_plan(R"(, "run_cap": 4)").count() == 4);
  CHECK(grid_plan(R"(, "run_cap": 40)").count() == 6);
  CHECK(random_plan("").count() == 20);
  CHECK(random_plan(R"(, "run_cap": 5.0)").count() == 5);
  CHECK(random_plan(R"(, "run_cap": 1000000000000)").count() == 1000000000000);
  const std::string finite = R"({"method": "random", "parameters": {"a": {"values": [1, 2, 3]}})";
  CHECK(plan(finite + "}").count() == 3);
  CHECK(plan(finite + R"(, "run_cap": 2})").count() == 2);
}

TEST_CASE("a trial computed alone is the trial computed in sequence") {
  const sweep::TrialPlan first = random_plan(R"(, "run_cap": 50)");
  std::vector<sweep::PlannedTrial> trials;
  for (std::uint64_t i = 0; i < 50; ++i) trials.push_back(first.trial(i));
  for (std::uint64_t i = 50; i-- > 0;) CHECK(same(random_plan(R"(, "run_cap": 50)").trial(i), trials[i]));
}

TEST_CASE("a larger run_cap changes nothing before it") {
  const sweep::TrialPlan small = random_plan(R"(, "run_cap": 10)"), large = random_plan(R"(, "run_cap": 1000)");
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(same(small.trial(i), large.trial(i)));
  const std::string finite = R"({"method": "random", "parameters": {"a": {"min": 1, "max": 40}})";
  const sweep::TrialPlan few = plan(finite + R"(, "run_cap": 10})"), all = plan(finite + R"(, "run_cap": 40})");
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(same(few.trial(i), all.trial(i)));
}

TEST_CASE("a trial's id and seed are those of the protocol") {
  const sweep::TrialPlan sweep = grid_plan(R"(, "seed": 42)");
  const sweep::PlannedTrial trial = sweep.trial(3);
  CHECK(core::canonical_json(trial.config) == R"({"a":2,"b":5})");
  CHECK(trial.seed == protocol::training_seed(42, trial.config, 0));
  CHECK(trial.id ==
        protocol::trial_id({kIdentity.trainer, trial.config, trial.seed, kIdentity.data, kIdentity.numerics, 0}));
}

TEST_CASE("a parameter named seed is the training seed") {
  const sweep::TrialPlan sweep = plan(R"({"method": "grid", "parameters": {"seed": {"values": [1, 2, 2147483647]}}})");
  CHECK(sweep.trial(0).seed == 1);
  CHECK(sweep.trial(2).seed == 2147483647);
  CHECK(core::canonical_json(sweep.trial(0).config) == R"({"seed":1})");
}

TEST_CASE("3 and 3.0 are different trials") {
  const auto id = [](const char* value) {
    return plan(std::string(R"({"method": "grid", "parameters": {"a": {"value": )") + value + "}}}").trial(0).id;
  };
  CHECK(id("3") != id("3.0"));
  CHECK(id("3") == id("3"));
}

TEST_CASE("a repeated draw is the same trial, known by its id") {
  const sweep::TrialPlan sweep = plan(R"({"method": "random", "run_cap": 2000, "parameters": {
      "x": {"min": 1.0, "max": 1.0000000000001}}})");
  std::set<std::string> ids, configs;
  for (std::uint64_t i = 0; i < sweep.count(); ++i) {
    const sweep::PlannedTrial trial = sweep.trial(i);
    ids.insert(trial.id);
    configs.insert(core::canonical_json(trial.config));
  }
  CHECK(ids.size() < 2000);
  CHECK(ids.size() == configs.size());
}

TEST_CASE("the sweep's id depends on what determines the result and on nothing else") {
  const std::string base = random_plan(R"(, "run_cap": 20)").sweep_id();
  CHECK(base.size() == 16);
  CHECK(random_plan("").sweep_id() == base);  // 20 is what no run_cap means
  CHECK(random_plan(R"(, "name": "x", "device": "cpu", "resources": {"threads": 2}, "project": "p")").sweep_id() ==
        base);
  CHECK(random_plan(R"(, "metric": {"goal": "maximize", "name": "accuracy"})").sweep_id() == base);
  CHECK(random_plan(R"(, "seed": 1)").sweep_id() != base);
  CHECK(random_plan(R"(, "run_cap": 21)").sweep_id() != base);
  CHECK(random_plan(R"(, "metric": {"goal": "minimize", "name": "val_loss"})").sweep_id() != base);
  CHECK(sweep::TrialPlan(random_plan("").spec(), {"another", kIdentity.data, kIdentity.numerics}).sweep_id() != base);
  CHECK(sweep::TrialPlan(random_plan("").spec(), {kIdentity.trainer, nullptr, kIdentity.numerics}).sweep_id() != base);
}
