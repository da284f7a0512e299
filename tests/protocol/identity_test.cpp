// Identity: golden ids. A change here makes every stored trial a stranger, so these values are never edited.
#include "tests/catch.h"

#include "protocol/identity.h"
#include "protocol/outcome.h"

using core::Json;

TEST_CASE("the training seed is a function of sweep seed, configuration and replicate") {
  const Json config = {{"learning_rate", 0.1}, {"epochs", 10}};
  const std::uint32_t seed = protocol::training_seed(0, config, 0);
  CHECK(seed < 0x80000000u);
  CHECK(seed == protocol::training_seed(0, config, 0));
  CHECK(seed != protocol::training_seed(1, config, 0));
  CHECK(seed != protocol::training_seed(0, config, 1));
  CHECK(seed != protocol::training_seed(0, {{"learning_rate", 0.1}, {"epochs", 10.0}}, 0));
}

TEST_CASE("a parameter named seed is the training seed") {
  CHECK(protocol::training_seed(5, {{"seed", 42}}, 0) == 42);
  CHECK(protocol::training_seed(6, {{"seed", 42}, {"epochs", 1}}, 0) == 42);
}

TEST_CASE("a trial's id is the digest of its identity, and every part counts") {
  const protocol::TrialIdentity identity{"sweep-trainer/1:00", {{"epochs", 1}}, 7, "d", "portable-1", 0};
  const std::string id = protocol::trial_id(identity);
  CHECK(id.size() == 16);
  const auto changed = [&](auto change) {
    protocol::TrialIdentity other = identity;
    change(other);
    return protocol::trial_id(other);
  };
  CHECK(id != changed([](auto& i) { i.trainer = "sweep-trainer/1:01"; }));
  CHECK(id != changed([](auto& i) { i.config = {{"epochs", 1.0}}; }));
  CHECK(id != changed([](auto& i) { i.seed = 8; }));
  CHECK(id != changed([](auto& i) { i.data = nullptr; }));
  CHECK(id != changed([](auto& i) { i.numerics = "fast-1"; }));
  CHECK(id != changed([](auto& i) { i.replicate = 1; }));
}

TEST_CASE("ids and seeds are frozen") {
  const protocol::TrialIdentity identity{"sweep-trainer/1:00", {{"lr", 1e-5}, {"n", 3}}, 7, nullptr, "portable-1", 0};
  CHECK(
      core::canonical_json(identity.to_json()) ==
      R"({"config":{"lr":1e-05,"n":3},"data":null,"numerics":"portable-1","replicate":0,"seed":7,"trainer":"sweep-trainer/1:00"})");
  CHECK(protocol::trial_id(identity) == "aef73c3495ecc747");
  CHECK(protocol::training_seed(0, {{"lr", 1e-5}, {"n", 3}}, 0) == 713396737);
}

TEST_CASE("every outcome stands in its row and is found by its name") {
  for (const protocol::OutcomeInfo& row : protocol::outcomes()) {
    CHECK(&protocol::info(row.outcome) == &row);
    CHECK(protocol::outcome_named(row.name) == row.outcome);
    if (row.trial_goes_on) CHECK_FALSE(row.ranked);
  }
  CHECK(protocol::outcome_named("finished") == std::nullopt);
}
