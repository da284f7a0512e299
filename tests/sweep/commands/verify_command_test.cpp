// sweep verify: every row that was changed is named, whatever was changed in it.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

using core::Json;

TEST_CASE("a store that nobody touched is as its file and seed say, also after replays and reuse") {
  const Workplace place;
  place.run_points();
  std::string longer = place.read("points.json");
  longer.replace(longer.find("0.01"), 4, "0.01,0.02");
  longer.replace(longer.find("\"points\""), 8, "\"longer\"");
  place.write("longer.json", longer);
  REQUIRE(place.sweep("run longer.json").code == 0);
  REQUIRE(place.sweep("replay best").code == 0);
  for (const char* sweep : {"points", "last"}) {
    const Said said = place.sweep(std::string("verify ") + sweep);
    INFO(said.out + said.err);
    CHECK(said.code == 0);
    CHECK(said.out.starts_with("as stored: sweep "));
  }
  const Json json = core::parse_json(place.sweep("verify --json").out, "verify");
  CHECK(json["verdict"] == "as stored");
  CHECK(json["trials"] == 3);
  CHECK(json["rows"] == 3);
  CHECK(json["changed"].empty());
}

TEST_CASE("a reused result is as stored where it is no number, and while its trial runs again where it ran") {
  const std::string first =
      R"({"method": "grid", "name": "first", "metric": {"name": "loss", "goal": "minimize"}, "reuse": true,
          "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [1, 2]}}})";
  std::string second = first;
  second.replace(second.find("first"), 5, "second");
  second.replace(second.find("[1, 2]"), 6, "[1, 2, 3]");
  const Shop shop("#!/bin/sh\necho 'step=1 loss=inf'\n", first);
  shop.write("second.json", second);
  shop.sweep("run sweep.json");
  shop.sweep("run second.json");
  CHECK(shop.trial(0).contains("reused_from"));
  const auto is_as_stored = [&] {
    const Said said = shop.sweep("verify second");
    INFO(said.out + said.err);
    CHECK(said.code == 0);
  };
  is_as_stored();
  shop.sql(
      "UPDATE trials SET phase = 'waiting', outcome = '', step = NULL, digest = NULL WHERE sweep = 1 AND trial_index = "
      "0");
  is_as_stored();
}

TEST_CASE("a changed row, configuration, seed, id, decision or term of a sweep is found and named") {
  const auto changed = [](const std::string& statement) {
    const Shop shop;
    REQUIRE(shop.sweep("run sweep.json").code == 0);
    shop.sql(statement);
    const Said said = shop.sweep("verify");
    INFO(statement << "\n" << said.out << said.err);
    CHECK(said.code == 3);
    CHECK(said.out.starts_with("changed: sweep "));
    return said.out.substr(said.out.find('\n') + 1);
  };
  const auto edit = [](const char* kind, int index, const char* path, const char* value) {
    return "UPDATE events SET line = json_set(line, '" + std::string(path) + "', " + value + ") WHERE kind = '" + kind +
           "' AND trial_index = " + std::to_string(index);
  };
  const auto row = [](const char* set) { return "UPDATE trials SET " + std::string(set) + " WHERE trial_index = 1"; };
  CHECK(has(changed(edit("planned", 1, "$.config.x", "7")), R"(trial #1: config: stored {"x":7}, expected {"x":1})"));
  CHECK(has(changed(edit("planned", 1, "$.seed", "5")), "trial #1: seed: stored 5, expected "));
  CHECK(has(changed(edit("planned", 2, "$.trial", "'0123456789abcdef'")),
            "trial #2: id: stored 0123456789abcdef, expected "));
  CHECK(has(changed(edit("planned", 2, "$.replicate", "3")), "trial #2: replicate: stored 3, expected 0"));
  CHECK(has(changed(edit("planned", 2, "$.repeats", "0")),
            "trial #2: trial that it repeats: stored 0, expected nothing"));
  CHECK(has(changed(edit("ordered", 0, "$.resume", "'last-4'")), "trial #0, attempt 0: checkpoint: stored last-4, "));
  CHECK(has(changed(edit("ended", 0, "$.outcome", "'no_metric'")),
            "trial #0, attempt 0: outcome: stored no_metric, expected completed"));
  CHECK(has(changed(edit("metric", 0, "$.values.loss", "1.0")), "row of trial #0: value: stored 3.25, expected "));
  CHECK(has(changed(row("value = 0.125")), "row of trial #1: value: stored 0.125, expected 1.25"));
  CHECK(has(changed(row("outcome = 'failed'")), "row of trial #1: outcome: stored failed, expected completed"));
  CHECK(has(changed(row("step = 3")), "row of trial #1: step: stored 3, expected 2"));
  CHECK(has(changed(row("seconds = 0.5")), "row of trial #1: seconds: stored 0.5, expected "));
  CHECK(has(changed(row("attempts = 2")), "row of trial #1: attempts: stored 2, expected 1"));
  CHECK(has(changed("DELETE FROM trials WHERE trial_index = 1"), "trial 1 of sweep number 1: 0 events were recorded"));
  CHECK(has(changed("DELETE FROM trials WHERE trial_index = 2"), "trial 2 of sweep number 1: 0 events were recorded"));
  CHECK(has(changed("DELETE FROM events WHERE number = 4"), "store: row: stored number 4 of the events is gone"));
  CHECK(has(changed("UPDATE events SET kind = 'guard_lifted', attempt = NULL, line = '{}' WHERE kind = 'ordered' AND "
                    "trial_index = 1"),
            "which does not run"));
  CHECK(has(changed("UPDATE events SET line = '{' WHERE kind = 'planned' AND trial_index = 1"), "not valid JSON"));
  CHECK(has(changed("UPDATE sweeps SET seed = 9"), "sweep: seed: stored 9, expected 0"));
  CHECK(has(changed("UPDATE sweeps SET repeats = 0"), "sweep: repeats: stored 0, expected 1"));
  CHECK(has(changed("UPDATE sweeps SET trials = 4"), "sweep: trials: stored 4, expected 3"));
  CHECK(has(changed("UPDATE sweeps SET target = 0.5"), "sweep: target: stored 0.5, expected nothing"));
  CHECK(has(changed("UPDATE sweeps SET method = 'random'"), "sweep: method: stored random, expected grid"));
  CHECK(has(changed("UPDATE sweeps SET text = replace(text, '[3, 1, 2]', '[3, 1, 4]')"), "sweep: id: stored "));
  CHECK(has(changed("UPDATE sweeps SET text = '{'"), "sweep: file: stored "));
  CHECK(has(changed("UPDATE sweeps SET identity = '{}'"), "sweep: identity: stored {}, expected "));
}
