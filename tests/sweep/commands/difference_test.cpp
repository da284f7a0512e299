// Two records side by side: exact texts.
#include "sweep/commands/difference.h"

#include "tests/catch.h"

using namespace sweep;
using core::Json;

namespace {

TrialRecord record(double second_loss, std::uint64_t third_weight) {
  TrialRecord record;
  record.metrics[5] = {{{"loss", 0.5}}};
  record.metrics[10] = {{{"loss", second_loss}}};
  record.traces[1] = {1, 2, {"w", "b"}, {1, 2, third_weight, 4}, {8, 9}};
  return record;
}

}  // namespace

TEST_CASE("fields that differ are named with both values, and those that one side lacks") {
  const Section section = fields_section("configuration", {{"a", 1}, {"b", {{"c", 2.0}}}, {"same", "x"}},
                                         {{"a", 1.0}, {"b", {{"d", "t"}}}, {"same", "x"}});
  const SideBySide sides{"one", "two", {section, fields_section("environment", Json(), Json::object())}};
  CHECK(to_text(sides) ==
        "left   one\nright  two\n\nconfiguration\n"
        "       left    right\n"
        "  a    1       1.0\n"
        "  b.c  2.0     absent\n"
        "  b.d  absent  t\n"
        "\nthe same on both sides: environment\n");
  CHECK(
      core::canonical_json(to_json(sides)) ==
      R"({"left":"one","right":"two","sections":{"configuration":{"fields":[{"left":1,"name":"a","right":1.0},)"
      R"({"left":2.0,"name":"b.c","right":null},{"left":null,"name":"b.d","right":"t"}]},"environment":{"fields":[]}}})");
}

TEST_CASE("of metrics the first value that is not the same to the bit is named") {
  const Section section = metrics_section(record(0.25, 3), record(0.25000000000000006, 3));
  REQUIRE(section.sentences.size() == 1);
  CHECK(section.sentences[0] ==
        "1 of 2 values differ, the first at step 10: loss is 0.25 left, 0.25000000000000006 right");
  CHECK(core::canonical_json(section.facts) ==
        R"({"compared":2,"different":1,"first":{"left":0.25,"name":"loss","right":0.25000000000000006,"step":10}})");
  TrialRecord shorter = record(0.25, 3);
  shorter.metrics.erase(10);
  CHECK(metrics_section(shorter, record(0.25, 3)).sentences[0] ==
        "1 of 2 values differ, the first at step 10: loss is absent left, 0.25 right");
  CHECK(metrics_section(record(0.25, 3), record(0.25, 3)).sentences.empty());
  CHECK(metrics_section(record(0.0, 3), record(-0.0, 3)).facts["different"] == 1);
}

TEST_CASE("of fingerprints the first step and the tensor that differ are named") {
  const Section section = fingerprints_section(record(0.25, 3), record(0.25, 7));
  CHECK(section.sentences ==
        std::vector<std::string>{"the first difference is at step 2: weights of w", "1 of 2 common steps differ"});
  CHECK(core::canonical_json(section.facts) == R"({"different":1,"first":{"step":2,"what":"weights of w"},"steps":2})");
  TrialRecord other_batch = record(0.25, 3);
  other_batch.traces[1].batch[0] = 7;
  CHECK(fingerprints_section(record(0.25, 3), other_batch).facts["first"]["what"] == "batch");
  CHECK(fingerprints_section(record(0.25, 3), record(0.5, 3)).sentences.empty());
  TrialRecord untraced;
  CHECK(fingerprints_section(record(0.25, 3), untraced).sentences ==
        std::vector<std::string>{"no step has fingerprints on both sides"});
}

TEST_CASE("where nothing differs one line says so") {
  const SideBySide sides{
      "one", "one", {metrics_section(record(1, 1), record(1, 1)), fingerprints_section(record(1, 1), record(1, 1))}};
  CHECK(to_text(sides) ==
        "left   one\nright  one\n\nthe same on both sides: all 2 values of metrics; the fingerprints of 2 steps\n");
  const TrialRecord nothing;
  CHECK(to_text({"one",
                 "two",
                 {fields_section("identity", {{"data", nullptr}}, {{"data", nullptr}}, "trainer, data and numerics"),
                  metrics_section(nothing, nothing), fingerprints_section(nothing, nothing)}}) ==
        "left   one\nright  two\n\nthe same on both sides: trainer, data and numerics; no metric on either side; no "
        "fingerprint on either side\n");
}
