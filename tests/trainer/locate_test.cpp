// Single steps of a trial: what each computes, by name, and what a record must have been made with. The verbs as the
// controller asks them; what they are made of where that is easier to hold.
#include "trainer/locate/fingerprint_editor.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "protocol/data_set.h"
#include "protocol/event.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "trainer/locate/recorded_steps.h"
#include "trainer/training/trial.h"

using core::Json;
using trainer::FingerprintEditor;

namespace {

struct Answer {
  int code = 0;
  std::vector<Json> lines;
  std::string err;
};

// A folder with a trial document and its recorded events.
class Bench {
 public:
  Json document = {{"protocol", 1},
                   {"sweep", "a"},
                   {"trial", "b"},
                   {"index", 0},
                   {"replicate", 0},
                   {"seed", 11},
                   {"config", {{"epochs", 1}, {"hidden", {4}}, {"batch_size", 256}, {"learning_rate", 0.01}}},
                   {"device", "cpu"},
                   {"gpu", ""},
                   {"threads", 1},
                   {"numerics", "portable-1"},
                   {"data",
                    {{"name", "builtin:spirals"},
                     {"path", ""},
                     {"sha256", protocol::data_digest(protocol::locate_data("builtin:spirals", {}))}}},
                   {"trace", "step"}};

  void write() const { folder_.write("trial.json", core::canonical_json(document)); }

  /// The events of the training, its traces alone, into events.jsonl.
  void record() const {
    write();
    std::string events;
    trainer::EventSink sink([&](std::string_view line) {
      if (line.find("\"trace\"") != line.npos) events += line;
    });
    trainer::TrialOrder order;
    order.place = "test";
    order.document = protocol::TrialDocument::from_json(document, "test");
    trainer::run_trial(order, sink);
    folder_.write("events.jsonl", events);
  }

  Answer ask(const std::string& arguments, const std::string& out = "out.txt") const {
    const std::string command = "cd '" + folder_.path().string() + "' && '" SWEEP_TRAINER "' " + arguments + " >" +
                                out + " 2>err.txt </dev/null";
    Answer answer;
    answer.code = WEXITSTATUS(std::system(command.c_str()));
    std::ifstream lines(folder_.path() / "out.txt");
    for (std::string line; std::getline(lines, line);) answer.lines.push_back(core::parse_json(line, "line"));
    answer.err = core::read_file(folder_.path() / "err.txt");
    return answer;
  }
  std::string read(const std::string& file) const { return core::read_file(folder_.path() / file); }

 private:
  TemporaryFolder folder_;
};

std::vector<std::string> names_of(const std::vector<Json>& lines) {
  std::vector<std::string> names;
  for (const Json& line : lines)
    if (line.contains("tensor")) names.push_back(line["tensor"].get<std::string>());
  return names;
}

std::uint64_t plain_print(const std::vector<std::uint32_t>& words, std::uint32_t tensor) {
  return kernels::fingerprint_range(words.data(), 0, static_cast<int>(words.size()), tensor);
}

}  // namespace

TEST_CASE("a word put into a fingerprint, and two exchanged, give what hashing anew gives") {
  std::vector<std::uint32_t> words(2500);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint32_t>(i * 2654435761u);
  FingerprintEditor editor(words, 5);
  CHECK(editor.print() == plain_print(words, 5));
  for (const std::size_t at : {std::size_t{0}, std::size_t{511}, std::size_t{512}, std::size_t{2499}}) {
    std::vector<std::uint32_t> other = words;
    other[at] ^= 1u << 31;
    CHECK(editor.print_with(at, other[at]) == plain_print(other, 5));
  }
  for (const auto& [i, j] : {std::pair<std::size_t, std::size_t>{3, 515}, {0, 1}, {100, 2400}}) {
    std::vector<std::uint32_t> other = words;
    std::swap(other[i], other[j]);
    CHECK(editor.print_swapped(i, j) == plain_print(other, 5));
  }
  CHECK(editor.print() == plain_print(words, 5));
}

TEST_CASE("the tensors of a step are listed in the order in which they are computed") {
  Bench bench;
  bench.write();
  const Answer answer = bench.ask("trace trial.json 2");
  INFO(answer.err);
  REQUIRE(answer.code == 0);
  CHECK(names_of(answer.lines) == std::vector<std::string>{"before.layers.0.weight",
                                                           "before.layers.0.bias",
                                                           "before.layers.1.weight",
                                                           "before.layers.1.bias",
                                                           "before.optimizer.first.layers.0.weight",
                                                           "before.optimizer.second.layers.0.weight",
                                                           "before.optimizer.first.layers.0.bias",
                                                           "before.optimizer.second.layers.0.bias",
                                                           "before.optimizer.first.layers.1.weight",
                                                           "before.optimizer.second.layers.1.weight",
                                                           "before.optimizer.first.layers.1.bias",
                                                           "before.optimizer.second.layers.1.bias",
                                                           "batch.indices",
                                                           "batch.samples",
                                                           "batch.labels",
                                                           "forward.layers.0.gemm",
                                                           "forward.layers.0.bias_activation",
                                                           "forward.layers.1.gemm",
                                                           "forward.layers.1.bias_activation",
                                                           "loss.loss",
                                                           "loss.hits",
                                                           "loss.gradient",
                                                           "gradient.layers.1.bias",
                                                           "gradient.layers.1.weight",
                                                           "backward.layers.1.gemm",
                                                           "backward.layers.0.activation_backward",
                                                           "gradient.layers.0.bias",
                                                           "gradient.layers.0.weight",
                                                           "update.rates",
                                                           "update.layers.0.weight.first_moment",
                                                           "update.layers.0.weight.second_moment",
                                                           "update.layers.0.weight",
                                                           "update.layers.0.bias.first_moment",
                                                           "update.layers.0.bias.second_moment",
                                                           "update.layers.0.bias",
                                                           "update.layers.1.weight.first_moment",
                                                           "update.layers.1.weight.second_moment",
                                                           "update.layers.1.weight",
                                                           "update.layers.1.bias.first_moment",
                                                           "update.layers.1.bias.second_moment",
                                                           "update.layers.1.bias"});
}

TEST_CASE("what a step is traced to begin and end with is what the record has, and the same every time") {
  Bench bench;
  bench.record();
  const auto record = trainer::RecordedSteps::parse(bench.read("events.jsonl"), "events");
  const Answer second = bench.ask("trace trial.json 2"), third = bench.ask("trace trial.json 3");
  const Json& prints = second.lines.back();
  std::vector<std::uint64_t> weights;
  for (const std::string& name : record.tensors())
    weights.push_back(std::stoull(prints["weights"][name].get<std::string>(), nullptr, 16));
  CHECK(weights == record.at(2)->weights);
  CHECK(std::stoull(prints["batch"].get<std::string>(), nullptr, 16) == record.at(2)->batch);
  const auto digest = [](const Answer& of, const std::string& name) {
    for (const Json& line : of.lines)
      if (line.value("tensor", "") == name) return line["digest"].get<std::string>();
    return std::string();
  };
  CHECK(digest(second, "update.layers.0.weight") == digest(third, "before.layers.0.weight"));
  const Answer steps = bench.ask("trace trial.json 1 3");
  REQUIRE(steps.lines.size() == 3);
  CHECK(bench.ask("trace trial.json 3 3").lines.front() == steps.lines.back());
}

TEST_CASE("the bits of a tensor are written as they are, and a name that is not there is answered with the nearest") {
  Bench bench;
  bench.write();
  const Answer answer = bench.ask("trace trial.json 1 batch.labels out");
  REQUIRE(answer.code == 0);
  CHECK(bench.read("out").size() ==
        4 * answer.lines[0]["rows"].get<std::size_t>() * answer.lines[0]["columns"].get<std::size_t>());
  const Answer wrong = bench.ask("trace trial.json 1 batch.label out");
  CHECK(wrong.code == 2);
  CHECK(wrong.err == "tensor: step 1 has no 'batch.label', did you mean 'batch.labels'?\n");
  CHECK(bench.ask("trace trial.json 99").err == "step: 99 is not one of this trial, expected 1 to 11\n");
  CHECK(bench.ask("trace trial.json x").err == "step: 'x' does not fit, expected an integer from 1 on\n");
  CHECK(bench.ask("trace trial.json 3 2").err == "steps: 2 comes before 3, name the first step, then the last\n");
}

TEST_CASE("output that could not be written is an error of the machine") {
  Bench bench;
  bench.record();
  for (const char* verb : {"--help", "--describe", "data builtin:spirals", "trace trial.json 2", "trace trial.json 1 3",
                           "locate trial.json events.jsonl 2"}) {
    INFO(verb);
    const Answer answer = bench.ask(verb, "/dev/full");
    CHECK(answer.code == 4);
    CHECK(answer.err.starts_with("standard output: cannot be written"));
  }
}

TEST_CASE("a record that this machine gives again is called reproduced, and one of another seed is explained by it") {
  Bench bench;
  bench.record();
  const Answer same = bench.ask("locate trial.json events.jsonl 4");
  REQUIRE(same.lines.size() == 1);
  CHECK(same.lines[0] == Json{{"located", {{"reproduced", true}, {"step", 4}}}});

  bench.document["seed"] = 10;
  bench.write();
  const Answer other = bench.ask("locate trial.json events.jsonl 1");
  REQUIRE(other.lines.size() > 2);
  CHECK(other.lines.front()["located"]["batch"] == true);
  const Json& proof = *std::find_if(other.lines.begin(), other.lines.end(),
                                    [](const Json& line) { return line.value("proven", Json(false)) == true; });
  CHECK(proof["hypothesis"] == "the seed is 11, not 10");
  CHECK(proof["scope"] == "from the first step on");
  CHECK(proof["explains_later"] == true);
  CHECK(other.lines.back()["proven"] == 1);
}

TEST_CASE("a record of another network, and a step that it does not hold, are refused") {
  Bench bench;
  bench.record();
  CHECK(bench.ask("locate trial.json events.jsonl 99").err ==
        "step: 99 has no recorded fingerprints, the last step that has is 11\n");
  bench.document["config"]["hidden"] = {4, 4};
  bench.write();
  const Answer other = bench.ask("locate trial.json events.jsonl 1");
  CHECK(other.code == 2);
  CHECK(other.err == "events.jsonl: is the record of another network: its tensors are others\n");
  CHECK(bench.ask("locate trial.json trial.json 1").code == 2);
}
