// sweep run --audit and sweep replay --all: what they replay, what they say, and what they leave alone.
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

using core::Json;

namespace {

// Prints another loss each time that it runs, without a change of its sources.
constexpr char kRestless[] = R"(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; esac; done
echo "step=1 loss=$x.5"
echo "step=2 loss=$x.$$"
)";

constexpr char kFourOfThem[] = R"({"method": "grid", "name": "own", "metric": {"name": "loss", "goal": "minimize"},
  "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1, 2, 4]}}})";

std::size_t replays(const Workplace& place, int index) {
  const Said said = place.sweep("show '#" + std::to_string(index) + "' --json");
  return core::parse_json(said.out, "show").at("replays").size();
}

std::vector<int> replayed_trials(const Workplace& place, int trials) {
  std::vector<int> found;
  for (int i = 0; i < trials; ++i)
    if (replays(place, i) > 0) found.push_back(i);
  return found;
}

}  // namespace

TEST_CASE("a whole sweep is replayed in its slots, and the table says that every trial is identical") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  const std::string before = place.sweep("report --format csv").out;
  const Said said = place.sweep("replay --all --slots 2");
  INFO(said.out + said.err);
  CHECK(said.code == 0);
  CHECK(has(said.out, "trial             index  verdict    on"));
  for (const std::string& id : ids) CHECK(has(said.out, id));
  CHECK(has(said.out, "\n2 trials replayed: 2 identical\n"));
  CHECK(has(said.err, " identical in "));
  CHECK(place.sweep("report --format csv").out == before);
  for (const std::string& id : ids)
    CHECK_FALSE(std::filesystem::exists(place.path() / "runs/trials" / id / "replay-0"));

  const Said json = place.sweep("replay --all --sample 1 --json");
  CHECK(json.code == 0);
  const Json table = core::parse_json(json.out, "table");
  CHECK(table["trials"].size() == 1);
  CHECK(table["counts"]["identical"] == 1);
  CHECK(core::parse_json(place.sweep("replay --all --sample 1 --json").out, "table")["trials"][0]["trial"] ==
        table["trials"][0]["trial"]);
}

TEST_CASE("of a sweep with one trial that differs the table names it, and the exit code is 3") {
  const Shop shop(kScript, kFourOfThem);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  std::string line = shop.event_line("metric", 2);
  line.replace(line.find("2.5"), 3, "2.75");
  shop.set_event_line("metric", 2, line);
  const Said said = shop.sweep("replay --all");
  INFO(said.out + said.err);
  CHECK(said.code == 3);
  CHECK(has(said.out,
            "step 1: metric loss: recorded 2.75 (0x1.6p+1), replayed 2.5 (0x1.4p+1), 562949953421312 ulp "
            "apart\n"));
  CHECK(has(said.out, "4 trials replayed: 3 identical, 1 different\n"));
  const Said report = shop.sweep("report");
  CHECK(has(report.err, "(#2) replayed as different on cpu: step 1: metric loss: "));
  CHECK_FALSE(has(report.err, "later replays"));
}

TEST_CASE("a later replay that is identical takes no finding back, and is counted beside it") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string right = shop.event_line("metric", 2);
  std::string wrong = right;
  wrong.replace(wrong.find("2.5"), 3, "2.75");
  shop.set_event_line("metric", 2, wrong);
  REQUIRE(shop.sweep("replay '#2'").code == 3);
  shop.set_event_line("metric", 2, right);
  REQUIRE(shop.sweep("replay '#2'").code == 0);
  REQUIRE(shop.sweep("replay '#2'").code == 0);
  const auto found = [&] {
    return core::parse_json(shop.sweep("report --json").out, "report").at("sweep").at("differing_replays").at(0);
  };
  CHECK(has(shop.sweep("report").err, "(#2) replayed as different on cpu (1 of 3 replays): step 1: metric loss: "));
  CHECK(has(shop.sweep("report").err, "; later replays: 2 identical\n"));
  CHECK(found().at("identical_since") == 2);
  shop.set_event_line("metric", 2, wrong);
  REQUIRE(shop.sweep("replay '#2'").code == 3);
  CHECK(found().at("identical_since") == 0);
  CHECK(found().at("differing") == 2);
}

TEST_CASE("replay wants a trial or a whole sweep, and says which flags go with which") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  Said said = shop.sweep("replay");
  CHECK(said.code == 2);
  CHECK(has(said.err, "TRIAL: is missing, name a trial, or replay the whole sweep with --all"));
  said = shop.sweep("replay best --all --sample 2");
  CHECK(said.code == 2);
  CHECK(has(said.err, "--sample: is of a whole sweep, leave out TRIAL, and give --all"));
  CHECK(shop.sweep("replay --sample 2").code == 2);
  CHECK(shop.sweep("replay best --slots 2").code == 2);
  said = shop.sweep("replay best --trainer /bin/true");
  CHECK(said.code == 2);
  CHECK(said.err == "--trainer: the sweep is of a program of your own, leave the flag out\n");
  CHECK(shop.sweep("replay best --all").code == 0);
  CHECK(shop.sweep("replay best --all-differences").code == 0);
  said = shop.sweep("run sweep.json --audit 5");
  CHECK(said.code == 2);
  CHECK(has(said.err, "'5' is not a number above 0 and up to 1"));
}

TEST_CASE("an audit replays a share of the trials, always the same ones, once, and changes no byte of the table") {
  const Shop plain(kScript, kFourOfThem), shop(kScript, kFourOfThem);
  REQUIRE(plain.sweep("run sweep.json --slots 2").code == 0);
  const Said said = shop.sweep("run sweep.json --slots 2 --audit 0.5");
  INFO(said.err);
  CHECK(said.code == 0);
  CHECK(has(said.err, "audit: 2 trials replayed: 2 identical\n"));
  CHECK(shop.csv() == plain.csv());
  CHECK_FALSE(std::filesystem::exists(shop.path() / "runs/audits"));
  const std::vector<int> audited = replayed_trials(shop, 4);
  CHECK(audited.size() == 2);

  const Said again = shop.sweep("run sweep.json --audit 0.5");
  CHECK(again.code == 0);
  CHECK(has(again.err, "is finished, nothing to run"));
  for (const int index : audited) CHECK(replays(shop, index) == 1);

  // A larger share: the rest of it is done on the finished sweep.
  const Said more = shop.sweep("run sweep.json --audit 1");
  CHECK(more.code == 0);
  CHECK(has(more.err, "is finished, its audit goes on"));
  CHECK(replayed_trials(shop, 4).size() == 4);
  for (const int index : audited) CHECK(replays(shop, index) == 1);
  CHECK(shop.csv() == plain.csv());
}

TEST_CASE("an audit replays results that another sweep made, against the record there, and not twice") {
  std::string turned = kFourOfThem;
  turned.insert(1, "\"reuse\": true, ");
  const Shop shop(kScript, turned);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  turned.replace(turned.find("[3, 1, 2, 4]"), 12, "[4, 2, 1, 3]");
  shop.write("turned.json", turned);
  const Said said = shop.sweep("run turned.json --audit 0.25");
  INFO(said.err);
  CHECK(said.code == 0);
  CHECK(has(said.out, "4 trials were known from sweep "));
  CHECK(has(said.err, "audit: 1 trial replayed: 1 identical\n"));
  CHECK(replayed_trials(shop, 4).size() == 1);
  CHECK(has(shop.sweep("run turned.json --audit 0.25").err, "is finished, nothing to run"));
  CHECK(has(shop.sweep("run turned.json --audit 1").err, "audit: 3 trials replayed: 3 identical\n"));
}

TEST_CASE("an audit replays at least one trial, also where the sweep ended before any of the sample") {
  std::string ends_at_once = kFourOfThem;
  ends_at_once.replace(ends_at_once.find("\"minimize\""), 10, "\"minimize\", \"target\": 9");
  for (const char* seed : {"1", "2", "3"}) {  // whose samples are different trials
    const Shop shop(kScript, ends_at_once);
    const std::string run = std::string("run sweep.json --slots 1 --audit 0.25 --seed ") + seed;
    const Said said = shop.sweep(run);
    INFO(said.err);
    CHECK(said.code == 0);
    CHECK(has(said.err, "audit: 1 trial replayed: 1 identical\n"));
    CHECK(replays(shop, 0) == 1);
    CHECK(has(shop.sweep(run).err, "is finished, nothing to run"));
  }
}

TEST_CASE("a difference that an audit finds is kept, shown everywhere, and makes the exit code 3") {
  const Shop shop(kRestless, kFourOfThem);
  const Said said = shop.sweep("run sweep.json --slots 2 --audit 0.25");
  INFO(said.err);
  CHECK(said.code == 3);
  CHECK(has(said.err, " different in "));
  CHECK(has(said.err, "finding: trial "));
  CHECK(has(said.err, "audit: 1 trial replayed: 1 different\n"));
  const std::vector<int> audited = replayed_trials(shop, 4);
  REQUIRE(audited.size() == 1);
  const Said report = shop.sweep("report");
  CHECK(report.code == 0);
  CHECK(has(report.err, "(#" + std::to_string(audited[0]) + ") replayed as different on cpu: step 2: metric loss: "));
  const Json json = core::parse_json(shop.sweep("report --json").out, "report");
  CHECK(json["sweep"]["differing_replays"][0]["index"] == audited[0]);
  const Said show = shop.sweep("show '#" + std::to_string(audited[0]) + "'");
  CHECK(has(show.out, "  different, by an audit: step 2: metric loss: recorded "));
  const Said again = shop.sweep("run sweep.json --audit 0.25");
  CHECK(again.code == 3);
  CHECK(has(again.err, "finding: trial "));
  CHECK(shop.sweep("run sweep.json").code == 0);  // who asks for no audit gets the sweep's own code
}
