// Who the trials of a user's own program are: what changes them, what does not, and what is kept of each.
#include <algorithm>
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;

TEST_CASE("a trial that two sweeps ran has a record of each, and --sweep names the one that is meant") {
  const Shop shop("#!/bin/sh\necho run $SWEEP_ID\necho loss=0.$(date +%N)\n");
  shop.write("more.json", R"({"method": "grid", "name": "more", "metric": {"name": "loss", "goal": "minimize"},
  "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1]}}})");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  REQUIRE(shop.sweep("run more.json").code == 0);
  const auto value = [&](const std::string& sweep) {
    const core::Json report = core::parse_json(shop.sweep("report --json " + sweep).out, "report");
    for (const core::Json& row : report.at("trials"))
      if (row.at("index") == 0) return row;
    return core::Json();
  };
  const core::Json first = value("own"), second = value("more");
  REQUIRE(first.at("trial") == second.at("trial"));
  CHECK(first.at("value") != second.at("value"));
  const std::string id = first.at("trial");
  for (const char* sweep : {"own", "more"}) {
    const core::Json shown = core::parse_json(shop.sweep("show " + id + " --json --sweep " + sweep).out, "show");
    const std::string digits = core::canonical_json(value(sweep).at("value"));
    CHECK(has(core::canonical_json(shown), digits));
    CHECK(has(shop.sweep("logs " + id + " --sweep " + sweep).out, "loss=" + digits));
    CHECK(has(shop.sweep("logs '#0' --sweep " + std::string(sweep)).out, "loss=" + digits));
    CHECK(has(shop.sweep("replay " + id + " --sweep " + sweep).out, "recorded " + digits));
  }
  CHECK(shop.sweep("show " + id + " --sweep nonsense").code == 2);
}

TEST_CASE("how a program is understood is part of who its trials are") {
  const auto id = [](const std::string& keys) {
    const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, )" + keys +
                                 R"( "command": ["./train.sh", "${args}"], "parameters": {"x": {"value": 1}}})");
    const core::Json plan = core::parse_json(shop.sweep("plan sweep.json --format json").out, "plan");
    return plan.at("trials")[0].at("trial").get<std::string>();
  };
  const std::string plain = id("");
  CHECK(id("") == plain);
  CHECK(id(R"("read_metrics": {"format": "key: value"},)") != plain);
  CHECK(id(R"("read_metrics": {"format": "json", "step": "at"},)") != id(R"("read_metrics": {"format": "json"},)"));
  CHECK(id(R"("compat": "wandb",)") != plain);
  CHECK(id(R"("reuse": true,)") == plain);
}

TEST_CASE("stores beside the program are no sources, whichever is in use") {
  const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "compat": "wandb",
    "templates": {"in.yaml": "out.yaml"}, "command": ["./train.sh", "${args}"], "parameters": {"x": {"value": 1}}})");
  shop.write("in.yaml", "{{ x }}");
  const auto id = [&](const std::string& runs) {
    const core::Json plan = core::parse_json(shop.sweep("plan sweep.json --format json --runs " + runs).out, "plan");
    return plan.at("trials")[0].at("trial").get<std::string>();
  };
  const std::string before = id("a");
  REQUIRE(shop.sweep("run sweep.json --runs a").code == 0);
  REQUIRE(shop.sweep("run sweep.json --runs b").code == 0);
  CHECK(id("a") == before);
  CHECK(id("c") == before);
}

TEST_CASE("a source that changes in mid-sweep stops the sweep with its name, and put back it goes on") {
  const Shop shop(std::string(kScript) + "[ $x != 3 ] || echo '# changed' >>train.sh\n");
  const std::string before = shop.read("train.sh");
  const Said said = shop.sweep("run sweep.json --slots 1");
  INFO(said.err);
  CHECK(said.code == 4);
  CHECK(has(said.err, "train.sh"));
  CHECK(has(said.err, "has changed since the sweep began"));
  const Said resumed = shop.sweep("resume");
  CHECK(resumed.code == 4);
  CHECK(has(resumed.err, "train.sh"));
  shop.program("train.sh", before);
  CHECK(shop.sweep("resume --slots 1").code == 0);
  CHECK(shop.sweep("report --json").out.find("\"completed\":3") != std::string::npos);
}

TEST_CASE("an edited program is another sweep, and files that are no sources make no difference") {
  const Shop shop;
  CHECK(shop.sweep("run sweep.json").code == 0);
  shop.write("result.json", "{}");
  shop.write("notes.md", "text");
  shop.write("model.pt", "weights");
  CHECK(has(shop.sweep("run sweep.json").err, "is finished, nothing to run"));
  shop.program("train.sh", std::string(kScript) + "# edited\n");
  const Said again = shop.sweep("run sweep.json");
  CHECK(again.code == 0);
  CHECK(!has(again.err, "is finished"));
  const core::Json list = core::parse_json(shop.sweep("list --json").out, "list");
  CHECK(list.at("sweeps").size() == 2);
}

TEST_CASE("results of a program of one's own are reused across sweeps only where the file says so") {
  const std::string counting = std::string(kScript) + "echo ran >>\"$COUNT\"\n";
  const auto runs_of_a_larger_sweep = [&](const std::string& more) {
    const Shop shop(counting, std::string(R"({"method": "random", "metric": {"name": "loss", "goal": "minimize"}, )") +
                                  more + R"("command": ["./train.sh", "${args}"], "run_cap": 2,
                                  "parameters": {"x": {"values": [3, 1, 2, 5]}}})");
    const std::string environment = "COUNT=" + (shop.path() / "count.log").string();
    CHECK(shop.sweep("run sweep.json", environment).code == 0);
    CHECK(shop.sweep("run sweep.json --count 4", environment).code == 0);
    const std::string count = shop.read("count.log");
    return std::count(count.begin(), count.end(), '\n');
  };
  CHECK(runs_of_a_larger_sweep("") == 6);
  CHECK(runs_of_a_larger_sweep("\"reuse\": true, ") == 4);
}

TEST_CASE("an input is part of every trial's identity, and a changed one is refused with both digests") {
  const Shop shop(kScript,
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "inputs": ["points.csv"],
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1]}}})");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string id = core::parse_json(shop.sweep("list --json").out, "list").at("sweeps")[0].at("id");
  shop.write("points.csv", "1,2,3\n");
  const Said replay = shop.sweep("replay '#0'");
  CHECK(replay.code == 2);
  CHECK(has(replay.err, "input points.csv: has changed: its digest is "));
  CHECK(shop.sweep("run sweep.json").code == 0);
  CHECK(core::parse_json(shop.sweep("list --json").out, "list").at("sweeps").size() == 2);
}

TEST_CASE("what a variable of the environment holds reaches the program and is not written into the store") {
  const Shop shop("#!/bin/sh\n[ \"$1\" = hunter2 ] && echo loss=1\n",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./train.sh", "${envvar:TOKEN}"], "parameters": {"x": {"value": 1}}})");
  CHECK(shop.sweep("run sweep.json", "TOKEN=hunter2").code == 0);
  for (const char* file : {"runs/sweeps.db", "runs/sweeps.db-wal"})
    if (fs::exists(shop.path() / file)) CHECK(!has(shop.read(file), "hunter2"));
  CHECK(shop.sweep("replay '#0'", "TOKEN=other").code == 4);
  CHECK(shop.sweep("replay '#0'", "TOKEN=hunter2").code == 0);
}

TEST_CASE("check and plan show a variable of the environment by its name, and what it holds is printed nowhere") {
  const Shop shop("#!/bin/sh\n[ \"$2\" = --login=me:hunter2 ] && echo loss=1\n",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "command": ["./train.sh",
    "${envvar:HUNTER}", "--login=me:${envvar:TOKEN}", "${seed}:${envvar:TOKEN}", "${args}"],
    "parameters": {"x": {"values": [1, 2]}}})");
  const std::string environment = "TOKEN=hunter2 HUNTER=./train.sh";
  const Said check = shop.sweep("check sweep.json", environment);
  INFO(check.err);
  CHECK(has(check.out, "/train.sh '${envvar:HUNTER}' '--login=me:${envvar:TOKEN}' '"));
  CHECK(has(check.out, ":${envvar:TOKEN}' --x=1\n"));
  const core::Json plan = core::parse_json(shop.sweep("plan sweep.json --json", environment).out, "plan");
  const core::Json& command = plan.at("trials")[1].at("command");
  CHECK(command[0] == (shop.path() / "train.sh").string());
  CHECK(command[1] == "${envvar:HUNTER}");
  CHECK(command[2] == "--login=me:${envvar:TOKEN}");
  CHECK(command[3] == plan.at("trials")[1].at("seed").dump() + ":${envvar:TOKEN}");
  CHECK(command[4] == "--x=2");
  REQUIRE(shop.sweep("run sweep.json", environment).code == 0);
  REQUIRE(shop.sweep("export '#0' -o a.capsule", environment).code == 0);
  CHECK(!has(shop.read("a.capsule"), "hunter2"));
  for (const char* arguments :
       {"check sweep.json", "check sweep.json --json", "check sweep.json --try", "plan sweep.json",
        "plan sweep.json --json", "plan sweep.json --format csv", "run sweep.json --dry-run", "show '#0'",
        "show '#0' --json", "report --json", "report --format html", "replay '#0' --json", "diff '#0' '#1' --json",
        "verify", "logs '#0'"}) {
    const Said said = shop.sweep(arguments, environment);
    INFO(arguments);
    CHECK(!has(said.out + said.err, "hunter2"));
  }
}

TEST_CASE(
    "a program that is not there and is named by a variable of the environment is missed by the variable's name") {
  const Shop shop("#!/bin/sh\n", R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
    "command": ["${envvar:TOKEN}", "${args}"], "parameters": {"x": {"value": 1}}})");
  for (const char* arguments : {"check sweep.json", "run sweep.json"}) {
    const Said said = shop.sweep(arguments, "TOKEN=/hunter2/x");
    INFO(arguments << ": " << said.err);
    CHECK(said.code == 2);
    CHECK(has(said.err, "there is no program '${envvar:TOKEN}'"));
    CHECK(!has(said.out + said.err, "hunter2"));
  }
}

TEST_CASE("the kept executable of a built-in trainer that changes in mid-sweep stops the sweep with its name") {
  const Shop shop;
  shop.program("trainer.sh", R"(#!/bin/sh
if [ "$1" = --describe ]; then
  echo '{"identity":"sh/1","hyperparameters":[{"name":"x","type":"integer"}],"metrics":["loss"],"data":[]}'
  exit
fi
chmod u+w "$0"; echo '# changed' >>"$0"
cat >>"$SWEEP_EVENTS" <<'EOF'
{"event":"metric","seq":0,"step":1,"values":{"loss":1}}
{"event":"finished","seq":1,"outcome":"completed"}
EOF
)");
  shop.write("builtin.json", R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "device": "cpu",
    "parameters": {"x": {"values": [1, 2]}}})");
  const Said said = shop.sweep("run builtin.json --slots 1 --trainer ./trainer.sh");
  INFO(said.err);
  CHECK(said.code == 4);
  CHECK(has(said.err, "runs/trainers: has changed since the sweep began: "));
  CHECK(has(shop.sweep("resume").err, "the sweep's trainer has changed, put it back"));
}
