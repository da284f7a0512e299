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

sweep::Parameter range(const char* name, std::int64_t min, std::int64_t max) {
  return {name, sweep::IntUniform{min, max}};
}

sweep::TrialPlan grid_of(std::vector<sweep::Parameter> parameters, sweep::GridOrder order, std::uint64_t seed = 0) {
  sweep::Spec spec;
  spec.parameters = std::move(parameters);
  spec.order = order;
  spec.seed = seed;
  return sweep::TrialPlan(std::move(spec), kIdentity);
}

sweep::TrialPlan repeated(std::uint32_t repeats, std::optional<std::uint64_t> run_cap, sweep::Method method) {
  sweep::Spec spec;
  spec.method = method;
  spec.parameters = {range("a", 1, 6)};
  spec.seed = 42;
  spec.run_cap = run_cap;
  spec.repeats = repeats;
  return sweep::TrialPlan(std::move(spec), kIdentity);
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
  CHECK(random_plan(R"(, "resources": {"timeout_s": 9, "stall_timeout_s": 9, "grace_s": 1, "retries": 3,
    "memory_mb": 100})")
            .sweep_id() == base);
  CHECK(base == "45bd983c09577ffb");  // as it was before max_failures was known
  const std::string bounded = random_plan(R"(, "resources": {"max_failures": 3})").sweep_id();
  CHECK(bounded != base);  // it decides where the table ends
  CHECK(bounded != random_plan(R"(, "resources": {"max_failures": 4})").sweep_id());
  CHECK(random_plan(R"(, "metric": {"goal": "maximize", "name": "accuracy"})").sweep_id() == base);
  CHECK(random_plan(R"(, "seed": 1)").sweep_id() != base);
  CHECK(random_plan(R"(, "run_cap": 21)").sweep_id() != base);
  CHECK(random_plan(R"(, "metric": {"goal": "minimize", "name": "val_loss"})").sweep_id() != base);
  CHECK(sweep::TrialPlan(random_plan("").spec(), {"another", kIdentity.data, kIdentity.numerics}).sweep_id() != base);
  CHECK(sweep::TrialPlan(random_plan("").spec(), {kIdentity.trainer, nullptr, kIdentity.numerics}).sweep_id() != base);
}

TEST_CASE("a shuffled grid visits every point once, in an order of its seed that random search does not take") {
  const auto order = [](sweep::TrialPlan plan) {
    std::vector<std::string> configs;
    for (std::uint64_t i = 0; i < plan.count(); ++i) configs.push_back(core::canonical_json(plan.trial(i).config));
    return configs;
  };
  const std::vector<sweep::Parameter> parameters = {range("a", 1, 30), range("b", -4, 5)};
  const auto written = order(grid_of(parameters, sweep::GridOrder::kWritten));
  const auto shuffled = order(grid_of(parameters, sweep::GridOrder::kShuffled));
  CHECK(written.front() == R"({"a":1,"b":-4})");
  CHECK(shuffled != written);
  CHECK(std::set(shuffled.begin(), shuffled.end()) == std::set(written.begin(), written.end()));
  CHECK(std::set(shuffled.begin(), shuffled.end()).size() == 300);
  CHECK(order(grid_of(parameters, sweep::GridOrder::kShuffled)) == shuffled);
  CHECK(order(grid_of(parameters, sweep::GridOrder::kShuffled, 1)) != shuffled);
  CHECK(order(grid_of(parameters, sweep::GridOrder::kWritten, 1)) == written);
  sweep::Spec random;
  random.method = sweep::Method::kRandom;
  random.parameters = parameters;
  random.run_cap = 300;
  CHECK(order(sweep::TrialPlan(random, kIdentity)) != shuffled);
}

TEST_CASE("a shuffled grid of 10^15 points is computed, not stored") {
  std::vector<sweep::Parameter> parameters;
  for (const char* name : {"a", "b", "c", "d", "e"}) parameters.push_back(range(name, 0, 999));
  const sweep::TrialPlan plan = grid_of(parameters, sweep::GridOrder::kShuffled);
  CHECK(plan.count() == 1'000'000'000'000'000);
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 500; ++i) seen.insert(plan.trial(plan.count() - 1 - i).id);
  CHECK(seen.size() == 500);
}

TEST_CASE("a grid too large for a permutation is refused where it is to be shuffled, and only there") {
  const std::vector<sweep::Parameter> parameters = {range("a", 0, INT64_MAX), range("b", 0, 1)};
  CHECK(grid_of(parameters, sweep::GridOrder::kWritten).trial(3).config.dump() == R"({"a":1,"b":1})");
  CHECK_THROWS_WITH(
      grid_of(parameters, sweep::GridOrder::kShuffled),
      "order: a grid of 18446744073709551616 points is too large to be shuffled, write 'order: written', or "
      "'method: random'");
  CHECK(grid_of({range("a", 0, INT64_MAX)}, sweep::GridOrder::kShuffled).count() == std::uint64_t{1} << 63);
}

TEST_CASE("each configuration runs with as many training seeds as there are repeats, side by side") {
  for (const sweep::Method method : {sweep::Method::kGrid, sweep::Method::kRandom}) {
    const sweep::TrialPlan plan = repeated(3, std::nullopt, method), single = repeated(1, std::nullopt, method);
    CHECK(plan.draws() == 6);
    CHECK(plan.count() == 18);
    std::set<std::string> ids;
    std::set<std::uint32_t> seeds;
    for (std::uint64_t i = 0; i < plan.count(); ++i) {
      const sweep::PlannedTrial trial = plan.trial(i);
      CHECK(trial.index == i);
      CHECK(trial.replicate == i % 3);
      CHECK(trial.config == single.trial(i / 3).config);
      CHECK(trial.seed == protocol::training_seed(42, trial.config, trial.replicate));
      if (trial.replicate == 0) CHECK(trial.id == single.trial(i / 3).id);
      ids.insert(trial.id);
      seeds.insert(trial.seed);
    }
    CHECK(ids.size() == 18);
    CHECK(seeds.size() == 18);
  }
}

TEST_CASE("run_cap counts configurations, not their repeats") {
  CHECK(repeated(5, 4, sweep::Method::kGrid).draws() == 4);
  CHECK(repeated(5, 4, sweep::Method::kGrid).count() == 20);
  CHECK(repeated(5, 4, sweep::Method::kRandom).count() == 20);
  CHECK(repeated(5, 400, sweep::Method::kGrid).count() == 30);
}

TEST_CASE("more trials than 64 bits count are counted as many as they hold") {
  sweep::Spec spec;
  spec.parameters = {range("a", 1, INT64_MAX), range("b", 0, 9)};
  spec.repeats = 7;
  const sweep::TrialPlan plan(spec, kIdentity);
  CHECK(plan.draws() == UINT64_MAX);
  CHECK(plan.count() == UINT64_MAX);
  CHECK(plan.trial(UINT64_MAX - 1).replicate == (UINT64_MAX - 1) % 7);
}

TEST_CASE("the sampler's version is part of a sweep's id, that of a shuffle too") {
  const auto id = [](sweep::GridOrder order) { return grid_of({range("a", 1, 9)}, order).sweep_id(); };
  CHECK(id(sweep::GridOrder::kShuffled) != id(sweep::GridOrder::kWritten));
}
