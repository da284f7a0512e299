// importance and diff on sweeps that really ran.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

using core::Json;

namespace {

constexpr char kGrid[] = R"({"method": "grid", "name": "own", "metric": {"name": "loss", "goal": "minimize"},
  "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1, 2, 5]}, "y": {"values": ["a", "b", "c"]}}})";

}  // namespace

TEST_CASE("importance says which parameter decides, of a sweep that ran, the same each time") {
  const Shop shop(kScript, kGrid);
  REQUIRE(shop.sweep("run sweep.json --slots 1").code == 0);
  const Said said = shop.sweep("importance");
  CHECK(said.code == 0);
  CHECK(said.err.empty());
  CHECK(has(said.out, " 'own': what loss depends on\n12 ranked trials; functional ANOVA of 64 trees"));
  CHECK(shop.sweep("importance own").out == said.out);
  const Json json = core::parse_json(shop.sweep("importance --pairs --json").out, "importance");
  REQUIRE(json["parameters"].size() == 2);
  CHECK(json["parameters"][0]["name"] == "x");
  CHECK(json["parameters"][0]["importance"].get<double>() > 0.9);
  CHECK(json["parameters"][0]["effects"][1]["best"] == 1.25);
  CHECK(json["parameters"][0]["best_effect"] == 1);
  CHECK(json["pairs"].size() == 1);
}

TEST_CASE("importance is asked of another metric that the trials reported, and says so") {
  // The loss follows x, the size y.
  const Shop shop(R"(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; --y=*) y=${argument#*=} ;; esac; done
case $y in a) size=10 ;; b) size=20 ;; *) size=40 ;; esac
echo "step=1 loss=$x.5 size=$size"
)",
                  kGrid);
  REQUIRE(shop.sweep("run sweep.json --slots 1").code == 0);
  const auto first = [&](const std::string& flags) {
    return core::parse_json(shop.sweep("importance --json" + flags).out, "importance")["parameters"][0]["name"];
  };
  CHECK(first("") == "x");
  CHECK(first(" --metric size:minimize") == "y");
  CHECK(has(shop.sweep("importance --metric size:maximize").out, ": what size depends on\n12 ranked trials; "));
  const Said unknown = shop.sweep("importance --metric sice:minimize");
  CHECK(unknown.code == 2);
  CHECK(unknown.err == "--metric: no trial reported 'sice', did you mean 'size'?\n");
}

TEST_CASE("of a sweep with few trials or none importance says that it is too little") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json --slots 1").code == 0);
  const Said said = shop.sweep("importance");
  CHECK(said.code == 0);
  CHECK(has(said.out, "nothing can be said: only 3 of the trials have a rank, and it takes 8\n"));
  CHECK(shop.sweep("importance onw").err == "onw: no such sweep, did you mean 'own'?\n");
}

TEST_CASE("diff shows what differs of two trials: configuration, result, metrics, fingerprints") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  const Said said = place.sweep("diff '#0' '#1'");
  INFO(said.out);
  CHECK(said.code == 0);
  CHECK(said.out.starts_with("left   trial " + ids[0] + ", #0 of sweep "));
  CHECK(has(said.out, "\nconfiguration\n"));
  CHECK(has(said.out, "  learning_rate  "));
  CHECK(has(said.out, " values differ, the first at step "));
  CHECK(has(said.out, "  the first difference is at step 1: "));
  const Json json = core::parse_json(place.sweep("diff " + ids[0] + " " + ids[1] + " --json").out, "diff");
  CHECK(json["sections"]["fingerprints"]["different"].get<int>() > 0);
  CHECK(json["sections"]["metrics"]["first"]["step"].get<int>() > 0);
  const Said same = place.sweep("diff '#0' " + ids[0]);
  CHECK(has(same.out,
            "\nthe same on both sides: configuration; seed, trainer, data and numerics; environment; result; all "));
  CHECK(has(same.out, " values of metrics; the fingerprints of "));
}

TEST_CASE("diff shows two sweeps side by side, and their shared trials") {
  const Shop shop;
  // Before anything runs: what lies in the folder is part of the program.
  shop.write("more.json", std::string(kSweep)
                              .replace(std::string(kSweep).find("\"own\""), 5, "\"two\"")
                              .replace(std::string(kSweep).find("[3, 1, 2]"), 9, "[3, 1, 4]"));
  REQUIRE(shop.sweep("run sweep.json --slots 1").code == 0);
  REQUIRE(shop.sweep("run more.json --slots 1").code == 0);
  const Said said = shop.sweep("diff own two");
  INFO(said.out);
  CHECK(said.code == 0);
  CHECK(has(said.out, "\nfile\n"));
  CHECK(has(said.out, "\nshared trials\n  2 trials in both, 0 with another result\n"));
  CHECK(said.out.ends_with("\nthe same on both sides: trainer, data and numerics; result\n"));
  const Json json = core::parse_json(shop.sweep("diff own last --json").out, "diff");
  CHECK(json["sections"]["shared trials"]["shared"] == 2);
  const Said mixed = shop.sweep("diff own best");
  CHECK(mixed.code == 2);
  CHECK(mixed.err == "diff: 'own' is a sweep and 'best' is none, name two trials or two sweeps\n");
  const Said trials = shop.sweep("diff '#0' '#0' --sweep own --other-sweep two");
  CHECK(has(trials.out, "right  trial "));
  CHECK(has(trials.out, " 'two'\n"));
}
