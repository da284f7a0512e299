// sweep export and sweep replay FILE, as a user types them: the same bytes each time, nothing of the machine in them,
// data asked for by digest, tampering refused before anything starts.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "core/files.h"
#include "core/json.h"
#include "protocol/event.h"
#include "sweep/capsule/archive.h"
#include "sweep/capsule/contents.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;
using core::Json;

namespace {

// Somebody else's folder: nothing of the one that made the capsule.
struct Elsewhere : Workplace {
  explicit Elsewhere(const Workplace& maker, const std::string& file = "a.capsule") {
    fs::remove(path() / "points.csv");
    fs::copy_file(maker.path() / file, path() / file);
    fs::create_directory(path() / "tmp");
  }
  Said replay(const std::string& arguments = "a.capsule") const {
    return sweep("replay " + arguments, "TMPDIR=" + (path() / "tmp").string());
  }
  bool left_nothing() const { return fs::is_empty(path() / "tmp"); }
};

void must(const Said& said) {
  INFO(said.out + said.err);
  REQUIRE(said.code == 0);
}

}  // namespace

TEST_CASE("a trial that is exported twice, and from a folder that was moved, gives the same bytes") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  const Said said = place.sweep("export '#1' -o a.capsule");
  must(said);
  const std::string bytes = place.read("a.capsule");
  const std::string size = std::to_string(bytes.size());
  CHECK(said.out.starts_with("a.capsule: trial " + ids[1] + ", 5 parts, " + size + " bytes\ncapsule "));
  must(place.sweep("export " + ids[1]));
  CHECK(place.read(ids[1] + ".capsule") == bytes);

  fs::rename(place.path() / "runs", place.path() / "moved");
  const Json json = core::parse_json(place.sweep("export '#1' --json -o b.capsule --runs moved").out, "export");
  CHECK(place.read("b.capsule") == bytes);
  CHECK(json["trial"] == ids[1]);
  CHECK(json["index"] == 1);
  CHECK(json["bytes"] == bytes.size());
  CHECK(said.out.ends_with("capsule " + json["capsule"].get<std::string>() + "\n"));
}

TEST_CASE("nothing of the machine or its user stands in a capsule, not even where the sweep file has a path of it") {
  const Workplace place;
  Json file = {
      {"method", "grid"},
      {"data", (place.path() / "points.csv").string()},
      {"device", "cpu"},
      {"metric", {{"name", "val_accuracy"}, {"goal", "maximize"}}},
      {"parameters", {{"hidden", {{"value", {4}}}}, {"epochs", {{"value", 1}}}, {"batch_size", {{"value", 8}}}}}};
  place.write("absolute.json", core::canonical_json(file));
  must(place.sweep("run absolute.json"));
  must(place.sweep("export '#0' -o a.capsule --with-data"));
  const std::string bytes = place.read("a.capsule");
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  CHECK(bytes.find(place.path().filename().string()) == bytes.npos);
  CHECK(bytes.find("/tmp") == bytes.npos);
  CHECK(bytes.find("\"host\"") == bytes.npos);
  if (std::string(host).size() > 4) CHECK(bytes.find(host) == bytes.npos);
  const Elsewhere elsewhere(place);
  must(elsewhere.replay());
}

TEST_CASE("elsewhere a capsule asks for its data by digest, takes it from --data, and gives the verdict of the store") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  must(place.sweep("export '#1' -o a.capsule"));
  const std::string points = place.read("points.csv");
  const Json shown = core::parse_json(place.sweep("show '#1' --json").out, "show");
  const std::string digest = "digest " + shown["identity"]["data"].get<std::string>();

  const Elsewhere elsewhere(place);
  const Said asks = elsewhere.replay();
  CHECK(asks.code == 2);
  CHECK(asks.out.empty());
  CHECK(asks.err == "data points.csv: is needed, with the " + digest +
                        ", name it with --data PATH, or export with --with-data\n"
                        "  points.csv: is not there\n  data/points.csv: is not there\n");
  elsewhere.write("other.csv", points + "0.1,1,1\n");
  const Said other = elsewhere.replay("a.capsule --data other.csv");
  CHECK(other.code == 2);
  CHECK(other.err.find("\n  other.csv: has the digest ") != std::string::npos);

  fs::create_directory(elsewhere.path() / "sets");
  elsewhere.write("sets/points.csv", points);
  for (const char* data : {"sets", "sets/points.csv"}) {
    const Said said = elsewhere.replay(std::string("a.capsule --json --data ") + data);
    must(said);
    const Json replayed = core::parse_json(said.out, "replay");
    CHECK(replayed["verdict"] == "identical");
    CHECK(replayed["trial"] == ids[1]);
    CHECK(replayed["capsule"].get<std::string>().size() == 64);
    const Json stored = core::parse_json(place.sweep("replay '#1' --json").out, "replay");
    CHECK(replayed["compared"] == stored["compared"]);
  }
  CHECK(elsewhere.left_nothing());
  CHECK_FALSE(fs::exists(elsewhere.path() / "runs"));
}

TEST_CASE("a capsule with its data and its checkpoints needs nothing else") {
  const Workplace place;
  place.run_points();
  must(place.sweep("export best -o a.capsule --with-data --with-checkpoint"));
  const Elsewhere elsewhere(place);
  const Said said = elsewhere.replay();
  must(said);
  CHECK(said.out.find(" parts, none changed\nidentical: trial ") != std::string::npos);
  CHECK(place.read("a.capsule").find("checkpoints/best-") != std::string::npos);
  CHECK(elsewhere.left_nothing());
}

TEST_CASE("a tampered capsule is refused, the part is named, and nothing is started or left") {
  const Workplace place;
  place.run_points();
  must(place.sweep("export '#0' -o a.capsule --with-data"));
  std::string bytes = place.read("a.capsule");
  const std::size_t at = bytes.find("\"train_loss\":0.");
  REQUIRE(at != bytes.npos);
  bytes[at + 15] ^= 1;
  place.write("a.capsule", bytes);
  const Elsewhere elsewhere(place);
  const Said said = elsewhere.replay();
  CHECK(said.code == 2);
  CHECK(said.out.empty());
  CHECK(said.err.starts_with("a.capsule: events.jsonl: is damaged after "));
  CHECK(elsewhere.left_nothing());
  elsewhere.write("b.capsule", "hello");
  CHECK(elsewhere.replay("./b.capsule").err ==
        "./b.capsule: is no zip archive that can be read (Not a zip archive), the file may be cut off\n");
  CHECK(elsewhere.replay("c.capsule").err == "c.capsule: cannot be read: No such file or directory\n");
}

TEST_CASE("a file that somebody put into a capsule beside its data or its sources is refused by its name") {
  const Workplace place;
  place.run_points();
  must(place.sweep("export '#0' -o plain.capsule --with-data"));
  const auto with = [](const Workplace& maker, const std::string& part) {
    sweep::Archive archive = sweep::unpack(maker.read("plain.capsule"), "plain.capsule");
    archive.parts[part] = "x";
    maker.write("a.capsule", sweep::pack(archive.trial, archive.parts, "a.capsule"));
    const Elsewhere elsewhere(maker);
    const Said said = elsewhere.replay("a.capsule --trust-command");
    CHECK(said.code == 2);
    CHECK(said.out.empty());
    CHECK(elsewhere.left_nothing());
    return said.err;
  };
  CHECK(with(place, "data/\xc3\xa9") == "data/\xc3\xa9: is no file of the data set, the capsule was changed\n");
  CHECK(with(place, "data/C:x") == "data/C:x: is no file of the data set, the capsule was changed\n");
  const Shop shop;
  must(shop.sweep("run sweep.json"));
  must(shop.sweep("export '#1' -o plain.capsule --with-sources"));
  CHECK(with(shop, "program/sitecustomize.py") ==
        "a.capsule: program/sitecustomize.py: is no source of the program, the capsule was changed\n");
  CHECK(with(shop, "trainer") ==
        "a.capsule: trainer: is there, and the trial is of another program, the capsule was changed\n");
}

TEST_CASE("a capsule whose record lies is told so at the first step that differs, and what it gave is kept") {
  const Workplace place;
  place.run_points();
  protocol::Event event = protocol::Event::parse(place.event_line("trace", 0), "test");
  auto& trace = std::get<protocol::Trace>(event.body);
  trace.weights[2 * trace.tensors.size()] ^= 1;
  place.set_event_line("trace", 0, event.line());
  must(place.sweep("export '#0' -o a.capsule --with-data"));
  const Elsewhere elsewhere(place);
  const Said said = elsewhere.replay("a.capsule --runs mine");
  CHECK(said.code == 3);
  CHECK(said.out.find("\nstep 3: weights of " + trace.tensors[0] + ": recorded 0x") != std::string::npos);
  CHECK(said.out.find("/mine/capsules/") != std::string::npos);
  CHECK(fs::exists(elsewhere.path() / "mine/capsules"));
}

TEST_CASE("a trial replays whatever its index: those before it are not planned") {
  const Shop shop("#!/bin/sh\necho step=1 loss=1.5\n",
                  R"({"method": "random", "run_cap": 1000000000000000, "command": ["./train.sh", "${args}"],
      "metric": {"name": "loss", "goal": "minimize", "target": 2},
      "parameters": {"x": {"distribution": "uniform", "min": 0, "max": 1}}})");
  must(shop.sweep("run sweep.json --slots 1"));
  must(shop.sweep("export '#0' -o a.capsule --with-sources"));
  // The same, as it would have been recorded of a late trial.
  constexpr std::uint64_t kLate = 900'000'000'000'000;
  sweep::Archive archive = sweep::unpack(shop.read("a.capsule"), "a.capsule");
  const sweep::CapsuleContents first = sweep::from_parts(archive.parts, archive.trial, "a.capsule");
  sweep::CapsuleRecord record = first.record;
  const sweep::PlannedTrial planned = first.plan.trial(kLate);
  record.index = kLate;
  for (sweep::StoredEvent& stored : record.events) {
    if (auto* event = std::get_if<sweep::TrialPlanned>(&stored.event))
      *event = {0, planned.replicate, planned.id, planned.config, planned.seed, {}};
    std::visit([](auto& event) { event.index = kLate; }, stored.event);
  }
  for (auto& [name, text] : sweep::to_parts(sweep::understand(record, "the trial"))) archive.parts[name] = text;
  shop.write("a.capsule", sweep::pack(planned.id, archive.parts, "a.capsule"));
  const Elsewhere elsewhere(shop);
  const Said said = elsewhere.replay("a.capsule --trust-command --json");
  must(said);
  const Json replayed = core::parse_json(said.out, "replay");
  CHECK(replayed["verdict"] == "identical");
  CHECK(replayed["index"] == kLate);
  CHECK(replayed["trial"] == planned.id);
}

TEST_CASE("a name of data from a stranger acts on no terminal and forges no line") {
  const Workplace place;
  place.run_points();
  must(place.sweep("export '#0' -o a.capsule"));
  sweep::Archive archive = sweep::unpack(place.read("a.capsule"), "a.capsule");
  for (const char* part : {"record.json", "trial.json"}) {
    Json json = core::parse_json(archive.parts[part], part);
    json["data"]["name"] = "p\n\x1b[2Kidentical: trial 0";
    archive.parts[part] = core::canonical_json(json);
  }
  place.write("a.capsule", sweep::pack(archive.trial, archive.parts, "a.capsule"));
  const Elsewhere elsewhere(place);
  const Said said = elsewhere.replay();
  CHECK(said.code == 2);
  CHECK(said.err.find("\n  p??[2Kidentical: trial 0: is not there\n") != std::string::npos);
  CHECK(said.err.find("\nidentical") == std::string::npos);
  CHECK(said.err.find('\x1b') == std::string::npos);
}

TEST_CASE(
    "absolute paths of the command stay in a capsule and are said, and a source that is named by one is left out") {
  const Shop shop;
  const std::string script = (shop.path() / "train.sh").string();
  shop.write("sweep.json", R"({"method": "grid", "name": "own", "metric": {"name": "loss", "goal": "minimize"},
    "command": [")" + script + R"(", "${args}"], "parameters": {"x": {"values": [3, 1, 2]}}})");
  must(shop.sweep("run sweep.json"));
  const Said said = shop.sweep("export '#1' -o a.capsule");
  must(said);
  CHECK(said.err ==
        "absolute paths of `command` and `inputs` stay as they are, and a replay looks there: " + script + "\n");
  const Said refused = shop.sweep("export '#1' -o b.capsule --with-sources");
  CHECK(refused.code == 2);
  CHECK(refused.err == "--with-sources: the command names " + script +
                           " by its absolute path: a replay elsewhere would look for it there, and not in the capsule, "
                           "leave the flag out, or run the sweep with a relative path\n");
  CHECK_FALSE(fs::exists(shop.path() / "b.capsule"));
}

TEST_CASE("of a capsule whose trial is different what the replay wrote is kept, in no store") {
  const Shop shop("#!/bin/sh\necho \"step=1 loss=$(cat \"$0.number\")\"\n");
  shop.write("train.sh.number", "1");
  must(shop.sweep("run sweep.json"));
  must(shop.sweep("export '#2' -o a.capsule"));
  shop.write("train.sh.number", "2");
  const Said said = shop.sweep("replay ./a.capsule --trust-command --program .", "TMPDIR=" + shop.path().string());
  CHECK(said.code == 3);
  const std::size_t at = said.out.rfind("kept: ") + 6, end = said.out.find("/trials/", at);
  REQUIRE(end != std::string::npos);
  const std::string folder = said.out.substr(at, end - at);
  CHECK(fs::exists(folder + "/trials"));
  const Said report = shop.sweep("report --runs '" + folder + "'");
  CHECK(report.code == 2);
  CHECK(report.err ==
        folder + "/sweeps.db: there is no store here, run a sweep first, or name its folder with --runs\n");
}

TEST_CASE("a trial that was stopped beyond the end of its sweep is not exported, and it is said why") {
  const Shop shop(R"(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; esac; done
if [ "$x" = 1 ]; then touch "$HERE/started"; exec sleep 600; fi
while [ ! -e "$HERE/started" ]; do sleep 0.02; done
echo "step=1 loss=$x.5"
)",
                  R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize", "target": 4},
      "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1]}}})");
  must(shop.sweep("run sweep.json --slots 2", "HERE=" + shop.path().string()));
  const Said said = shop.sweep("export '#1' -o a.capsule");
  CHECK(said.code == 2);
  CHECK(
      said.err.ends_with(": was stopped beyond the end of its sweep, and has no result, there is nothing to export\n"));
}

TEST_CASE("a flag that is for a capsule is refused where there is none") {
  const Workplace place;
  place.run_points();
  for (const char* flag : {"--data points.csv", "--program .", "--trust-trainer", "--trust-command"})
    for (const char* what : {"'#0' ", "--all "}) {
      const Said said = place.sweep(std::string("replay ") + what + flag);
      const std::string name = std::string(flag).substr(0, std::string_view(flag).find(' '));
      CHECK(said.code == 2);
      CHECK(said.err == name + ": is for a capsule, name its file as TRIAL\n");
    }
}

TEST_CASE("what cannot be exported is said") {
  const Workplace place;
  place.run_points();
  CHECK(place.sweep("export '#0' --with-sources").err ==
        "--with-sources: the trial is of the built-in trainer, use --with-trainer\n");
  fs::remove_all(place.path() / "runs/trials");
  const Said none = place.sweep("export '#0' --with-checkpoint");
  CHECK(none.code == 2);
  CHECK(none.err.find("--with-checkpoint: no checkpoint of trial ") == 0);
  CHECK(place.sweep("export '#9'").code == 2);
  CHECK(place.sweep("export '#0' -o points.csv/a.capsule").code == 4);
  place.write("notes.txt", "precious");
  const Said taken = place.sweep("export '#0' -o notes.txt");
  CHECK(taken.code == 2);
  CHECK(taken.err == "notes.txt: is there already and is no capsule, name another file with -o\n");
  CHECK(place.read("notes.txt") == "precious");
  CHECK(place.sweep("export '#0' -o a.capsule").code == 0);
  CHECK(place.sweep("export '#0' -o a.capsule").err ==
        "a.capsule: is there already, name another file with -o, or replace it with --force\n");
}

TEST_CASE(
    "a program of the user's own replays from a capsule where its sources are, and only when that was asked for") {
  const Shop shop;
  must(shop.sweep("run sweep.json"));
  must(shop.sweep("export '#1' -o a.capsule"));
  must(shop.sweep("export '#1' -o full.capsule --with-sources"));
  CHECK(shop.sweep("export '#1' --with-trainer").err ==
        "--with-trainer: the trial is of a program of your own, use --with-sources\n");

  const Elsewhere elsewhere(shop);
  const Said refused = elsewhere.replay();
  CHECK(refused.code == 2);
  CHECK(refused.err.find(": runs a program of its own, which is not started unasked, look at its command and files, "
                         "then say --trust-command (and --program FOLDER, where they lie elsewhere)\n"
                         "  command: ./train.sh '${args}'\n  ") != std::string::npos);
  CHECK(refused.err.ends_with(core::sha256_hex(kScript) + "  train.sh\n"));
  CHECK(elsewhere.replay("a.capsule --trust-command").code != 0);  // there is no such program here

  const Said with_program = elsewhere.replay("a.capsule --trust-command --program '" + shop.path().string() + "'");
  must(with_program);
  CHECK(has(with_program.out, "identical: trial "));
  shop.program("train.sh", std::string(kScript) + "# another\n");
  const Said changed = elsewhere.replay("a.capsule --trust-command --program '" + shop.path().string() + "'");
  CHECK(changed.code == 4);
  CHECK(has(changed.err, "train.sh"));

  const Elsewhere full(shop, "full.capsule");
  CHECK(full.replay("full.capsule").code == 2);
  must(full.replay("full.capsule --trust-command"));
  CHECK(full.left_nothing());
}
