// Programs that misbehave as trainers: the controller goes on, says what happened, and leaves nothing behind.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;

namespace {

// A folder with a script, and a sweep of one trial of it.
struct Lair : Workplace {
  explicit Lair(const std::string& script) {
    write("t.sh", "#!/bin/sh\n" + script);
    ::chmod((path() / "t.sh").c_str(), 0755);
    write("s.yaml",
          "command: [./t.sh]\nmethod: grid\nmetric: {name: m, goal: minimize}\nparameters: {x: {value: 1}}\n");
  }
  core::Json trial() const { return core::parse_json(sweep("report --json").out, "report").at("trials")[0]; }
};

}  // namespace

TEST_CASE("a program whose steps begin again with each epoch is ranked by all of them and replays identically") {
  const Lair lair(
      "for e in 1 2 3; do for s in 1 2; do echo epoch=$e step=$s m=$(((e - 2) * (e - 2) + s)); done; done\n");
  CHECK(lair.sweep("run s.yaml").code == 0);
  CHECK(lair.trial().at("value") == 1.0);
  CHECK(lair.trial().at("epoch") == 2);
  const Said replay = lair.sweep("replay '#0'");
  CHECK(replay.code == 0);
  CHECK(has(replay.out, "compared: 6 metric values"));
}

TEST_CASE("a daemon that a program leaves writing to its output does not keep the trial open") {
  const Lair lair("env -i setsid sh -c 'while :; do echo m=1; done' &\necho $! >pid\nsleep 0.2\necho m=1\n");
  CHECK(lair.sweep("run s.yaml", "timeout 60").code == 0);
  CHECK(std::system(("kill -9 $(cat " + (lair.path() / "pid").string() + ") 2>/dev/null; true").c_str()) == 0);
}

TEST_CASE("a program that left its process group and ignores signals is ended by a second interrupt") {
  if (std::system("/usr/bin/python3 --version >/dev/null 2>&1") != 0) skip("there is no /usr/bin/python3");
  const Lair lair(R"(exec /usr/bin/python3 -c '
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
os.setpgid(0, os.getpgid(os.getppid()))
print("m=1", flush=True)
open("pid", "w").write(str(os.getpid()))
time.sleep(600)')");
  lair.write("go.sh",
             "\"$1\" run s.yaml & run=$!\nwhile [ ! -s pid ]; do sleep 0.05; done\n"
             "kill -INT $run; sleep 0.1; kill -INT $run; wait $run\n");
  const std::string command =
      "cd '" + lair.path().string() + "' && timeout 60 bash go.sh '" + SWEEP_BINARY_DIR "/bin/sweep' >out.txt 2>&1";
  CHECK(std::system(command.c_str()) != 0);
  CHECK(!fs::exists("/proc/" + std::to_string(std::stoi(lair.read("pid"))) + "/status"));
}

TEST_CASE("hostile events fail the attempt with the line, and nothing else") {
  const auto detail = [](const std::string& events) {
    const Lair lair("cat >>\"$SWEEP_EVENTS\" <<'EOF'\n" + events + "\nEOF\n");
    const Said said = lair.sweep("run s.yaml", "timeout 60");
    CHECK(said.code == 1);
    CHECK(lair.trial().at("outcome") == "failed");
    return lair.trial().at("detail").get<std::string>();
  };
  CHECK(has(detail(R"({"event":"odd","seq":0,"a":)" + std::string(25000, '[') + std::string(25000, ']') + "}"),
            "levels deep"));
  CHECK(has(detail(R"({"event":"checkpoint","seq":0,"step":1,"kind":"last","file":"/dev/zero","sha256":"ab"})"),
            "'file' is no name inside of SWEEP_CHECKPOINT_DIR"));
  CHECK(has(detail("{\"event\":\"metric\",\"seq\":0,\"step\":1,\"values\":{\"m\":1}}\n"
                   "{\"event\":\"finished\",\"seq\":1,\"outcome\":\"completed\"}\n"
                   "{\"event\":\"metric\",\"seq\":2,\"step\":2,\"values\":{\"m\":0}}"),
            "an event after `finished`"));
}

TEST_CASE("a NaN as Python's json.dumps writes it is a divergence, not a broken line") {
  const Lair lair(
      "cat >>\"$SWEEP_EVENTS\" <<'EOF'\n"
      "{\"event\": \"metric\", \"seq\": 0, \"step\": 1, \"values\": {\"m\": NaN}}\n"
      "{\"event\": \"finished\", \"seq\": 1, \"outcome\": \"completed\"}\nEOF\n");
  CHECK(lair.sweep("run s.yaml").code == 1);
  CHECK(lair.trial().at("outcome") == "diverged");
}

TEST_CASE("a checkpoint that is a pipe or a link is not gone on from, and what a link leads to is left alone") {
  const Lair lair(R"(mkdir -p elsewhere; echo precious >elsewhere/last-1
rm -rf "$SWEEP_CHECKPOINT_DIR"; ln -s "$PWD/elsewhere" "$SWEEP_CHECKPOINT_DIR"
[ -e elsewhere/pipe ] || mkfifo elsewhere/pipe
e='{"event":"checkpoint","seq":0,"step":1,"kind":"last","file":"pipe","sha256":"ab"}'
[ "$SWEEP_ATTEMPT" = 0 ] && { echo "$e" >>"$SWEEP_EVENTS"; exit 75; }
[ -z "$SWEEP_RESUME" ] || exit 9
cat >>"$SWEEP_EVENTS" <<'EOF'
{"event":"metric","seq":0,"step":1,"values":{"m":1}}
{"event":"checkpoint","seq":1,"step":1,"kind":"last","file":"last-1","sha256":""}
{"event":"finished","seq":2,"outcome":"completed"}
EOF
)");
  const Said said = lair.sweep("run s.yaml", "timeout 60");
  INFO(said.err);
  CHECK(said.code == 0);
  CHECK(lair.read("elsewhere/last-1") == "precious\n");
}

TEST_CASE("a report does not take the place of the store, and a pipe is no store") {
  const Lair lair("echo m=1\n");
  REQUIRE(lair.sweep("run s.yaml").code == 0);
  CHECK(lair.sweep("report --output runs/sweeps.db").code == 2);
  CHECK(lair.sweep("report").code == 0);
  fs::create_directory(lair.path() / "other");
  REQUIRE(::mkfifo((lair.path() / "other/sweeps.db").c_str(), 0600) == 0);
  CHECK(lair.sweep("report --runs other", "timeout 20").code == 2);
  CHECK(lair.sweep("run s.yaml --runs other", "timeout 20").code == 2);
}

TEST_CASE(
    "as the first process of a container the controller waits for what trials leave behind, and sees their exits") {
  const std::string container = std::string("unshare ") + (::geteuid() == 0 ? "" : "--map-root-user ") +
                                "--pid --fork --mount-proc --kill-child ";
  if (std::system((container + "true 2>/dev/null").c_str()) != 0) skip("this user may make no namespaces");
  // Until they are gone: those that sleep still, and those that have ended and nobody has waited for.
  const Lair lair(R"x(for i in 1 2 3 4 5; do (sleep 0.02 &); done
for i in $(seq 200); do
  left=$(cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) . 1 ')
  [ "$left" = 0 ] && break
  sleep 0.05
done
echo "$left are left by $(cat /proc/1/comm)" >&2
exit 3
)x");
  lair.sweep("run s.yaml", container);
  CHECK(lair.trial()["detail"] == "exit code 3: 0 are left by sweep");
}
