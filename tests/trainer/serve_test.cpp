// A worker against processes of their own: what it says of a trial is what they say, byte for byte.
#include <filesystem>

#include "core/json.h"
#include "protocol/assignment.h"
#include "protocol/data_set.h"
#include "protocol/event.h"
#include "protocol/outcome.h"
#include "protocol/trial_document.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/program.h"

namespace {

namespace fs = std::filesystem;

struct Trial {
  std::string data;
  core::Json config;
  std::uint32_t seed = 1;
  int threads = 1;
  std::string checkpoint_dir{}, resume{};

  protocol::TrialDocument document() const {
    protocol::TrialDocument trial;
    trial.sweep = "s";
    trial.trial = "t";
    trial.seed = seed;
    trial.threads = threads;
    trial.config = config;
    const bool builtin = protocol::is_builtin(data);
    trial.data = protocol::DataSource{data, builtin ? "" : data, protocol::data_digest(protocol::locate_data(data))};
    return trial;
  }

  Environment environment() const { return {{"SWEEP_CHECKPOINT_DIR", checkpoint_dir}, {"SWEEP_RESUME", resume}}; }

  std::string assignment() const {
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment()) variables.push_back(name + "=" + value);
    return protocol::assignment_line(core::canonical_json(document().to_json()), variables);
  }

  Run alone(const TemporaryFolder& folder) const {
    return run(folder, {folder.write("trial.json", core::canonical_json(document().to_json())).string()},
               environment());
  }
};

Run serve(const TemporaryFolder& folder, const std::vector<Trial>& trials) {
  std::string lines;
  for (const Trial& trial : trials) lines += trial.assignment();
  return run(folder, {"--serve"}, {}, folder.write("assignments", lines).string());
}

std::string done() { return std::string(protocol::kWorkerDone) + "\n"; }

// Of each model, with what else a worker keeps or may mix up: the data, the split, the windows of a text, the threads.
std::vector<Trial> trials_of_every_model() {
  const auto with = [](core::Json config) {
    const int epochs = config.contains("model") ? 1 : 2;
    config.update(core::Json({{"epochs", epochs}, {"batch_size", 256}, {"learning_rate", 0.01}}));
    return config;
  };
  const core::Json cnn = with({{"model", "cnn"}, {"channels", 2}, {"dense", 8}, {"dropout", 0.1}, {"flip", true}});
  const core::Json text = {{"model", "transformer"}, {"layers", 1}, {"heads", 1}, {"width", 8}, {"dropout", 0.1}};
  core::Json short_text = with(text), long_text = with(text);
  short_text["context"] = 8;
  long_text["context"] = 16;
  return {
      {"builtin:spirals", with({{"hidden", 8}, {"split", "random"}}), 1},
      {"builtin:spirals", with({{"hidden", 8}, {"split", "random"}}), 2},
      {"builtin:spirals", with({{"hidden", {4, 5}}, {"split", "stratified"}, {"optimizer", "adamw"}}), 3},
      {"builtin:spirals", with({{"hidden", 8}, {"validation_fraction", 0}}), 4},
      {"builtin:images", with({{"hidden", 8}, {"split", "random"}}), 1},
      {"builtin:images", cnn, 1},
      {"builtin:images", cnn, 2, 2},
      {"builtin:images", with({{"model", "resnet"}, {"width", 1}, {"split", "tail"}}), 2},
      {"builtin:images", with({{"hidden", 8}, {"split", "tail"}, {"patience", 1}}), 2},
      {"builtin:surface", with({{"hidden", 8}, {"optimizer", "lion"}}), 5},
      {"builtin:surface", with({{"hidden", 8}, {"loss", "mae"}}), 6},
      {"builtin:sums", short_text, 1},
      {"builtin:sums", long_text, 1},
  };
}

}  // namespace

TEST_CASE("a worker says of trials of every model what processes of their own say, in any order") {
  const TemporaryFolder folder;
  const std::vector<Trial> trials = trials_of_every_model();
  std::vector<std::string> alone;
  for (const Trial& trial : trials) {
    const Run own = trial.alone(folder);
    INFO(own.errors);
    REQUIRE(own.code == 0);
    alone.push_back(own.output);
  }
  std::string wanted;
  for (const std::string& output : alone) wanted += output + done();
  for (std::size_t i = alone.size(); i-- > 0;) wanted += alone[i] + done();
  std::vector<Trial> twice = trials;
  twice.insert(twice.end(), trials.rbegin(), trials.rend());
  const Run served = serve(folder, twice);
  INFO(served.errors);
  CHECK(served.code == 0);
  CHECK((served.output == wanted));  // in brackets: the two are long
}

TEST_CASE("a worker goes on from a checkpoint as a process of its own does, and writes the same files") {
  const TemporaryFolder folder;
  const std::string begun = (folder.path() / "begun").string();
  const core::Json config = {{"epochs", 400}, {"hidden", 8}};
  Trial trial{"builtin:spirals", config, 5, 1, begun};
  std::string checkpoint;
  {
    const std::string file = folder.write("trial.json", core::canonical_json(trial.document().to_json())).string();
    Process process({file}, trial.environment(), (folder.path() / "stderr").string());
    for (int lines = 0; lines < 4; ++lines) process.line();
    process.signal(SIGTERM);
    for (std::string line; !(line = process.line()).empty();) {
      const protocol::Event event = protocol::Event::parse(line, "test");
      if (const auto* written = std::get_if<protocol::Checkpoint>(&event.body)) checkpoint = written->file;
    }
    REQUIRE(process.wait() == protocol::kTrainerInterrupted);
  }
  REQUIRE(checkpoint.starts_with("last-"));
  Trial alone = trial, served = trial;
  for (Trial* each : {&alone, &served}) {
    each->checkpoint_dir = (folder.path() / (each == &alone ? "alone" : "served")).string();
    fs::copy(begun, each->checkpoint_dir);
    each->resume = (fs::path(each->checkpoint_dir) / checkpoint).string();
  }
  const Trial before{"builtin:spirals", config, 6};
  const Run own = alone.alone(folder), worker = serve(folder, {before, served});
  CHECK(own.code == 0);
  CHECK(worker.code == 0);
  CHECK((worker.output == before.alone(folder).output + done() + own.output + done()));
  CHECK(own.output.find("\"kind\":\"best\"") != std::string::npos);
  for (const auto& entry : fs::directory_iterator(alone.checkpoint_dir))
    CHECK(core::read_file(entry.path()) == core::read_file(fs::path(served.checkpoint_dir) / entry.path().filename()));
}

TEST_CASE("a trial that fails is a worker's last, with the code and the words of a process of its own") {
  const TemporaryFolder folder;
  const Trial good{"builtin:spirals", {{"epochs", 1}, {"hidden", 8}}};
  const Trial bad{"builtin:spirals", {{"epochs", 0}}};
  const Run own = bad.alone(folder), worker = serve(folder, {good, bad, good});
  CHECK(worker.code == own.code);
  CHECK(worker.output == good.alone(folder).output + done());
  CHECK(worker.errors.ends_with(own.errors));
}

TEST_CASE("a line that is no assignment ends a worker with code 2, and the end of the lines with 0") {
  const TemporaryFolder folder;
  const auto given = [&](const std::string& lines) {
    return run(folder, {"--serve"}, {}, folder.write("assignments", lines).string());
  };
  CHECK(given("").code == 0);
  CHECK(given(R"({"document":)").code == 0);  // a line without its end was cut off with the controller
  const Run wrong = given("[]\n");
  CHECK(wrong.code == protocol::kTrainerUserError);
  CHECK(wrong.errors == "assignment: is no assignment, expected {\"document\": …, \"environment\": {…}} on one line\n");
  CHECK(given("{\n").errors == "assignment: not valid JSON at byte 2\n");
  CHECK(given("\xff\xfe\n").code == protocol::kTrainerUserError);
}
