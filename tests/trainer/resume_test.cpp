// A training that was interrupted and went on tells what one that was never interrupted tells, to the bit.
#include "core/digest.h"
#include "core/files.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"
#include "tests/trainer/training_bench.h"

namespace {

Told uninterrupted(const core::Json& config) {
  Bench bench;
  bench.config = config;
  bench.start().run();
  return bench.told();
}

std::vector<core::Json> configurations() {
  std::vector<core::Json> all(3, small_config());
  all[1]["optimizer"] = "sgd";
  all[1]["activation"] = "tanh";
  all[2]["optimizer"] = "adamw";
  all[2]["activation"] = "gelu";
  all[2]["warmup_epochs"] = 1.5;
  all[2]["weight_decay"] = 0.1;
  return all;
}

/// Two attempts: one that is stopped after step `stop`, and one that goes on from its checkpoint.
void check_resumed(const core::Json& config, std::uint64_t stop, const Told& whole) {
  const TemporaryFolder folder;
  Bench first, second;
  first.config = second.config = config;
  first.folder = second.folder = folder.path();
  first.keep_best = second.keep_best = 2;
  first.stop_after = stop;
  REQUIRE(first.start().run() == trainer::Ending::kInterrupted);
  REQUIRE(second.start(first.newest("last")).run() == trainer::Ending::kFinished);
  Told both = first.told();
  REQUIRE(both.fingerprints.size() == stop);
  REQUIRE(second.told().fingerprints.begin()->first == stop + 1);
  for (const protocol::Event& event : second.events) both.add(event);
  REQUIRE(both == whole);
}

}  // namespace

TEST_CASE("a training with every option goes on at fifty random steps as if it never had been stopped") {
  std::vector<core::Json> all(4, small_config());
  all[0].update({{"optimizer", "rmsprop"}, {"clip_norm", 0.5}, {"noise", 0.2}, {"label_smoothing", 0.1}});
  all[0].update({{"schedule", "onecycle"}, {"momentum", 0.5}, {"top5", true}, {"epochs", 5}});
  all[1].update({{"optimizer", "lion"}, {"drop_last", true}, {"schedule", "step"}, {"step_size_epochs", 0.7}});
  all[1].update({{"learning_rate", 0.2}, {"patience", 2}, {"epochs", 40}, {"clip_norm", 1}});
  all[2].update({{"optimizer", "sgd"}, {"nesterov", true}, {"schedule", "linear"}, {"warmup_epochs", 0.3}});
  all[3].update({{"optimizer", "adamw"}, {"patience", 1}, {"learning_rate", 0.3}, {"epochs", 40}, {"noise", 1}});
  std::uint64_t stopped_early = 0;
  std::vector<Told> whole;
  for (const core::Json& config : all) {
    whole.push_back(uninterrupted(config));
    stopped_early += whole.back().finished.find("stopped_early") != std::string::npos;
  }
  CHECK(stopped_early == 2);
  for (std::uint32_t draw = 0; draw < 50; ++draw) {
    const Told& one = whole[draw % 4];
    const std::uint32_t word = core::random_bits(5, core::Purpose::kNoise, 0, draw, 0).word[0];
    const std::uint64_t stop = 1 + word % (one.fingerprints.size() - 1);
    INFO(all[draw % 4].dump() << " stopped after step " << stop);
    check_resumed(all[draw % 4], stop, one);
  }
}

TEST_CASE("a training stopped after any step goes on as if it never had been") {
  for (const core::Json& config : configurations()) {
    const Told whole = uninterrupted(config);
    for (std::uint64_t stop = 1; stop < 36; ++stop) {
      const TemporaryFolder folder;
      Bench first;
      first.config = config;
      first.folder = folder.path();
      first.stop_after = stop;
      REQUIRE(first.start().run() == trainer::Ending::kInterrupted);
      REQUIRE(first.newest("last") == "last-" + std::to_string(stop) + ".safetensors");

      Bench second;
      second.config = config;
      second.folder = folder.path();
      REQUIRE(second.start(first.newest("last")).run() == trainer::Ending::kFinished);
      Told both = first.told();
      REQUIRE(both.fingerprints.size() == stop);
      REQUIRE(second.told().fingerprints.begin()->first == stop + 1);
      for (const protocol::Event& event : second.events) both.add(event);
      REQUIRE(both == whole);
    }
  }
}

TEST_CASE("a training that is stopped after each single step reaches the same end") {
  const TemporaryFolder folder;
  Told told;
  std::string checkpoint;
  std::string best;
  for (int attempt = 0; attempt < 36; ++attempt) {
    Bench bench;
    bench.folder = folder.path();
    bench.stop_after = 1;
    const trainer::Ending ending = bench.start(checkpoint).run();
    CHECK((ending == trainer::Ending::kFinished) == (attempt == 35));
    for (const protocol::Event& event : bench.events) told.add(event);
    checkpoint = bench.newest("last");
    if (!bench.newest("best").empty()) best = bench.newest("best");
  }
  CHECK(told == uninterrupted(small_config()));

  const TemporaryFolder other;
  Bench whole;
  whole.folder = other.path();
  whole.start().run();
  CHECK(best == whole.newest("best"));
  CHECK(trainer::decode_checkpoint(core::read_file(folder.path() / best), "").tensors ==
        trainer::decode_checkpoint(core::read_file(other.path() / best), "").tensors);
}

TEST_CASE("a diverging training diverges at the same step when it was interrupted before") {
  core::Json config = small_config();
  config["optimizer"] = "sgd";
  config["learning_rate"] = 1000;
  const Told whole = uninterrupted(config);
  REQUIRE(whole.finished.find("diverged") != std::string::npos);
  for (const std::uint64_t stop : {1u, 3u, 7u, 11u}) {
    const TemporaryFolder folder;
    Bench first, second;
    first.config = second.config = config;
    first.folder = second.folder = folder.path();
    first.stop_after = stop;
    REQUIRE(first.start().run() == trainer::Ending::kInterrupted);
    second.start(first.newest("last")).run();
    Told both = first.told();
    for (const protocol::Event& event : second.events) both.add(event);
    CHECK(both == whole);
  }
}

TEST_CASE("a checkpoint is written when thirty seconds have passed, and changes nothing else") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.seconds_a_look = 3;
  bench.start().run();
  int last = 0;
  for (const protocol::Event& event : bench.events)
    if (const auto* c = std::get_if<protocol::Checkpoint>(&event.body)) last += c->kind == "last";
  CHECK(last == 3);
  CHECK(bench.told() == uninterrupted(small_config()));
}

TEST_CASE("a stop before the first step writes nothing") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.stop_after = 0;
  CHECK(bench.start().run() == trainer::Ending::kInterrupted);
  CHECK(bench.events.empty());
}

TEST_CASE("the event of a checkpoint comes after everything up to its step") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.stop_after = 17;
  bench.start().run();
  REQUIRE(bench.events.size() >= 4);
  CHECK(std::get<protocol::Trace>(bench.events[bench.events.size() - 3].body).to == 17);
  CHECK(std::get<protocol::Checkpoint>(bench.events[bench.events.size() - 2].body).kind == "best");
  CHECK(std::get<protocol::Checkpoint>(bench.events.back().body).kind == "last");
}

TEST_CASE("a checkpoint of another network is refused") {
  const TemporaryFolder folder;
  Bench first;
  first.folder = folder.path();
  first.stop_after = 2;
  first.start().run();
  trainer::CheckpointState state =
      trainer::decode_checkpoint(core::read_file(folder.path() / first.newest("last")), "here");
  Bench second;
  second.config["hidden"] = {16, 10};
  CHECK(message_of([&] { second.start().restore(state, "here"); }) ==
        "here: its tensors or step are not those of this trial's network");
}
