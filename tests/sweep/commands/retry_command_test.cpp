// sweep retry, the guard and max_failures, as a user meets them.
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace {

// Fails while ./broken is there.
constexpr char kMendable[] = R"(#!/bin/sh
if [ -e broken ]; then echo "no such module" >&2; exit 1; fi
echo loss=$SWEEP_TRIAL_INDEX.5
)";

std::string eight(const std::string& resources = "") {
  return R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "command": ["./train.sh"],
    "resources": {)" +
         resources + R"(}, "parameters": {"x": {"values": [1, 2, 3, 4, 5, 6, 7, 8]}}})";
}

std::string id_of(const Shop& shop) {
  return core::parse_json(shop.sweep("list --json").out, "list").at("sweeps")[0].at("id");
}

}  // namespace

TEST_CASE("five failures alike pause a sweep with the command that goes on, and after that it is as if nothing was") {
  const Shop whole(kMendable, eight());
  CHECK(whole.sweep("run sweep.json").code == 0);
  const Shop shop(kMendable, eight());
  shop.write("broken", "");
  const Said paused = shop.sweep("run sweep.json --slots 1");
  CHECK(paused.code == 5);
  CHECK(has(paused.err,
            "guard: the first 5 trials all ended failed in the same way, so no other was started: exit code 1: no such "
            "module\nmend that and go on with `sweep retry " +
                id_of(shop) + "`; with --no-guard the sweep goes on as it is\n"));
  CHECK(shop.sweep("resume").code == 5);
  CHECK(std::filesystem::remove(shop.path() / "broken"));
  const Said mended = shop.sweep("retry");
  CHECK(mended.code == 0);
  CHECK(has(mended.err, "5 trials will be tried again\n"));
  CHECK(shop.csv() == whole.csv());
}

TEST_CASE("with --no-guard a sweep goes on, and its failed trials can be chosen for a retry") {
  const Shop shop(kMendable, eight());
  shop.write("broken", "");
  CHECK(shop.sweep("run sweep.json --no-guard").code == 1);
  const Said again = shop.sweep("run sweep.json");
  CHECK(again.code == 1);
  CHECK(has(again.err, "trials that did not complete keep their outcome; `sweep retry " + id_of(shop) +
                           "` runs those that failed again\n"));
  CHECK(std::filesystem::remove(shop.path() / "broken"));
  CHECK(has(shop.sweep("retry --outcome stalled").err, "no such trial has ended, so none is tried again\n"));
  CHECK(shop.sweep("retry '#6' '#7'").code == 1);
  CHECK(shop.trial(6).at("outcome") == "completed");
  CHECK(shop.trial(5).at("outcome") == "failed");
  CHECK(shop.sweep("retry " + id_of(shop).substr(0, 8) + " --outcome failed").code == 0);
  const Said wrong = shop.sweep("retry --outcome faild");
  CHECK(wrong.code == 2);
  CHECK(wrong.err == "--outcome: 'faild' is no outcome, did you mean 'failed'?\n");
}

TEST_CASE("max_failures ends a sweep with exit code 5, and a retry lifts that end") {
  const Shop shop(kMendable, eight(R"("max_failures": 2)"));
  shop.write("broken", "");
  const Said ended = shop.sweep("run sweep.json");
  CHECK(ended.code == 5);
  CHECK(has(ended.out, "ended at trial #1: so many trials without a result are too many (max_failures 2)\n"));
  CHECK(has(ended.err,
            "max_failures: trial #1 is number 2 without a result, which ends the sweep; mend that and go on "
            "with `sweep retry " +
                id_of(shop) + "`\n"));
  CHECK(shop.sweep("run sweep.json").code == 5);
  const core::Json head = core::parse_json(shop.sweep("report --json").out, "report").at("sweep");
  CHECK(head.at("max_failures") == 2);
  CHECK(head.at("ended_at") == 1);
  CHECK(std::filesystem::remove(shop.path() / "broken"));
  CHECK(shop.sweep("retry").code == 0);
}
