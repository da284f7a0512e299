// sweep show: why a trial is as it is.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace {

using core::Json;

Json why(const Shop& shop, const std::string& trial) {
  return core::parse_json(shop.sweep("show '" + trial + "' --json").out, "show").at("why");
}

}  // namespace

TEST_CASE("of a ranked trial show says its point of the grid, its seed, its rank, its neighbours and the rule") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const Json second = why(shop, "#2");
  CHECK(second.at("point").at("text") == "grid: point 2 of 3");
  CHECK(second.at("point").at("parameters").at("x") ==
        Json{{"distribution", "categorical"}, {"how", "digit"}, {"digit", 2}, {"count", "3"}});
  CHECK(second.at("rank") ==
        "rank 2 of 3 with 2.25: loss minimized by its best value, ties by index; behind #1 (1.25), before #0 (3.25)");
  CHECK(second.at("state") == "completed: ran to its end");
  CHECK(second.at("reuse").is_null());
  CHECK(second.at("printed") == Json{{"stdout", Json::array()}, {"stderr", Json::array()}});
  const std::string seed = core::canonical_json(shop.trial(2).at("seed"));
  CHECK(second.at("seed") == seed + ": from the sweep's seed 0 and the configuration");
  const std::string text = shop.sweep("show '#2'").out;
  CHECK(has(text, "\nwhy\n  point     grid: point 2 of 3\n            x value number 2 of 3, from 0\n  seed      "));
  CHECK(has(text, "\n  rank      rank 2 of 3 with 2.25: "));
}

TEST_CASE("equal values rank by index, and show says so") {
  const Shop shop("#!/bin/sh\necho loss=1\n");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(
      why(shop, "#1").at("rank") ==
      "rank 2 of 3 with 1.0: loss minimized by its best value, ties by index; behind #0 (1.0), before #2 (1.0); equal "
      "values stand in the order of their indices");
}

TEST_CASE("of a failed trial show says how it ended, what it printed last, and that it has no rank") {
  const Shop shop("#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done\necho no such thing >&2\nexit 3\n");
  CHECK(shop.sweep("run sweep.json").code == 1);
  const Json failed = why(shop, "#0");
  CHECK(failed.at("state") == "failed: ended with an error; exit code 3: no such thing");
  CHECK(failed.at("rank") == "no rank: it ended failed, which is never ranked");
  CHECK(failed.at("printed").at("stderr") == Json::array({"no such thing"}));
  CHECK(failed.at("printed").at("stdout").size() == 8);
  CHECK(failed.at("printed").at("stdout").back() == "line 10");
}

TEST_CASE("of a trial that was tried again show gives each attempt's reason") {
  const Shop shop("#!/bin/sh\necho loss=1\nkill -9 $$\n");
  CHECK(shop.sweep("run sweep.json --slots 1").code == 1);
  const Json shown = core::parse_json(shop.sweep("show '#0' --json").out, "show");
  REQUIRE(shown.at("attempts").size() == 2);
  CHECK(shown.at("attempts").at(0).at("reason") == "next in order");
  CHECK(shown.at("attempts").at(1).at("reason") ==
        "killed, try 2 of 2; starts from the beginning, there is no checkpoint");
  CHECK(shown.at("why").at("rank") == "no rank: it ended killed, which is the machine's doing and no result");
  CHECK(has(shop.sweep("show '#0'").out, "why: killed, try 2 of 2; "));
}

TEST_CASE("of a trial that waits show says for what, also of one that is not planned yet") {
  // The first trial looks at itself and at others while it runs, and ends the sweep.
  const Shop shop(
      "#!/bin/sh\nfor i in 0 1 299; do $PROGRAM show \"#$i\" --json >show$i.json 2>&1; done\n"
      "$PROGRAM stop --no-wait >/dev/null\necho loss=1\n",
      R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "command": ["./train.sh"],
    "parameters": {"x": {"distribution": "int_uniform", "min": 1, "max": 300}}})");
  const Said said = shop.sweep("run sweep.json --slots 1", "PROGRAM=" + std::string(SWEEP_BINARY_DIR) + "/bin/sweep");
  CHECK(said.code == 143);
  const auto state = [&](const std::string& file) {
    return core::parse_json(shop.read(file), "show").at("why").at("state").get<std::string>();
  };
  CHECK(state("show0.json") == "runs now, attempt 0 in slot cpu:0: next in order");
  CHECK(state("show1.json") == "waits for a free slot: 1 run, 0 wait before it");
  const std::string unplanned = state("show299.json");
  const bool planned_more = unplanned.starts_with("not planned yet (264 of 300 are)");  // where a processor is free
  CHECK((planned_more || unplanned.starts_with("not planned yet (256 of 300 are)")));
  CHECK(unplanned.ends_with(": trials are planned in their order as slots come free"));
  const Json later = core::parse_json(shop.sweep("show '#299' --json").out, "show");
  const Json plan = core::parse_json(shop.sweep("plan sweep.json --format json --from 299").out, "plan");
  CHECK(later.at("trial") == plan.at("trials").at(0).at("trial"));
  CHECK(later.at("config") == plan.at("trials").at(0).at("config"));
  const std::string stopped = why(shop, "#1").at("state");
  CHECK(stopped.starts_with("waits: the sweep does not run now (paused), `sweep resume "));
  CHECK(why(shop, "#1").at("rank") == "no rank yet: it has not ended");
  CHECK(why(shop, "#299").at("rank") == "no rank yet: it is not planned");
}

TEST_CASE("with repeats show says which replicate it is, and which one took the rank from its configuration") {
  const Shop shop("#!/bin/sh\n[ $SWEEP_TRIAL_INDEX = 1 ] && exit 3\necho loss=$SWEEP_TRIAL_INDEX\n",
                  R"({"method": "random", "repeats": 2, "run_cap": 2, "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./train.sh"], "parameters": {"x": {"min": 0.0, "max": 1.0}}})");
  CHECK(shop.sweep("run sweep.json --slots 1").code == 1);
  const Json first = why(shop, "#0");
  CHECK(
      first.at("point").at("text") ==
      "random search under seed 0: draw 0 of 2; replicate 0 of 2: the same configuration under another training seed");
  CHECK(first.at("point").at("parameters").at("x").at("how") == "quantile");
  CHECK(first.at("rank") == "no rank: replicate #1 ended failed, and a configuration is ranked whole or not at all");
  CHECK(why(shop, "#3").at("rank") ==
        "rank 1 of 1 with 2.5: the mean of loss minimized by its best value, ties by index");
}
