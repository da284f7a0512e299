// The condition of --filter: what it means, and what is said of one that means nothing.
#include "sweep/report/filter.h"

#include <limits>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "tests/catch.h"

using core::Json;
using namespace sweep;

namespace {

const std::vector<FilterColumn> kColumns = {
    {"optimizer"},    {"learning_rate"}, {"hidden"}, {"outcome", {"completed", "failed"}},
    {"strange name"}, {"flag"},          {"epoch"}};

bool meets(const std::string& text, const std::map<std::string, Json>& row) {
  return Filter(text, kColumns, false).matches([&](std::size_t column) -> std::optional<Json> {
    const auto found = row.find(kColumns[column].name);
    return found == row.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal(const std::string& text) {
  try {
    const Filter filter(text, kColumns, false);
  } catch (const core::UserError& error) {
    return error.problems().front().text();
  }
  return "not refused";
}

}  // namespace

// The page's reader of conditions is held to the same cases (tests/sweep/html/filter_test.mjs).
TEST_CASE("a condition means what the cases say, which hold for the HTML page too") {
  const Json cases = core::parse_json(
      core::read_file(std::string(SWEEP_SOURCE_DIR) + "/tests/sweep/report/filter_cases.json"), "filter_cases.json");
  std::vector<FilterColumn> columns;
  for (const Json& column : cases["columns"])
    columns.push_back({column["name"], column.value("words", std::vector<std::string>())});
  for (const Json& one : cases["conditions"]) {
    const std::string text = one["text"];
    CAPTURE(text);
    try {
      const Filter filter(text, columns, false);
      Json meets = Json::array();
      for (std::size_t r = 0; r < cases["rows"].size(); ++r) {
        const Json& row = cases["rows"][r];
        const auto cell = [&](std::size_t column) {
          const auto found = row.find(columns[column].name);
          return found == row.end() ? std::nullopt : std::optional(*found);
        };
        if (filter.matches(cell)) meets.push_back(r);
      }
      CHECK(meets == one.value("meets", Json()));
    } catch (const core::UserError& error) {
      const core::Problem& problem = error.problems().front();
      CHECK(problem.place.ends_with(":" + std::to_string(one.value("at", 0))));
      CHECK(problem.problem == one.value("problem", ""));
      CHECK(problem.remedy == one.value("remedy", ""));
    }
  }
}

TEST_CASE("a condition compares texts and numbers, and joins what it compares") {
  const std::map<std::string, Json> row = {{"optimizer", "adam"}, {"learning_rate", 0.0005}, {"epoch", 3}};
  CHECK(meets("optimizer=adam and learning_rate<1e-3", row));
  CHECK(meets("optimizer == 'adam'", row));
  CHECK_FALSE(meets("optimizer=Adam", row));
  CHECK_FALSE(meets("optimizer!=adam", row));
  CHECK(meets("learning_rate >= 5e-4 and learning_rate <= +.0005", row));
  CHECK_FALSE(meets("learning_rate > 5e-4 or learning_rate < 0.0005", row));
  CHECK(meets("epoch=3.0 and epoch>2", row));
  CHECK(meets("epoch in (1, 3) and optimizer not in (sgd, adamw)", row));
  CHECK_FALSE(meets("not epoch in (1, 3)", row));
}

TEST_CASE("the word and binds tighter than or, not tighter than both, and parentheses tightest") {
  const std::map<std::string, Json> row = {{"epoch", 1}};
  CHECK(meets("epoch=1 or epoch=2 and epoch=3", row));
  CHECK_FALSE(meets("(epoch=1 or epoch=2) and epoch=3", row));
  CHECK(meets("not epoch=2 and epoch=1", row));
  CHECK_FALSE(meets("not (epoch=2 or epoch=1)", row));
  CHECK(meets("not not epoch=1", row));
}

TEST_CASE("a bare value may be JSON, a quoted one is a text") {
  CHECK(meets("hidden=[256,128]", {{"hidden", {256, 128}}}));
  CHECK(meets("hidden = [256, 128]", {{"hidden", {256, 128}}}));
  CHECK_FALSE(meets("hidden='[256,128]'", {{"hidden", {256, 128}}}));
  CHECK(meets("flag=true", {{"flag", true}}));
  CHECK(meets("flag=true", {{"flag", "true"}}));
  CHECK_FALSE(meets("flag='true'", {{"flag", true}}));
  CHECK(meets("flag=null", {{"flag", nullptr}}));
  CHECK(meets("optimizer=3", {{"optimizer", "3"}}));
  CHECK_FALSE(meets("optimizer='3'", {{"optimizer", 3}}));
  CHECK(meets(R"(optimizer="it's" and 'strange name'='say \'hi\'')",
              {{"optimizer", "it's"}, {"strange name", "say 'hi'"}}));
}

TEST_CASE("a value that is missing meets nothing but a difference") {
  CHECK_FALSE(meets("epoch=1", {}));
  CHECK_FALSE(meets("epoch<1", {}));
  CHECK_FALSE(meets("epoch in (1, 2)", {}));
  CHECK(meets("epoch!=1", {}));
  CHECK(meets("epoch not in (1, 2)", {}));
}

TEST_CASE("numbers that are none and numbers without end can be asked for") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  CHECK(meets("learning_rate=nan", {{"learning_rate", nan}}));
  CHECK_FALSE(meets("learning_rate<1", {{"learning_rate", nan}}));
  CHECK_FALSE(meets("learning_rate>=1", {{"learning_rate", nan}}));
  CHECK(meets("learning_rate=-inf", {{"learning_rate", -inf}}));
  CHECK(meets("learning_rate>1e300", {{"learning_rate", inf}}));
  CHECK_FALSE(meets("optimizer<3", {{"optimizer", "1"}}));
}

TEST_CASE("a condition that means nothing is refused with its place and what would do") {
  CHECK(refusal("optimiser=adam") ==
        "--filter:1:1: no column 'optimiser', did you mean 'optimizer'?\n"
        "  optimiser=adam\n"
        "  ^");
  CHECK(refusal("epoch=1 and loss<2")
            .starts_with("--filter:1:13: no column 'loss', one of: optimizer, learning_rate, hidden, outcome, strange "
                         "name, flag, epoch\n"));
  CHECK(
      refusal("outcome=compleeted").starts_with("--filter:1:9: no outcome 'compleeted', did you mean 'completed'?\n"));
  CHECK(
      refusal("epoch<adam").starts_with("--filter:1:7: '<' compares numbers, and 'adam' is none, write =, != or in\n"));
  CHECK(refusal("epoch<1e400").starts_with("--filter:1:7: '<' compares numbers, and '1e400' is none"));
  CHECK(refusal("epoch").starts_with("--filter:1:6: a comparison is missing behind 'epoch', write ="));
  CHECK(refusal("epoch=").starts_with("--filter:1:7: the condition ends where a value should stand\n"));
  CHECK(refusal("").starts_with("--filter:1:1: the condition ends where a column's name should stand"));
  CHECK(refusal("epoch=1 epoch=2").starts_with("--filter:1:9: 'epoch' joins nothing, write and, or or )\n"));
  CHECK(refusal("(epoch=1").starts_with("--filter:1:9: a ) is missing\n"));
  CHECK(refusal("epoch in 1").starts_with("--filter:1:10: a ( is missing behind in, write in (A, B)\n"));
  CHECK(refusal("epoch in (1").starts_with("--filter:1:12: a ) is missing\n"));
  CHECK(refusal("epoch not 3").starts_with("--filter:1:11: 'not' behind a name takes in, write NAME not in (A, B)\n"));
  CHECK(refusal("epoch=and")
            .starts_with("--filter:1:7: 'and' stands where a value should, quote it where it is meant\n"));
  CHECK(refusal("epoch ! 3").starts_with("--filter:1:7: '!' compares nothing, write != or not\n"));
  CHECK(refusal("optimizer='adam").starts_with("--filter:1:11: this quote is not closed\n"));
  CHECK(refusal("\xff").starts_with("--filter:1:1: "));
  CHECK(refusal(std::string(200, '(') + "epoch=1")
            .starts_with("--filter:1:101: conditions inside one another go deeper than 100\n"));
}

TEST_CASE("where no row can say which columns there are any name is one, without a value") {
  const Filter filter("anything=1", kColumns, true);
  const auto none = [](std::size_t) -> std::optional<Json> { return std::nullopt; };
  CHECK_FALSE(filter.matches(none));
  CHECK(Filter("not anything=1", kColumns, true).matches(none));
}
