// What a controller with many trials leaves on the disk and holds open while it runs: nothing a trial. And the report
// of so many that their events are not all read.
#include <filesystem>
#include <set>

#include "core/json.h"
#include "sweep/store/store.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"
#include "tests/sweep/study/events.h"

namespace {

namespace fs = std::filesystem;

std::string many(int trials) {
  return R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "keep": {"last": "none", "best": 0},
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"distribution": "int_uniform", "min": 1, "max": )" +
         std::to_string(trials) + "}}}";
}

// The trial says what its controller holds: of many looks the fewest, since what the last trial held is let go while
// this one begins. On a busy machine that may be later.
constexpr char kLooks[] = R"(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; esac; done
case $x in 300|900)
  fewest=1000000
  for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    set -- /proc/$PPID/fd/*
    [ $# -ge $fewest ] || fewest=$#
  done
  threads=$(grep Threads: /proc/$PPID/status)
  echo "{\"descriptors\": $fewest, \"threads\": ${threads##*[!0-9]}}" >held-$x ;;
esac
echo "loss=$x"
)";

}  // namespace

TEST_CASE("two hundred trials whose checkpoints are not kept leave no file but the store, locks and trainers") {
  const Shop shop(kScript, many(200));
  const Said said = shop.sweep("run sweep.json --slots 2");
  INFO(said.err);
  REQUIRE(said.code == 0);
  std::set<std::string> left;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(shop.path() / "runs"))
    if (!entry.is_directory()) left.insert(entry.path().lexically_relative(shop.path() / "runs").string());
  std::set<std::string> others;
  for (const std::string& file : left)
    if (!file.starts_with("sweeps.db") && !file.starts_with("locks/") && !file.starts_with("trainers/"))
      others.insert(file);
  CHECK(others == std::set<std::string>{});
  CHECK(left.size() <= 5);
}

TEST_CASE("a controller holds as many descriptors and threads after nine hundred trials as after three hundred") {
  const Shop shop(kLooks, many(1000));
  const Said said = shop.sweep("run sweep.json --slots 1 --quiet");
  INFO(said.err);
  REQUIRE(said.code == 0);
  const auto held = [&](const char* file) { return core::parse_json(shop.read(file), file); };
  constexpr int kOfOneTrial = 10;
  CHECK(held("held-900").at("descriptors") <= held("held-300").at("descriptors").get<int>() + kOfOneTrial);
  CHECK(held("held-900").at("threads") == held("held-300").at("threads"));
}

TEST_CASE("the CSV of more than two thousand trials is the one that all their events give") {
  constexpr std::uint64_t kTrials = 2100;
  const Workplace place;
  {
    sweep::SweepRecord record;
    record.id = "a1b2c3d4e5f60718";
    record.name = "many";
    record.file = "many.json";
    record.text = many(kTrials);
    record.text.replace(record.text.find("grid"), 4, "bayes");  // which only the flag lets pass
    record.overrides = {{"method", "grid"}};
    record.identity = {{"trainer", "t"}};
    record.method = "grid";
    record.metric = events::loss();
    record.trials = kTrials;
    sweep::Store store(place.path() / "runs", sweep::Store::Mode::kReadWrite);
    store.add_sweep(record);
    sweep::Study study(record.metric);
    std::vector<sweep::StudyEvent> all;
    for (std::uint64_t i = 0; i < kTrials; ++i) {
      sweep::TrialPlanned planned = i % 100 == 99 ? events::repeat(i, i - 99) : events::planned(i);
      planned.config = {{"x", i + 1}, {"text", i % 7 == 0 ? "a,b\n\"c\"" : "plain"}};
      all.push_back(planned);
    }
    for (std::uint64_t i = 0; i < kTrials; ++i) {
      if (i % 100 == 99) continue;
      const auto outcome = i % 50 == 13   ? protocol::Outcome::kDiverged
                           : i % 50 == 14 ? protocol::Outcome::kTimedOut
                                          : protocol::Outcome::kCompleted;
      all.push_back(events::ordered(i));
      all.push_back(events::metric(i, 0, 1, static_cast<double>(i * 7919 % 1000) / 64));
      all.push_back(events::metric(i, 0, 2, static_cast<double>(i * 104729 % 1000) / 64));
      sweep::AttemptEnded ended = events::ended(i, 0, outcome);
      ended.retries = 0;
      all.push_back(ended);
    }
    store.append(record.id, 1'700'000'000'000, all, study);
  }
  const Said csv = place.sweep("report --format csv");
  CHECK(csv.code == 0);
  CHECK(csv.out.starts_with("rank,trial,index,replicate,outcome,loss,epoch,step,text,x\n1,"));
  // --all reads every event; there is nothing more to list.
  const std::string whole = place.sweep("report --format csv --all").out;
  CHECK(whole.size() > 2100 * 30);
  CHECK(csv.out == whole);
  CHECK(place.sweep("report --format csv --top 5").out ==
        whole.substr(0, place.sweep("report --format csv --top 5").out.size()));
  const core::Json first = core::parse_json(place.sweep("report --json --top 3").out, "report");
  const core::Json every = core::parse_json(place.sweep("report --json --all").out, "report");
  for (std::size_t i = 0; i < 3; ++i) CHECK(first["trials"][i] == every["trials"][i]);
  CHECK(place.sweep("report --top 3").code == 0);
}
