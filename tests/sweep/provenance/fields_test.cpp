// The table of recorded fields: the docs say what it says, and nothing is recorded that it does not name.
#include "sweep/provenance/fields.h"

#include <fmt/format.h>

#include "core/files.h"
#include "sweep/provenance/provenance.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

using core::Json;
using namespace sweep;

namespace {

std::string table() {
  std::string text = "| field | of the | compared | what it is |\n|---|---|---|---|\n";
  for (const RecordedField& field : recorded_fields())
    text += fmt::format("| `{}` | {} | {} | {} |\n", field.name, name(field.place), name(field.use), field.what);
  return text;
}

}  // namespace

TEST_CASE("docs/reproducibility.md holds the table of recorded fields as the code has it") {
  const std::string docs = core::read_file(std::string(SWEEP_SOURCE_DIR) + "/docs/reproducibility.md");
  CHECK(docs.find(table()) != std::string::npos);
}

TEST_CASE("every field of a sweep's record has a row of the table") {
  const TemporaryFolder folder;
  const Json record = sweep_provenance({folder.path(), folder.path() / "runs", {}});
  for (const auto& [key, value] : record.items()) CHECK(find_field(FieldPlace::kSweep, key) != nullptr);
  CHECK(find_field(FieldPlace::kSweep, "git.commit")->name == "git.commit");
  CHECK(find_field(FieldPlace::kAttempt, "data.classes")->name == "data");
  CHECK(find_field(FieldPlace::kAttempt, "mood") == nullptr);
  CHECK(find_field(FieldPlace::kSweep, "git.difference.bytes")->name == "git.difference");
  CHECK(find_field(FieldPlace::kSweep, "mxcsr") == nullptr);
  CHECK(find_field(FieldPlace::kSweep, "libraries")->place == FieldPlace::kSweep);
}

TEST_CASE("fields that differ are named as far down as there are objects, with both values") {
  const Json was = {
      {"gpu", {{"name", "A"}, {"uuid", "1"}}}, {"threads", 1}, {"mood", "good"}, {"data", {{"sha256", "a"}}}};
  const Json is = {{"gpu", {{"name", "B"}, {"uuid", "2"}}}, {"threads", 1}, {"mood", "bad"}, {"seed", 4}};
  std::vector<std::string> texts, forbidding, in_fast, of_a_program;
  for (const FieldDifference& one : differing_fields(FieldPlace::kAttempt, was, is)) {
    texts.push_back(one.text());
    if (forbids_claim(one, "portable-1")) forbidding.push_back(one.name);
    if (forbids_claim(one, "fast-1")) in_fast.push_back(one.name);
    if (forbids_claim(one, "external")) of_a_program.push_back(one.name);
  }
  CHECK(texts ==
        std::vector<std::string>{"data.sha256: recorded \"a\", replayed absent",
                                 "gpu.name: recorded \"A\", replayed \"B\"", "gpu.uuid: recorded \"1\", replayed \"2\"",
                                 "mood: recorded \"good\", replayed \"bad\"", "seed: recorded absent, replayed 4"});
  CHECK(forbidding.empty());
  CHECK(in_fast == std::vector<std::string>{"gpu.name"});
  CHECK(of_a_program.size() == 5);
  const auto split =
      differing_fields(FieldPlace::kAttempt, {{"data", {{"split_sha256", "a"}}}}, {{"data", {{"split_sha256", "b"}}}});
  REQUIRE(split.size() == 1);
  CHECK(makes_another_trial(split[0]));
  CHECK_FALSE(forbids_claim(split[0], "portable-1"));
  CHECK(differing_fields(FieldPlace::kAttempt, nullptr, Json::object()).empty());
  CHECK(differing_fields(FieldPlace::kAttempt, "a word", Json::object()).empty());
}

TEST_CASE("a field that one of two records lacks, being older, forbids a claim of a program alone") {
  for (const auto& [was, is] : {std::pair(Json{{"seed", 4}, {"device", "A"}}, Json::object()),
                                std::pair(Json::object(), Json{{"seed", 4}, {"device", "A"}})})
    for (const FieldDifference& one : differing_fields(FieldPlace::kAttempt, was, is)) {
      INFO(one.text());
      CHECK_FALSE(makes_another_trial(one));
      CHECK_FALSE(forbids_claim(one, "fast-1"));
      CHECK(forbids_claim(one, "external"));
    }
}

TEST_CASE("an object without fields is a value as well: it differs from none, and from one with fields") {
  const auto gpu = [](const Json& value) { return Json{{"gpu", value}}; };
  const auto texts = [](const Json& was, const Json& is) {
    std::vector<std::string> all;
    for (const FieldDifference& one : differing_fields(FieldPlace::kAttempt, was, is)) all.push_back(one.text());
    return all;
  };
  CHECK(texts(gpu(Json::object()), Json::object()) == std::vector<std::string>{"gpu: recorded {}, replayed absent"});
  CHECK(texts(gpu(Json::object()), gpu({{"name", "A"}})) ==
        std::vector<std::string>{"gpu: recorded {}, replayed absent", "gpu.name: recorded absent, replayed \"A\""});
}
