// A machine that does not give what a sweep needs: open files, room in a file, a folder to write to, a trainer that
// answers. Said in words with exit code 4, and where something ran already the sweep goes on afterwards.
#include <fmt/format.h>
#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/shop.h"

namespace {

// For Workplace::sweep: what stands before the program's name, under a limit of the shell.
std::string under(const std::string& limit) { return "sh -c 'ulimit " + limit + "; exec \"$0\" \"$@\"'"; }

// A program that answers --describe as `body` says.
Said run_with_trainer(const Shop& shop, const std::string& body) {
  shop.program("trainer.sh", "#!/bin/sh\n" + body + "\n");
  return shop.sweep("run points.json --trainer ./trainer.sh");
}

constexpr char kPoints[] = R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "device": "cpu",
  "data": "points.csv", "parameters": {"hidden": {"value": 4}, "epochs": {"value": 2},
  "learning_rate": {"values": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}}})";

}  // namespace

TEST_CASE("where too few files may be open, it is said how many a sweep needs before anything starts") {
  const Workplace place;
  place.write("points.json", kPoints);
  for (const char* few : {"12", "40"}) {
    const Said refused = place.sweep("run points.json --slots 2", under("-n " + std::string(few)));
    CHECK(refused.code == 4);
    CHECK(refused.err == "open files: " + std::string(few) +
                             " are allowed to a process, 2 trials at once need 76, raise the limit (`ulimit -n 76`) or "
                             "run fewer at once (--slots)\n");
  }
  CHECK(place.sweep("run points.json --slots 2", under("-n 76")).code == 0);
}

TEST_CASE("where even the store cannot be opened for want of open files, no verb aborts") {
#ifdef __SANITIZE_ADDRESS__
  skip("the sanitizers need a descriptor to see whether memory can be read, and take its want for an error");
#endif
  const Workplace place;
  place.run_points();
  for (int files = 4; files < 16; ++files) {
    for (const char* verb : {"run points.json --fresh", "report", "list", "show best", "check points.json"}) {
      const Said said = place.sweep(verb, under(fmt::format("-n {}", files)));
      INFO(files << " " << verb << ": " << said.err);
      CHECK((said.code == 0 || said.code == 2 || said.code == 4 || said.code == 127));  // 127: no program can be loaded
    }
  }
}

TEST_CASE("a limit on the size of files ends a sweep with its word, and the sweep goes on once it is lifted") {
  const Workplace place;
  place.write("points.json", kPoints);
  REQUIRE(place.sweep("run points.json").code == 0);
  const std::string table = place.sweep("report --format csv").out;
  place.write("more.json",
              std::string(kPoints).replace(std::string(kPoints).find("\"value\": 2"), 10, "\"value\": 60"));
  const Workplace other;
  other.write("more.json", place.read("more.json"));
  REQUIRE(other.sweep("run more.json").code == 0);

  bool ended_early = false;
  for (const int kibibytes : {64, 100, 200, 400}) {
    const Said limited = place.sweep("run more.json --slots 2", under(fmt::format("-f {}", 2 * kibibytes)));
    INFO(kibibytes << " KiB: " << limited.err);
    CHECK((limited.code == 0 || limited.code == 4));
    if (limited.code != 4) continue;
    ended_early = true;
    CHECK(has(limited.err, "raise the limit on the size of files (`ulimit -f`)"));
    CHECK(!has(limited.err, "SQLite says"));
  }
  CHECK(ended_early);
  CHECK(place.sweep("run more.json --slots 2").code == 0);
  CHECK(place.sweep("report more --format csv").out == other.sweep("report more --format csv").out);
  CHECK(place.sweep("report points --format csv").out == table);
}

TEST_CASE("a folder that cannot be made or written to is named itself, with what to do") {
  const Workplace place;
  place.write("points.json", kPoints);
  const auto refused = [&](const std::string& runs) {
    const Said said = place.sweep("run points.json --runs " + runs);
    CHECK(said.code == 4);
    return said.err;
  };
  CHECK(refused("/proc").starts_with("/proc: cannot be written to: "));
  CHECK(refused("/proc/runs") ==
        "/proc/runs: cannot be made: No such file or directory, name another folder with --runs\n");
  CHECK(refused("points.csv") == "points.csv: cannot be made: Not a directory, name another folder with --runs\n");
  CHECK(refused("points.csv/runs") ==
        "points.csv/runs: cannot be made: Not a directory, name another folder with --runs\n");
  CHECK(place.sweep("run points.json --runs ''").err ==
        "--runs: has an empty value, write --runs DIR, or leave it out\n");
}

TEST_CASE("a trainer that does not describe itself as one is refused, whatever it says") {
  const Shop shop;
  shop.write("points.json", kPoints);
  const std::string refused = (shop.path() / "trainer.sh").string() +
                              ": does not answer --describe, name a build of "
                              "sweep-trainer\n";
  for (const char* body : {
           R"(kill -9 $$)",
           R"(exit 1)",
           R"(echo '{"identity": 3}')",
           R"(echo '{"identity": "x"}')",
           R"(echo '{"identity": "x", "hyperparameters": 3}')",
           R"(echo '{"identity": "x", "hyperparameters": [{"name": 3, "type": "integer"}]}')",
           R"(echo '{"identity": "x", "hyperparameters": [{"name": "a", "type": "choice", "choices": [3]}]}')",
           R"(echo '{"identity": "x", "hyperparameters": [], "metrics": 7}')",
           R"(echo '{"identity": "x", "hyperparameters": [], "data": [7]}')",
           R"(echo '{"identity": "x", "hyperparameters": [], "devices": {"cpu": 1}}')",
           R"(printf '{"identity": "x", "hyperparameters": [], "a": '; head -c 2000000 /dev/zero | tr '\0' '[')",
       }) {
    const Said said = run_with_trainer(shop, body);
    INFO(body);
    CHECK(said.code == 4);
    CHECK(said.err == refused);
  }
}

TEST_CASE("a limit of memory is that of the trial, not of the controller while it is made ready") {
  const Shop shop("#!/bin/sh\nsleep 1.1\necho loss=1\n",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "resources": {"memory_mb": 8},
                      "command": ["./train.sh"], "parameters": {"x": {"values": [1, 2]}}})");
  const Said said = shop.sweep("run sweep.json --slots 1");
  INFO(said.out + said.err);
  CHECK(said.code == 0);
}
