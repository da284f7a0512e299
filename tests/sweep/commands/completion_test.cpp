// What the shells are told to offer, and that the scripts are scripts.
#include <cstdlib>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/program.h"

namespace {

std::string words(const Workplace& place, const std::string& line) {
  const Said said = place.sweep("completion words -- " + line);
  CHECK(said.code == 0);
  CHECK(said.err.empty());
  return said.out;
}

bool has_program(const std::string& name) { return std::system(("command -v " + name + " >/dev/null").c_str()) == 0; }

}  // namespace

TEST_CASE("verbs, flags and the words of a flag are completed") {
  const Workplace place;
  CHECK(words(place, "re") == "replay\nreport\nresume\nretry\n");
  CHECK(words(place, "--runs elsewhere rep") == "replay\nreport\n");
  CHECK(words(place, "retry --outcome st") == "stalled\n");
  CHECK(words(place, "report --fo") == "--format\n");
  CHECK(words(place, "report --format ''") == "csv\nhtml\njson\nmd\ntable\n");
  CHECK(words(place, "st") == "stop\n");
  CHECK(words(place, "ca") == "cancel\n");
  CHECK(words(place, "cancel --n") == "--no-color\n--no-wait\n--now\n");
  CHECK(words(place, "stop ''") == "last\n");
  CHECK(words(place, "run x.json --device c") == "cpu\ncuda\n");
  CHECK(words(place, "run ''") == ":files\n");
  CHECK(words(place, "run sweep.json --qu") == "--quiet\n");
  CHECK(words(place, "report --output ''") == ":files\n");
  CHECK(words(place, "completion b") == "bash\n");
  CHECK(words(place, "nonsense ''").empty());
}

TEST_CASE("ids of trials and ids and names of sweeps are completed, from the store that --runs names") {
  const Workplace place;
  CHECK(words(place, "replay ''") == "best\n");
  CHECK(words(place, "replay ./one") == ":files\n");
  CHECK(words(place, "export ./one") == "");
  const std::vector<std::string> trials = place.run_points("my points");
  for (const std::string& trial : trials) {
    CHECK(words(place, "replay " + trial.substr(0, 9)) == trial + "\n");
    CHECK(words(place, "--runs=runs show " + trial.substr(0, 9)) == trial + "\n");
    CHECK(words(place, "--runs nowhere show " + trial.substr(0, 9)).empty());
  }
  const std::string sweep = core::parse_json(place.sweep("list --json").out, "list").at("sweeps")[0].at("id");
  CHECK(words(place, "report " + sweep.substr(0, 4)) == sweep + "\n");
  CHECK(words(place, "report my") == "my points\n");
  CHECK(words(place, "report --columns learn") == "learning_rate\n");
  CHECK(words(place, "report 'my points' --columns rank,val_") == "rank,val_accuracy\nrank,val_loss\n");
  CHECK(words(place, "report --columns rank,outc") == "rank,outcome\n");
  CHECK(words(place, "report --sort epoch,-hid") == "epoch,-hidden\n");
  CHECK(words(place, "report elsewhere --sort ''") == "");
  CHECK(words(place, "--runs nowhere report --sort ''") == "");
  CHECK(words(place, "stop " + sweep.substr(0, 4)) == sweep + "\n");
  CHECK(words(place, "cancel my") == "my points\n");
}

TEST_CASE("the script for bash completes a verb, and a name with a blank is quoted") {
  if (!has_program("bash")) skip("there is no bash");
  const Workplace place;
  place.run_points("my points");
  place.write("try.bash", R"(source <("$1" completion bash)
COMP_WORDS=("$1" "${@:2}"); COMP_CWORD=$(($# - 1)); _sweep; printf '%s\n' "${COMPREPLY[@]}")");
  const auto complete = [&](const std::string& typed) {
    const std::string program = std::string(SWEEP_BINARY_DIR) + "/bin/sweep";
    const std::string line =
        "cd " + place.path().string() + " && bash try.bash " + program + " " + typed + " >found.txt";
    CHECK(std::system(line.c_str()) == 0);
    return place.read("found.txt");
  };
  CHECK(complete("repl") == "replay\n");
  CHECK(complete("report my") == "my\\ points\n");
  CHECK(complete("check points.c") == "points.csv\n");
}

TEST_CASE("zsh reads the script for zsh") {
  if (!has_program("zsh")) skip("there is no zsh");
  const Workplace place;
  CHECK(place.sweep("completion zsh | zsh -n").code == 0);
}

TEST_CASE("fish reads the script for fish") {
  if (!has_program("fish")) skip("there is no fish");
  const Workplace place;
  CHECK(place.sweep("completion fish | fish -n").code == 0);
}
