// A user's own program as the trainer: started as its command says, understood by what it sends or prints, replayed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;

TEST_CASE("a script that prints its metric is ranked by it, and each of its trials replays identically") {
  const Shop shop;
  const Said said = shop.sweep("run sweep.json");
  INFO(said.err);
  CHECK(said.code == 0);
  const core::Json report = core::parse_json(shop.sweep("report --json").out, "report");
  REQUIRE(report.at("trials").size() == 3);
  CHECK(report.at("trials")[0].at("config").at("x") == 1);
  CHECK(report.at("trials")[0].at("value") == 1.25);
  CHECK(report.at("trials")[0].at("step") == 2);
  CHECK(report.at("trials")[2].at("value") == 3.25);
  for (int i = 0; i < 3; ++i) {
    const Said replay = shop.sweep("replay '#" + std::to_string(i) + "'");
    INFO(replay.out + replay.err);
    CHECK(replay.code == 0);
    CHECK(has(replay.out, "2 metric values"));
  }
}

TEST_CASE("a program that is not the same twice is caught by a replay and by check --try, which name the metric") {
  const Shop shop("#!/bin/sh\necho loss=0.$(date +%N)\necho loss=0.$(date +%N)\n");
  CHECK(shop.sweep("run sweep.json").code == 0);
  const Said replay = shop.sweep("replay '#0'");
  CHECK(replay.code == 3);
  CHECK(has(replay.out, "different: trial "));
  CHECK(has(replay.out, "step 1: metric loss: recorded 0."));
  const Said tried = shop.sweep("check --try sweep.json");
  CHECK(tried.code == 1);
  CHECK(has(tried.out, "NO: two runs with the same seed differ"));
}

TEST_CASE("check --try says what was understood, and that the seed has no influence where it has none") {
  const Shop shop;
  const Said tried = shop.sweep("check --try sweep.json");
  CHECK(tried.code == 1);
  CHECK(has(tried.out, "loss (read from standard output)"));
  CHECK(has(tried.out, "loss = 3.5 at step 1"));
  CHECK(has(tried.out, "NO: has no influence"));
  CHECK(!fs::exists(shop.path() / "runs"));
}

TEST_CASE("check --try is content with a program that draws from its seed and ends on SIGTERM") {
  const Shop shop("#!/bin/sh\necho loss=0.$SWEEP_SEED\necho loss=0.1$SWEEP_SEED\nexec sleep 60\n");
  const Said tried = shop.sweep("check --try sweep.json");
  INFO(tried.out + tried.err);
  CHECK(tried.code == 0);
  CHECK(has(tried.out, "honoured: 2 lines are the same in two runs"));
  CHECK(has(tried.out, "SIGTERM      honoured"));
}

TEST_CASE("check --try of a program without metrics ends after --try-time and says what is missing") {
  const Shop shop("#!/bin/sh\necho hello\nexec sleep 60\n");
  const Said tried = shop.sweep("check --try --try-time 1 sweep.json");
  CHECK(tried.code == 1);
  CHECK(has(tried.out, "NO: none in 1"));
}

TEST_CASE("the program gets the environment that the protocol lists, its folder, and nothing of ours beside") {
  const Shop shop("#!/bin/sh\npwd -P\nenv | sort\ncat /dev/stdin\necho loss=1\n");
  REQUIRE(shop.sweep("run sweep.json --count 1", "KEPT=yes SWEEP_FOREIGN=no OMP_NUM_THREADS=7").code == 0);
  const std::string log = shop.sweep("logs '#0'").out;
  CHECK(has(log, fs::canonical(shop.path()).string() + "\n"));
  for (const char* line : {"\nKEPT=yes\n", "\nOMP_NUM_THREADS=1\n", "\nPYTHONUNBUFFERED=1\n", "\nSWEEP_ATTEMPT=0\n",
                           "\nSWEEP_RESUME=\n", "\nSWEEP_TRIAL_INDEX=0\n", "\nCUBLAS_WORKSPACE_CONFIG=:4096:8\n"})
    CHECK(has(log, line));
  CHECK(!has(log, "SWEEP_FOREIGN"));
  std::string files;
  for (const auto& entry : fs::recursive_directory_iterator(shop.path() / "runs/trials"))
    if (entry.is_regular_file()) files += entry.path().filename().string() + " ";
  CHECK(files == "");
  const auto value = [&](const std::string& name) {
    const std::size_t at = log.find("\n" + name + "=") + name.size() + 2;
    return log.substr(at, log.find('\n', at) - at);
  };
  CHECK(value("SWEEP_SEED") == value("PYTHONHASHSEED"));
}

TEST_CASE("events that a program sends count, and what it printed before them does not") {
  const Shop shop(R"(#!/bin/sh
echo loss=0.001
sleep 0.2
echo '{"event":"metric","seq":0,"step":7,"values":{"loss":5}}' >>"$SWEEP_EVENTS"
echo loss=0.002
echo '{"event":"finished","seq":1,"outcome":"completed"}' >>"$SWEEP_EVENTS"
)");
  REQUIRE(shop.sweep("run sweep.json --count 1").code == 0);
  CHECK(shop.trial().at("value") == 5.0);
  CHECK(shop.trial().at("step") == 7);
  CHECK(shop.sweep("replay '#0'").code == 0);
}

TEST_CASE("where a program says otherwise what it computes with, a replay claims nothing and names the field") {
  const Shop shop(R"(#!/bin/sh
echo '{"event":"started","seq":0,"protocol":1,"trainer":"own","environment":{"library":"'$(cat version)'"}}' >>"$SWEEP_EVENTS"
echo '{"event":"metric","seq":1,"step":1,"values":{"loss":5}}' >>"$SWEEP_EVENTS"
echo '{"event":"finished","seq":2,"outcome":"completed"}' >>"$SWEEP_EVENTS"
)");
  shop.write("version", "2.1");
  REQUIRE(shop.sweep("run sweep.json --count 1").code == 0);
  CHECK(shop.sweep("replay '#0'").code == 0);
  shop.write("version", "2.2");
  const Said replay = shop.sweep("replay '#0'");
  INFO(replay.out + replay.err);
  CHECK(replay.code == 4);
  CHECK(has(replay.out, "not comparable: trial "));
  CHECK(has(replay.out, R"(library: recorded "2.1", replayed "2.2")"));
}

TEST_CASE("exit codes of a program are its own, and a metric that never came is named with the nearest line") {
  const Shop shop("#!/bin/sh\necho losss=3\nexit 0\n");
  CHECK(shop.sweep("run sweep.json --count 1").code == 1);
  CHECK(shop.trial().at("outcome") == "no_metric");
  CHECK(has(shop.trial().at("detail"), "never gave the metric 'loss'; the nearest line that it printed: losss=3"));
  for (const char* code : {"2", "4", "12"}) {
    const Shop other("#!/bin/sh\necho loss=1\necho because >&2\nexit " + std::string(code) + "\n");
    CHECK(other.sweep("run sweep.json --count 1").code == 1);
    CHECK(other.trial().at("outcome") == "failed");
    CHECK(other.trial().at("detail") == "exit code " + std::string(code) + ": because");
  }
}

TEST_CASE("a metric that is not finite at the end is a diverged trial") {
  const Shop shop("#!/bin/sh\necho loss=1\necho loss=nan\n");
  CHECK(shop.sweep("run sweep.json --count 1").code == 1);
  CHECK(shop.trial().at("outcome") == "diverged");
  CHECK(shop.trial().at("detail") == "the metric 'loss' is not finite at the end");
}

TEST_CASE("what is not there is an error before anything runs") {
  const auto message = [](const std::string& command) {
    const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, )" + command +
                                 R"(, "parameters": {"x": {"value": 1}}})");
    const Said said = shop.sweep("run sweep.json");
    CHECK(said.code == 2);
    CHECK(!fs::exists(shop.path() / "runs/sweeps.db"));
    std::string text = said.err;
    for (std::size_t at; (at = text.find(shop.path().string())) != std::string::npos;)
      text.replace(at, shop.path().string().size(), "HERE");
    return text;
  };
  CHECK(message(R"("program": "train.py")") ==
        "sweep.json:1:79: program: no file 'train.py' in 'HERE', did you mean 'train.sh'?\n");
  CHECK(message(R"("command": ["no-such-program"])") ==
        "sweep.json:1:79: command: there is no program 'no-such-program' on the PATH, write its path, or install it\n");
  CHECK(message(R"("command": ["./points.csv"])") ==
        "sweep.json:1:79: command: 'HERE/points.csv' is not executable, chmod +x it, or begin the command with its "
        "interpreter\n");
  CHECK(has(message(R"("command": ["./train.sh", "${envvar:NO_SUCH_NAME}"])"), "NO_SUCH_NAME"));
}

TEST_CASE("a sweep that is started beside its program's folder says where to start it") {
  const Shop shop;
  for (const char* key : {R"("program": "tool/train.sh")", R"("command": ["./train.sh"])"}) {
    shop.write("tool.json", std::string(R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, )") +
                                key + R"(, "parameters": {"x": {"value": 1}}})");
    fs::create_directories(shop.path() / "elsewhere/tool");
    fs::rename(shop.path() / "tool.json", shop.path() / "elsewhere/tool.json");
    fs::remove(shop.path() / "train.sh");
    shop.write("elsewhere/train.sh", kScript);
    shop.write("elsewhere/tool/train.sh", kScript);
    const Said said = shop.sweep("check elsewhere/tool.json");
    CHECK(said.code == 2);
    CHECK(has(said.err, "it lies beside the sweep file: start sweep in " + (shop.path() / "elsewhere").string()));
  }
}

TEST_CASE("a template is rendered for each trial, and its name in the command means the rendered file") {
  const Shop shop("#!/bin/sh\n. \"$2\"\necho loss=$x.125\n",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
    "templates": {"config.in.sh": "config.sh"}, "command": ["./train.sh", "--config", "config.sh"],
    "parameters": {"x": {"values": [3, 1]}}})");
  shop.write("config.in.sh", "x={{ x }}\n");
  CHECK(shop.sweep("run sweep.json").code == 0);
  CHECK(shop.trial(0).at("value") == 3.125);
  CHECK(shop.trial(1).at("value") == 1.125);
}

TEST_CASE("a launcher that closes what its workers inherit does not cut them off from their events") {
  if (std::system("python3 --version >/dev/null 2>&1") != 0) skip("there is no python3");
  const Shop shop(
      "#!/bin/sh\nexec python3 -c 'import subprocess; subprocess.run([\"./worker.sh\"], close_fds=True, "
      "check=True)'\n");
  shop.program("worker.sh", R"(#!/bin/sh
echo '{"event":"metric","seq":0,"step":1,"values":{"loss":5}}' >>"$SWEEP_EVENTS"
echo '{"event":"finished","seq":1,"outcome":"completed"}' >>"$SWEEP_EVENTS"
)");
  CHECK(shop.sweep("run sweep.json --count 1").code == 0);
  CHECK(shop.trial().at("value") == 5.0);
}

TEST_CASE("a template, a pattern and an argument that cannot work are refused before anything runs") {
  const auto message = [](const std::string& keys, const std::string& values = "[1]") {
    const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
  "command": ["./train.sh", "${args}"], )" +
                                 keys + R"( "parameters": {"x": {"values": )" + values + "}}}");
    shop.write("in.txt", "{{ y }}\n");
    const Said said = shop.sweep("run sweep.json");
    CHECK(said.code == 2);
    CHECK(!fs::exists(shop.path() / "runs/sweeps.db"));
    return said.err;
  };
  CHECK(message(R"("templates": {"in.txt": "../out.txt"},)") ==
        "templates: '../out.txt' is no place inside of an attempt's folder, write a relative path\n");
  CHECK(message(R"("templates": {"in.txt": "stdout.log"},)") ==
        "templates: 'stdout.log' is the name of a file of ours, write another\n");
  CHECK(has(message(R"("templates": {"in.txt": "out.txt"},)"), "in.txt:1:4: "));
  CHECK(has(message(R"("templates": {"none.txt": "out.txt"},)"), "none.txt"));
  CHECK(has(message(R"x("read_metrics": {"format": "regex", "pattern": "(?<acc>\\d+)"},)x"), "'loss'"));
  CHECK(has(message("", R"(["a\u0000b"])"), "command: an argument holds a NUL character"));
}

TEST_CASE("the file of args_json_file holds the configuration, and seed is the training seed") {
  const Shop shop("#!/bin/sh\ncat \"$1\"\necho\necho seed $2 $SWEEP_SEED\necho loss=1\n",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./train.sh", "${args_json_file}", "${seed}"], "parameters": {"x": {"value": 0.1}, "y": {"value": "a b"}}})");
  CHECK(shop.sweep("run sweep.json").code == 0);
  const std::string log = shop.sweep("logs '#0'").out;
  CHECK(has(log, R"({"x":0.1,"y":"a b"})"));
  const std::string seed = std::to_string(shop.trial().at("seed").get<int>());
  CHECK(has(log, "seed " + seed + " " + seed + "\n"));
}

TEST_CASE("what `record` names is run once a sweep and kept") {
  const Shop shop(kScript,
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "record": [["echo", "here"]],
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"value": 3}}})");
  CHECK(shop.sweep("run sweep.json").code == 0);
  CHECK(has(shop.sweep("show '#0' --json").out, "here"));
}

TEST_CASE("slots and a kill -9 of the controller leave the table of one's own program the same") {
  // The second of the trials kills the controller, once.
  const std::string script =
      std::string(kScript) + "if [ $x = 1 ] && [ ! -e killed ]; then : >killed; kill -9 $PPID; sleep 600; fi\n";
  const Shop shop(script);
  shop.write("killed", "");
  CHECK(shop.sweep("run sweep.json --slots 1").code == 0);
  const std::string csv = shop.csv();
  for (const char* slots : {"1", "3"}) {
    const Shop other(script);
    const Said said = other.sweep(std::string("run sweep.json --slots ") + slots, "sh -c '\"$@\"; exit $?' sh");
    CHECK(said.code == 137);
    CHECK(fs::exists(other.path() / "killed"));
    CHECK(other.sweep(std::string("run sweep.json --slots ") + slots).code == 0);
    CHECK(other.csv() == csv);
  }
}

TEST_CASE("what plan prints is what run does: the same trials, seeds and values, in the same order") {
  const Shop shop(kScript, R"({"method": "random", "seed": 7, "repeats": 2, "run_cap": 3,
    "metric": {"name": "loss", "goal": "minimize"}, "command": ["./train.sh", "${args}"],
    "parameters": {"x": {"min": 1, "max": 9}, "y": {"distribution": "normal"}, "z": {"parameters": {"w": {"value": "a,b"}}}}})");
  const core::Json plan = core::parse_json(shop.sweep("plan sweep.json --format json").out, "plan");
  const std::string csv = shop.sweep("plan sweep.json --format csv").out;
  REQUIRE(shop.sweep("run sweep.json --slots 2").code == 0);
  const core::Json report = core::parse_json(shop.sweep("report --json").out, "report");
  std::vector<core::Json> ran(6);
  for (const core::Json& row : report.at("trials"))
    for (const core::Json& replicate : row.at("replicates")) {
      ran.at(replicate.at("index")) = replicate;
      ran.at(replicate.at("index"))["config"] = row.at("config");
    }
  REQUIRE(plan.at("trials").size() == 6);
  std::string expected = "index,trial,replicate,seed,state,x,y,z.w\n";
  for (std::size_t i = 0; i < 6; ++i) {
    const core::Json& planned = plan.at("trials")[i];
    for (const char* key : {"trial", "seed", "config", "replicate"}) CHECK(planned.at(key) == ran[i].at(key));
    expected += std::to_string(i) + "," + planned.at("trial").get<std::string>() + "," + std::to_string(i % 2) + "," +
                core::canonical_json(planned.at("seed")) + ",new," +
                core::canonical_json(planned.at("config").at("x")) + "," +
                core::canonical_json(planned.at("config").at("y")) + ",\"a,b\"\n";
  }
  CHECK(csv == expected);
}

TEST_CASE("check shows a configuration that runs several times once, under the first of its trials") {
  const Shop shop;
  shop.write("repeats.json", std::string(kSweep).replace(1, 0, "\"repeats\": 3, "));
  CHECK(has(shop.sweep("check repeats.json").out,
            "\nfirst points, each of 3 trials\n#0  {\"x\":3}\n#3  {\"x\":1}\n#6  {\"x\":2}\n"));
  const core::Json json = core::parse_json(shop.sweep("check repeats.json --json").out, "check");
  CHECK(core::canonical_json(json.at("first")) == R"([{"x":3},{"x":1},{"x":2}])");
  CHECK(json.at("repeats") == 3);
  CHECK(json.at("trials") == 9);
  CHECK(has(shop.sweep("check sweep.json").out, "\nfirst points\n#0  {\"x\":3}\n#1  {\"x\":1}\n"));
}

TEST_CASE("a sweep ends with the first trial by index that reaches its target, for any number of slots") {
  std::string first;
  for (const char* slots : {"1", "2", "4"}) {
    // The third of eight reaches it, and later ones are quicker to.
    const Shop shop(
        "#!/bin/sh\nfor a; do case $a in --x=*) x=${a#*=} ;; esac; done\n[ $x -gt 3 ] || sleep 0.$((8 - 2 * x))\n"
        "[ $x -ge 3 ] && echo loss=0.5 || echo loss=$x.5\n",
        R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize", "target": 0.5},
      "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [1, 2, 3, 4, 5, 6, 7, 8]}}})");
    const Said said = shop.sweep(std::string("run sweep.json --slots ") + slots);
    INFO(said.err);
    CHECK(said.code == 0);
    CHECK(has(said.out, "ended at trial #2"));
    const std::string csv = shop.csv();
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
    if (first.empty()) first = csv;
    CHECK(csv == first);
    CHECK(has(shop.sweep("run sweep.json").err, "is finished, nothing to run"));
  }
}

TEST_CASE("a parameter that has the name of a column of a plan is shown under another one") {
  const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "command":
    ["./train.sh", "${args}"], "parameters": {"x": {"value": 1}, "state": {"value": 2}, "replicate": {"value": 3}}})");
  CHECK(has(shop.sweep("plan sweep.json --format csv").out,
            "index,trial,replicate,seed,state,config.replicate,config.state,x\n"));
  CHECK(has(shop.sweep("plan sweep.json").out, "  replicate  config.state  x\n"));
}

TEST_CASE("flags stand above the file: a method that is not supported runs with --method, and hyperband without it") {
  const Shop shop(
      kScript,
      R"({"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "command": ["./train.sh", "${args}"],
    "early_terminate": {"type": "hyperband", "min_iter": 3}, "parameters": {"x": {"min": 1, "max": 9}}})");
  CHECK(shop.sweep("check sweep.json").code == 2);
  CHECK(shop.sweep("check sweep.json --method random").code == 2);
  CHECK(shop.sweep("run sweep.json --method random --count 3 --ignore-early-terminate").code == 0);
  CHECK(has(shop.sweep("resume").err, "is finished, nothing to run"));
  CHECK(shop.sweep("replay '#0'").code == 0);
}

TEST_CASE("of the checkpoints of ended trials only the best of the best stay, as keep says") {
  const Shop shop(R"(#!/bin/sh
for a; do case $a in --x=*) x=${a#*=} ;; esac; done
for kind in last best; do echo data >"$SWEEP_CHECKPOINT_DIR/$kind-1.bin"; done
echo mine >"$SWEEP_CHECKPOINT_DIR/notes"
cat >>"$SWEEP_EVENTS" <<EOF
{"event":"started","seq":0}
{"event":"metric","seq":1,"step":1,"values":{"loss":$x}}
{"event":"checkpoint","seq":2,"step":1,"kind":"best","file":"best-1.bin","sha256":""}
{"event":"checkpoint","seq":3,"step":1,"kind":"last","file":"last-1.bin","sha256":""}
{"event":"finished","seq":4,"outcome":"completed"}
EOF
)",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "keep": {"best": 2},
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1, 4, 2]}}})");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  for (int i = 0; i < 4; ++i) {
    const core::Json trial = shop.trial(i);
    const fs::path folder = shop.path() / "runs/trials" / trial.at("trial").get<std::string>() / "checkpoints";
    CHECK(!fs::exists(folder / "last-1.bin"));
    CHECK(fs::exists(folder / "best-1.bin") == (trial.at("config").at("x") <= 2));
    CHECK(fs::exists(folder / "notes"));
  }
}
