// The program itself, as a process: flags, exit codes, SIGTERM, and a reader that goes away.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/digest.h"
#include "core/files.h"
#include "core/json.h"
#include "protocol/data_set.h"
#include "protocol/event.h"
#include "protocol/outcome.h"
#include "protocol/trial_document.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/program.h"

namespace {

std::string document(const TemporaryFolder& folder, core::Json config) {
  protocol::TrialDocument trial;
  trial.sweep = "s";
  trial.trial = "t";
  trial.seed = 5;
  trial.config = std::move(config);
  trial.data =
      protocol::DataSource{"builtin:spirals", "", protocol::data_digest(protocol::locate_data("builtin:spirals"))};
  return folder.write("trial.json", core::canonical_json(trial.to_json())).string();
}

std::vector<protocol::Event> events_in(const std::string& text) {
  std::vector<protocol::Event> events;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    events.push_back(protocol::Event::parse(text.substr(begin, end - begin), "test"));
  return events;
}

std::string finished_line(const std::vector<protocol::Event>& events) {
  protocol::Event last = events.back();
  last.seq = 0;
  return last.line();
}

}  // namespace

TEST_CASE("the program says what a data set holds, and what is wrong with one") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "x,y\n1,0.5\n2,1.5\n").string();
  const Run right = run(folder, {"data", file, R"({"task":"regression"})"});
  CHECK(right.code == 0);
  const core::Json about = core::Json::parse(right.output);
  CHECK(about["task"] == "regression");
  CHECK(about["samples"] == 2);
  CHECK(about["features"] == 1);
  const Run wrong = run(folder, {"data", file});
  CHECK(wrong.code == 2);
  const core::Json problems = core::Json::parse(wrong.output)["problems"];
  REQUIRE(problems.size() == 1);
  CHECK(problems[0]["place"] == file + ":2");
  CHECK(run(folder, {"data", "builtin:images"}).code == 0);
}

TEST_CASE("the program says what trials of given configurations could not do with a data set") {
  const TemporaryFolder folder;
  const Run run_of = run(folder, {"data", "builtin:images", "",
                                  R"([{"model":"cnn","freeze":["blocks.0"]},{"model":"cnn","freeze":"block.0"},
                                      {"model":"transformer"},{"split":"file"}])"});
  CHECK(run_of.code == 0);
  const core::Json about = core::Json::parse(run_of.output), trials = about["trials"];
  CHECK(about["classes"] == 10);
  REQUIRE(trials.size() == 3);
  CHECK(trials[0] == core::Json({{"trial", 1},
                                 {"place", "config.freeze"},
                                 {"problem", "there is no layer and no trained tensor 'block.0'"},
                                 {"remedy", "did you mean 'blocks.0'?"}}));
  CHECK(trials[1]["place"] == "config.model");
  CHECK(trials[2]["trial"] == 3);
  CHECK(trials[2]["problem"] == "the data set has no file of indices");
}

TEST_CASE("what is said of configurations beforehand is what their trials would say: of batches, losses and images") {
  const TemporaryFolder folder;
  std::string text = "x,label\n";
  for (int i = 0; i < 10; ++i) text += std::to_string(i) + (i % 2 ? ",a\n" : ",b\n");
  const Run said = run(folder, {"data", folder.write("a.csv", text).string(), "",
                                R"([{"hidden":[32768],"batch_size":65536},{"loss":"mse"},{"flip":true}])"});
  CHECK(said.code == 0);
  const core::Json trials = core::Json::parse(said.output)["trials"];
  REQUIRE(trials.size() == 2);
  CHECK(trials[0] == core::Json({{"trial", 1},
                                 {"place", "config.loss"},
                                 {"problem", "is for numbers, and the data set has classes"},
                                 {"remedy", "write cross_entropy"}}));
  CHECK(trials[1]["trial"] == 2);
  CHECK(trials[1]["place"] == "config.flip");
}

TEST_CASE("the program describes itself in one line of JSON") {
  const TemporaryFolder folder;
  const Run described = run(folder, {"--describe"});
  CHECK(described.code == 0);
  const core::Json json = core::Json::parse(described.output);
  CHECK(json["protocol"] == 1);
  CHECK(json["metrics"] == core::Json({"train_loss", "val_loss", "val_accuracy", "val_top5", "val_r2"}));
  CHECK(json["data"] == core::Json({"spirals", "surface", "sums", "images"}));
  CHECK(json["identity"].get<std::string>().starts_with("sweep-trainer/1:"));
  CHECK(json["hyperparameters"].size() == 51);
}

TEST_CASE("numerics fast without a GPU, or without its libraries, end with exit code 4 and a clear word") {
  const TemporaryFolder folder;
  const Run asked = run(folder, {"fast"});
  if (asked.code == 0) {  // there is a GPU
    CHECK(core::Json::parse(asked.output).contains("multiprocessors"));
    return;
  }
  CHECK(asked.code == protocol::kTrainerUnsuitable);
  CHECK(asked.output.empty());
  const bool clear = asked.errors.starts_with("cuda: ") || asked.errors.starts_with("numerics fast: ") ||
                     asked.errors.starts_with("cudnn: ") || asked.errors.starts_with("cublaslt: ");
  INFO(asked.errors);
  CHECK(clear);
  core::Json trial = core::Json::parse(core::read_file(document(folder, {{"epochs", 1}})));
  trial["numerics"] = "fast-1";
  trial["device"] = "cuda";
  const std::string file = folder.write("fast.json", trial.dump()).string();
  const Run refused = run(folder, {file});
  CHECK(refused.code == protocol::kTrainerUnsuitable);
  CHECK(refused.errors == asked.errors);
  trial["device"] = "cpu";
  folder.write("fast.json", trial.dump());
  CHECK(run(folder, {file}).errors ==
        file + ": numerics fast-1 is for a GPU, write device cuda, or numerics portable-1\n");
}

TEST_CASE("a precision of fast-1 is refused where the trial is portable") {
  const TemporaryFolder folder;
  const Run refused = run(folder, {document(folder, {{"epochs", 1}, {"precision", "tf32"}})});
  CHECK(refused.code == protocol::kTrainerUserError);
  CHECK(refused.errors ==
        "config.precision: tf32 is of numerics fast, and the trial is of portable, write fp32, or numerics: fast\n");
}

TEST_CASE("a file of recorded algorithms that is none is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.write("algorithms.json", "{}").string();
  const Run refused = run(folder, {document(folder, {{"epochs", 1}})}, {{"SWEEP_ALGORITHMS", file}});
  CHECK(refused.code == protocol::kTrainerUserError);
  CHECK(refused.errors == file + ": is not a list of algorithms\n");
}

TEST_CASE("with timings a trial is the same, and the program says what each phase of its start took, in order") {
  const TemporaryFolder folder;
  const std::string trial = document(folder, {{"epochs", 1}});
  const Run timed = run(folder, {"--timings", trial});
  REQUIRE(timed.code == 0);
  CHECK(finished_line(events_in(timed.output)) == finished_line(events_in(run(folder, {trial}).output)));
  std::size_t at = 0;
  for (const char* phase : {"trial document ", "data set ", "device ", "samples ", "network ", "first step ",
                            "second step ", "third step ", "the rest ", "all "}) {
    INFO(phase);
    const std::size_t found = timed.errors.find(std::string("\n") + phase, at);
    REQUIRE(found != std::string::npos);
    CHECK(timed.errors.find(" ms\n", found) != std::string::npos);
    at = found + 1;
  }
}

TEST_CASE("help and version go to standard output, what is wrong to standard error") {
  const TemporaryFolder folder;
  CHECK(run(folder, {"--help"}).code == 0);
  CHECK(run(folder, {"--version"}).code == 0);
  const Run nothing = run(folder, {});
  CHECK(nothing.code == protocol::kTrainerUserError);
  CHECK(nothing.output.empty());
  CHECK(nothing.errors ==
        "arguments: no trial document, name one, or set SWEEP_TRIAL as sweep does; see sweep-trainer --help\n");
  const Run unknown = run(folder, {"--descibe"});
  CHECK(unknown.code == protocol::kTrainerUserError);
  CHECK(unknown.errors == "--descibe: there is no such flag, see sweep-trainer --help\n");
}

TEST_CASE("what is wrong is printed so that no name acts on the terminal") {
  const TemporaryFolder folder;
  CHECK(run(folder, {"--\x1b[31mred"}).errors == "--\\x1b[31mred: there is no such flag, see sweep-trainer --help\n");
  const Run refused = run(folder, {folder.write("trial.json", "{").string() + "\xc2\x9b"});
  CHECK(refused.code == 2);
  CHECK(refused.errors.find("trial.json\\x9b: cannot be read") != std::string::npos);
}

TEST_CASE("a document on the command line and one in SWEEP_TRIAL train the same") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"epochs", 2}, {"hidden", 8}});
  const Run by_hand = run(folder, {file});
  CHECK(by_hand.code == 0);
  const std::string target = (folder.path() / "events").string();
  const Run by_controller = run(folder, {}, {{"SWEEP_TRIAL", file}, {"SWEEP_EVENTS", target}});
  CHECK(by_controller.code == 0);
  CHECK(by_controller.output.empty());
  CHECK(core::read_file(target) == by_hand.output);
  CHECK(events_in(by_hand.output).size() == 7);  // started, 2 × (trace, metric), test metric, finished
}

TEST_CASE("wrong hyperparameters end with code 2 and no event") {
  const TemporaryFolder folder;
  const Run wrong = run(folder, {document(folder, {{"epochs", 0}})});
  CHECK(wrong.code == protocol::kTrainerUserError);
  CHECK(wrong.output.empty());
  CHECK(wrong.errors == "config.epochs: 0 does not fit, expected an integer from 1 to 100000\n");
}

TEST_CASE("a probe prints a line for each output, and refuses a number of passes that is none") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"hidden", 8}, {"dropout", 0.5}});
  const Run probed = run(folder, {"probe", file, "20"});
  CHECK(probed.code == 0);
  CHECK(probed.errors.empty());
  CHECK(
      probed.output.starts_with("1024 samples, 20 passes through the layers that draw random numbers\n"
                                "output        without           mean         spread\n     0 "));
  CHECK(std::count(probed.output.begin(), probed.output.end(), '\n') == 5);
  CHECK(run(folder, {"probe", file, "20"}).output == probed.output);
  const Run wrong = run(folder, {"probe", file, "x"});
  CHECK(wrong.code == protocol::kTrainerUserError);
  CHECK(wrong.errors == "passes: 'x' does not fit, expected an integer from 1 to 100000\n");
  CHECK(run(folder, {"probe"}).errors ==
        "arguments: probe takes a trial document and a number of passes, see sweep-trainer --help\n");
}

TEST_CASE("SIGTERM writes a checkpoint and ends with 75, and the trial goes on from it to the same end") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"epochs", 400}, {"hidden", 8}});
  const Run whole = run(folder, {file});
  REQUIRE(whole.code == 0);

  const Environment environment{{"SWEEP_CHECKPOINT_DIR", (folder.path() / "checkpoints").string()}};
  std::string first;
  {
    Process process({file}, environment, (folder.path() / "stderr").string());
    for (int lines = 0; lines < 4; ++lines) first += process.line() + "\n";
    process.signal(SIGTERM);
    for (std::string line; !(line = process.line()).empty();) first += line + "\n";
    REQUIRE(process.wait() == protocol::kTrainerInterrupted);
  }
  const std::vector<protocol::Event> before = events_in(first);
  const auto* checkpoint = std::get_if<protocol::Checkpoint>(&before.back().body);
  REQUIRE(checkpoint);
  CHECK(checkpoint->kind == "last");
  CHECK(checkpoint->sha256 == core::sha256_file(folder.path() / "checkpoints" / checkpoint->file));

  Environment resumed = environment;
  resumed["SWEEP_RESUME"] = (folder.path() / "checkpoints" / checkpoint->file).string();
  const Run rest = run(folder, {file}, resumed);
  CHECK(rest.code == 0);
  const std::vector<protocol::Event> after = events_in(rest.output);
  CHECK(std::get<protocol::Started>(after.front().body).resumed_from == checkpoint->step);
  CHECK(finished_line(after) == finished_line(events_in(whole.output)));
}

TEST_CASE("without a folder for checkpoints SIGTERM ends as the signal would have it") {
  const TemporaryFolder folder;
  Process process({document(folder, {{"epochs", 100000}, {"hidden", 8}})}, {}, (folder.path() / "stderr").string());
  CHECK(!process.line().empty());
  process.signal(SIGTERM);
  while (!process.line().empty()) {
  }
  CHECK(process.wait() == 128 + SIGTERM);
}

TEST_CASE("a damaged checkpoint is refused with its name") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"epochs", 1}, {"hidden", 8}});
  const std::string damaged = folder.write("last-3.safetensors", std::string("\x10\0\0\0\0\0\0\0{", 9)).string();
  const Run refused = run(folder, {file}, {{"SWEEP_RESUME", damaged}});
  CHECK(refused.code == protocol::kTrainerUserError);
  CHECK(refused.errors == damaged + ": is cut off at byte 9, within its header\n");
}

TEST_CASE("a document or checkpoint that is a device, a pipe, a folder or far too large is refused at once") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"epochs", 1}, {"hidden", 8}});
  const std::string pipe = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string sparse = folder.write("sparse", "").string();
  std::filesystem::resize_file(sparse, std::uintmax_t{1} << 40);
  const std::string none = ": is a device, a pipe or a socket, name a regular file\n";
  const std::string a_folder = folder.path().string();
  const auto refuses = [&](std::vector<std::string> arguments, const Environment& environment,
                           const std::string& message) {
    const Run refused = run(folder, std::move(arguments), environment);
    CHECK(refused.errors == message);
    CHECK(refused.code == protocol::kTrainerUserError);
    CHECK(refused.output.empty());
  };
  refuses({"/dev/zero"}, {}, "/dev/zero" + none);
  refuses({pipe}, {}, pipe + none);
  refuses({a_folder}, {}, a_folder + ": is a folder, name a file\n");
  refuses({sparse}, {}, sparse + ": has 1099511627776 bytes, at most 67108864 bytes are allowed here\n");
  refuses({file}, {{"SWEEP_RESUME", "/dev/zero"}}, "/dev/zero" + none);
  refuses({file}, {{"SWEEP_RESUME", pipe}}, pipe + none);
  refuses({file}, {{"SWEEP_RESUME", a_folder}}, a_folder + ": is a folder, name a file\n");
  refuses({file}, {{"SWEEP_RESUME", sparse}},
          sparse + ": has 1099511627776 bytes, at most 16777828 bytes are allowed here\n");
}

TEST_CASE("a full disk ends the trial with code 4 and says which file it was") {
  const TemporaryFolder folder;
  const std::string file = document(folder, {{"epochs", 1}, {"hidden", 8}});
  const Run full = run(folder, {file}, {{"SWEEP_EVENTS", "/dev/full"}});
  CHECK(full.code == protocol::kTrainerUnsuitable);
  CHECK(full.errors.find("/dev/full") != std::string::npos);
  CHECK(full.errors.find("No space left on device") != std::string::npos);
}

TEST_CASE("a trial whose reader has gone ends soon") {
  const TemporaryFolder folder;
  Process process({document(folder, {{"epochs", 100000}, {"hidden", 8}})}, {}, (folder.path() / "stderr").string());
  CHECK(!process.line().empty());
  process.close_output();
  CHECK(process.wait() == protocol::kTrainerUnsuitable);
  CHECK(core::read_file(folder.path() / "stderr").find("nobody reads the events any more\n") != std::string::npos);
}

TEST_CASE("cuda without a CUDA build or GPU ends with code 4") {
  const TemporaryFolder folder;
  core::Json json = core::Json::parse(core::read_file(document(folder, {{"epochs", 1}, {"hidden", 8}})));
  json["device"] = "cuda";
  const Run refused = run(folder, {folder.write("trial.json", json.dump()).string()});
  if (refused.code == 0) return;  // there is one
  CHECK(refused.code == protocol::kTrainerUnsuitable);
  CHECK(!refused.errors.empty());
}
