// What a capsule says of a trial: nothing of the machine that made it, and nothing that its parts do not agree about.
#include "sweep/capsule/contents.h"

#include "core/error.h"
#include "sweep/capsule/paths.h"
#include "tests/catch.h"
#include "tests/sweep/capsule/sample.h"

using core::Json;
using sweep::Parts;

namespace {

sweep::CapsuleContents sample() { return understand(without_paths(sample_record()), "the trial"); }

std::string refusal(const Parts& parts, const std::string& trial = sample().trial.trial) {
  try {
    sweep::from_parts(parts, trial, "x.capsule");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "was taken";
}

// The parts with one field of one of them changed.
template <class Change>
std::string refusal_of(const char* part, const Change& change) {
  Parts parts = to_parts(sample());
  Json json = core::parse_json(parts.at(part), part);
  change(json);
  parts[part] = core::canonical_json(json);
  return refusal(parts);
}

std::string refusal_of_events(const std::string& what, const std::string& by) {
  Parts parts = to_parts(sample());
  std::string& events = parts.at("events.jsonl");
  REQUIRE(events.find(what) != events.npos);
  events.replace(events.find(what), what.size(), by);
  return refusal(parts);
}

}  // namespace

TEST_CASE("a trial's record comes out of its parts as it went in") {
  const sweep::CapsuleContents contents = sample();
  const Parts parts = to_parts(contents);
  const sweep::CapsuleContents again = sweep::from_parts(parts, contents.trial.trial, "x.capsule");
  CHECK(to_parts(again) == parts);
  CHECK(again.record.index == 1);
  CHECK(again.planned.config == Json{{"a", 2.5}});
  CHECK(again.trial.weights_sha256 == std::string(64, 'f'));
  CHECK(parts.at("trial.json") ==
        "{\"config\":{\"a\":2.5},\"data\":{\"name\":\"points.csv\",\"path\":\"\",\"sha256\":\"" + std::string(64, 'd') +
            "\"},\"device\":\"cpu\",\"index\":1,\"metric\":{\"goal\":\"minimize\",\"name\":\"score\",\"reduce\":"
            "\"best\"},"
            "\"numerics\":\"portable-1\",\"protocol\":1,\"replicate\":0,\"seed\":" +
            std::to_string(contents.planned.seed) + ",\"sweep\":\"" + contents.record.sweep.id +
            "\",\"threads\":1,\"trace\":\"step\",\"trial\":\"" + contents.trial.trial + "\"}");
}

TEST_CASE("no folder, no user and no host of the machine that made it stands in a capsule") {
  for (const auto& [name, contents] : to_parts(sample())) {
    INFO(name << ": " << contents);
    for (const char* word : {"/home", "/ann", "laptop", "runs/"}) CHECK(contents.find(word) == contents.npos);
  }
  const Parts parts = to_parts(sample());
  CHECK(parts.at("sweep-file").find("data: points.csv\n") != std::string::npos);
  CHECK(parts.at("record.json").find("\"command\":[\"sweep\",\"run\",\"--runs=runs\"]") != std::string::npos);
  CHECK(parts.at("events.jsonl").find("its turn, in runs") != std::string::npos);
}

TEST_CASE("of an absolute path the last step stays, of an address and a relative path everything") {
  using sweep::without_folders;
  CHECK(without_folders("/home/ann/train.py: line 3") == "train.py: line 3");
  CHECK(without_folders("at '/a/b/c', (/d/e) --x=/f/g/") == "at 'c', (e) --x=g");
  CHECK(without_folders("https://example.org/a/b and a/b/c and ./d") == "https://example.org/a/b and a/b/c and ./d");
  CHECK(without_folders("/ and // and 3 / 4") == "/ and // and 3 / 4");
  CHECK(without_folders("--runs=~/sets/runs, a~/b") == "--runs=runs, a~/b");
  CHECK(without_folders("") == "");
}

TEST_CASE("a word that is a path, or a flag or an address with one, is cut as a whole, blanks in its folders too") {
  using sweep::word_without_folders;
  CHECK(word_without_folders("/home/ann lee/my (proj)/s.yaml") == "s.yaml");
  CHECK(word_without_folders("//home/ann lee/s.yaml") == "s.yaml");
  CHECK(word_without_folders("~/ann lee/a b/") == "a b");
  CHECK(word_without_folders("--runs=/home/ann lee/runs") == "--runs=runs");
  CHECK(word_without_folders("DATA=/home/ann lee/x:y/z") == "DATA=z");
  CHECK(word_without_folders("-o/home/ann lee/x") == "-ox");
  CHECK(word_without_folders("file:///home/ann lee/x.git") == "file://x.git");
  CHECK(word_without_folders("https://example.org/a b/c") == "https://example.org/a b/c");
  CHECK(word_without_folders("a/b c/d=/e f") == "a/b c/d=e f");
  CHECK(word_without_folders("--x=a/b") == "--x=a/b");
  CHECK(word_without_folders("at /home/ann/x: no") == "at x: no");
  CHECK(word_without_folders("/") == "/");
  CHECK(word_without_folders("") == "");
}

TEST_CASE("no part of a folder with a blank in its name stands in what sweep recorded, nor of the data set's") {
  sweep::CapsuleRecord record = sample_record();
  const std::string path = "/home/secret user/sets/points.csv";
  std::string& text = record.sweep.text;
  text.replace(text.find("/home/ann/sets/points.csv"), 25, path);
  record.sweep.data["name"] = record.sweep.data["path"] = path;
  record.sweep.file = "/home/secret user/work/sample.yaml";
  record.sweep.provenance["command"] = {"/home/secret user/bin/sweep", "run", "--runs=/home/secret user/runs"};
  for (const auto& [name, contents] : to_parts(understand(without_paths(record), "the trial"))) {
    INFO(name << ": " << contents);
    for (const char* word : {"secret", "user/", "sets/"}) CHECK(contents.find(word) == contents.npos);
  }
}

TEST_CASE("parts that do not agree are refused, and the one that is wrong is named") {
  CHECK(refusal(to_parts(sample()), "0000000000000000") ==
        "x.capsule: manifest.json: names another trial than " + sample().trial.trial + ", the capsule was changed");
  CHECK(refusal_of("trial.json", [](Json& json) { json["seed"] = 1; }) ==
        "x.capsule: trial.json: is not what the other parts say, the capsule was changed");
  CHECK(refusal_of("digests.json", [](Json& json) { json["weights_sha256"] = "0"; }) ==
        "x.capsule: digests.json: is not what the other parts say, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["more"] = 1; }) ==
        "x.capsule: record.json: is not what the other parts say, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["seed"] = 7; }) ==
        "x.capsule: record.json: 'seed' is not what the sweep file says, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["index"] = 3; }) ==
        "x.capsule: record.json: is of trial #3, which its sweep does not have, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["file"] = "../x.yaml"; }) ==
        "x.capsule: record.json: does not name the sweep file, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["identity"]["trainer"] = 7; }) ==
        "x.capsule: record.json: does not say who trains on what, the capsule was changed");
  CHECK(refusal_of("record.json", [](Json& json) { json["identity"]["trainer"] = "sweep-trainer/1:5b"; }) ==
        "x.capsule: sweep-file: does not give sweep " + sample().record.sweep.id +
            ", another version of sweep made it, or it was changed");
  CHECK(refusal_of("record.json", [](Json& json) {
          json.erase("method");
        }).starts_with("x.capsule: record.json: is damaged: "));
  CHECK(refusal_of("record.json", [](Json& json) {
          json["index"] = 2;
        }).starts_with("x.capsule: events.jsonl: is of trial " + sample().trial.trial + ", and trial #2 of the "));
}

TEST_CASE("events that are damaged, of another trial, or end nowhere are refused with their line") {
  CHECK(refusal_of_events("\"kind\":\"metric\"", "\"kind\":\"finished\"") ==
        "x.capsule: events.jsonl: line 5: is an event of another kind than it says");
  CHECK(refusal_of_events("\"time_ms\"", "\"time\"").starts_with("x.capsule: events.jsonl: line 1: is damaged: "));
  CHECK(refusal_of_events("\"kind\":\"planned\"", "\"kind\":\"guard_lifted\"") ==
        "x.capsule: events.jsonl: holds an event that is not of this trial, the capsule was changed");
  Parts parts = to_parts(sample());
  std::string& events = parts.at("events.jsonl");
  events.resize(events.rfind('\n', events.size() - 2) + 1);
  CHECK(refusal(parts) == "x.capsule: events.jsonl: holds no trial that has ended, the capsule was changed");
  events.clear();
  CHECK(refusal(parts) == "x.capsule: events.jsonl: holds no trial that has ended, the capsule was changed");
}

TEST_CASE("a part of which the record says nothing is refused, and named") {
  const auto with = [](const std::string& name, const std::string& text) {
    Parts parts = to_parts(sample());
    parts[name] = text;
    return refusal(parts);
  };
  const std::string changed = ", the capsule was changed";
  CHECK(with("checkpoints/\xc3\xa9", "x") ==
        "x.capsule: checkpoints/\xc3\xa9: is no checkpoint of the trial" + changed);
  CHECK(with("checkpoints/last-1.safetensors", "x") ==
        "x.capsule: checkpoints/last-1.safetensors: is not what the trial wrote" + changed);
  CHECK(with("program/C:x", "x") == "x.capsule: program/C:x: is no source of the program" + changed);
  CHECK(with("trainer", "x") == "was taken");  // of the built-in one the digest is compared before it runs
  CHECK(with("data/points.csv", "x") == "was taken");
}

TEST_CASE("data in a capsule of a trial that has none in files is refused") {
  sweep::CapsuleRecord record = sample_record();
  std::string& text = record.sweep.text;
  const std::string path = "/home/ann/sets/points.csv";
  text.replace(text.find(path), path.size(), "builtin:digits");
  record.sweep.data["name"] = "builtin:digits";
  const sweep::CapsuleContents contents = understand(without_paths(record), "the trial");
  Parts parts = to_parts(contents);
  parts["data/points.csv"] = "x";
  CHECK(refusal(parts, contents.trial.trial) ==
        "x.capsule: data/points.csv: is there, and the trial has no data set in files, the capsule was changed");
}

TEST_CASE("a sweep file that cannot be read is refused at its line") {
  Parts parts = to_parts(sample());
  std::string& text = parts.at("sweep-file");
  text.replace(text.find("grid"), 4, "gird");
  CHECK(refusal(parts).find("sample.yaml:") != std::string::npos);
}
