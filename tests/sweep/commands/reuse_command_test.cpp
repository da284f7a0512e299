// What is known already does not run again, counted by the programs that run; and two results of one trial are a
// finding.
#include <algorithm>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace {

using core::Json;

constexpr char kCounting[] = R"sh(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; esac; done
echo run >>count
echo "step=1 loss=$x.5"
echo "step=2 loss=$x.$(cat digits)"
)sh";

// Sweeps over x; how often their program ran is in `count`, and what it prints depends on `digits`, of which a trial's
// identity knows nothing.
struct Counting : Shop {
  explicit Counting(bool reuse = true) : Shop(kCounting), reuse_(reuse) {
    write("digits", "25");
    write("count", "");
  }
  // Writes the sweep file; `parameters` of a grid, or of random search.
  void sweep_over(const std::string& parameters, const std::string& more = "", const char* goal = "minimize") const {
    write("sweep.json", std::string(R"({"metric": {"name": "loss", "goal": ")") + goal + R"("}, "reuse": )" +
                            (reuse_ ? "true" : "false") + R"(, "command": ["./train.sh", "${args}"], )" + more +
                            R"("parameters": {)" + parameters + "}}");
  }
  std::size_t runs() const {
    const std::string text = read("count");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  Json plan(const std::string& flags = "") const {
    return core::parse_json(sweep("plan sweep.json --format json " + flags).out, "plan");
  }
  std::string id() const { return core::parse_json(sweep("report --json").out, "report").at("sweep").at("id"); }

 private:
  bool reuse_;
};

constexpr char kGrid[] = R"("method": "grid", )";

}  // namespace

TEST_CASE("of an enlarged grid only the new points run, and plan and report say which are known and from where") {
  const Counting shop;
  shop.sweep_over(R"("x": {"values": [3, 1]})", kGrid);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  REQUIRE(shop.runs() == 2);
  const std::string first = shop.id();
  shop.sweep_over(R"("x": {"values": [3, 1, 2, 4]})", kGrid);
  const Json plan = shop.plan();
  CHECK(plan.at("counts").at("known") == 2);
  CHECK(plan.at("counts").at("run") == 2);
  CHECK(plan.at("trials").at(1).at("state") == "known from " + first);
  CHECK(plan.at("trials").at(2).at("state") == "new");
  CHECK(has(shop.sweep("plan sweep.json").out, "\n2 of 4 trials would run: 2 are known from other sweeps\n"));
  const Said said = shop.sweep("run sweep.json");
  CHECK(said.code == 0);
  CHECK(shop.runs() == 4);
  CHECK(has(said.out, "\n2 trials were known from sweep " + first + " and did not run here\n"));
  CHECK(shop.trial(0).at("reused_from") == first);
  CHECK(!shop.trial(2).contains("reused_from"));
  CHECK(has(shop.sweep("report --columns index,reused_from").out, first));
  CHECK(has(shop.sweep("show '#0'").out, "known from sweep " + first + " (#0), where it ran: not run here"));
  CHECK(has(shop.sweep("show '#0' --sweep " + first).out, "took the result from here"));
  CHECK(shop.plan().at("counts").at("ended") == 4);
}

TEST_CASE("of a larger run_cap only the new draws run") {
  const Counting shop;
  const std::string space = R"("x": {"min": 1, "max": 1000000}, "y": {"distribution": "normal"})";
  shop.sweep_over(space, R"("method": "random", "run_cap": 3, )");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  shop.sweep_over(space, R"("method": "random", "run_cap": 5, )");
  CHECK(shop.plan().at("counts").at("run") == 2);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(shop.runs() == 5);
}

TEST_CASE("another sweep over the same points runs nothing, and judges what is known by its own metric") {
  const Counting shop;
  shop.sweep_over(R"("x": {"values": [3, 1, 2]})", kGrid);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  shop.sweep_over(R"("x": {"values": [3, 1, 2]})", kGrid, "maximize");
  CHECK(shop.plan().at("counts").at("run") == 0);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(shop.runs() == 3);
  CHECK(core::parse_json(shop.sweep("report --json").out, "report").at("trials")[0].at("value") == 3.5);
}

TEST_CASE("the flag --fresh runs all of them again, and so does a program that did not say reuse") {
  for (const bool reuse : {true, false}) {
    const Counting shop(reuse);
    shop.sweep_over(R"("x": {"values": [3, 1]})", kGrid);
    REQUIRE(shop.sweep("run sweep.json").code == 0);
    shop.sweep_over(R"("x": {"values": [3, 1, 2]})", kGrid);
    const std::string flag = reuse ? " --fresh" : "";
    const Json plan = shop.plan(flag);
    CHECK(plan.at("counts").at("run") == 3);
    CHECK(plan.at("counts").at("ran_elsewhere") == 2);
    CHECK(plan.at("trials").at(0).at("state") == "new");
    CHECK(has(shop.sweep("run --dry-run sweep.json" + flag).out, "2 of them ran in another sweep before: "));
    const Said said = shop.sweep("run sweep.json" + flag);
    CHECK(said.code == 0);
    CHECK(shop.runs() == 5);
    CHECK(!has(said.err, "finding"));
  }
}

TEST_CASE("a trial that gave two results is a finding at the end of the run, in report and in show, and stays two") {
  for (const bool reuse : {true, false}) {
    const Counting shop(reuse);
    shop.sweep_over(R"("x": {"values": [3, 1]})", kGrid);
    REQUIRE(shop.sweep("run sweep.json").code == 0);
    const std::string first = shop.id();
    shop.write("digits", "125");
    shop.sweep_over(R"("x": {"values": [1, 2]})", kGrid);
    const Said said = shop.sweep(std::string("run sweep.json") + (reuse ? " --fresh" : ""));
    CHECK(said.code == 0);
    const std::string second = shop.id();
    REQUIRE(first != second);
    const std::string trial = shop.trial(0).at("trial");
    const std::string finding = "finding: trial " + trial +
                                " gave two results: metric loss at step 2 is 1.125 in sweep " + second +
                                " (#0) and 1.25 in sweep " + first + " (#1)\n";
    CHECK(has(said.err, finding));
    CHECK(shop.sweep("report").err == finding);
    CHECK(shop.trial(0).at("value") == 1.125);
    const std::string there = shop.sweep("report " + first).err;
    CHECK(has(there, "is 1.25 in sweep " + first + " (#1) and 1.125 in sweep " + second + " (#0)\n"));
    CHECK(core::parse_json(shop.sweep("report --json " + first).out, "report")
              .at("sweep")
              .at("disagreements")
              .at(0)
              .at("what") == "metric loss at step 2");
    CHECK(has(shop.sweep("show '#0'").out, "\n  finding   trial " + trial + " gave two results: "));
    CHECK(core::parse_json(shop.sweep("show '#0' --json").out, "show").at("why").at("disagreements").size() == 1);
    CHECK(core::parse_json(shop.sweep("show '#1' --json").out, "show").at("why").at("disagreements").empty());
  }
}
