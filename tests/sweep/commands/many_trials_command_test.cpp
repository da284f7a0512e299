// What a controller with many trials leaves on the disk and holds open while it runs: nothing a trial.
#include <filesystem>
#include <set>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

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
case $x in 100|900)
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

TEST_CASE("a controller holds as many descriptors and threads after nine hundred trials as after one hundred") {
  const Shop shop(kLooks, many(1000));
  const Said said = shop.sweep("run sweep.json --slots 1 --quiet");
  INFO(said.err);
  REQUIRE(said.code == 0);
  const auto held = [&](const char* file) { return core::parse_json(shop.read(file), file); };
  constexpr int kOfOneTrial = 10;
  CHECK(held("held-900").at("descriptors") <= held("held-100").at("descriptors").get<int>() + kOfOneTrial);
  CHECK(held("held-900").at("threads") == held("held-100").at("threads"));
}
