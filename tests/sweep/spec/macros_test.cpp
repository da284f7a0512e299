// The table of macros, and how one is found in an item.
#include "sweep/spec/macros.h"

#include <set>

#include "sweep/spec/metric_pattern.h"
#include "tests/catch.h"

using sweep::find_macros;
using sweep::Macro;

TEST_CASE("a macro is found by its bytes, with its word, its argument and its row") {
  const auto uses = find_macros("--out=${seed}/${envvar:HOME}/$x");
  REQUIRE(uses.size() == 2);
  CHECK(uses[0].begin == 6);
  CHECK(uses[0].end == 13);
  CHECK(uses[0].word == "seed");
  REQUIRE(uses[0].known);
  CHECK(uses[0].known->macro == Macro::kSeed);
  CHECK(uses[1].word == "envvar");
  CHECK(uses[1].argument == "HOME");
  CHECK(uses[1].known->macro == Macro::kEnvvar);
}

TEST_CASE("a dollar that no brace follows is an ordinary character") {
  CHECK(find_macros("$HOME costs 5$ or {x} $").empty());
}

TEST_CASE("a macro that is unknown, wants an argument or has one too many has no row") {
  for (const char* item : {"${Args}", "${}", "${envvar}", "${args:x}", "${ args}"}) {
    INFO(item);
    REQUIRE(find_macros(item).size() == 1);
    CHECK(find_macros(item)[0].known == nullptr);
  }
}

TEST_CASE("a macro without its closing brace reaches to the end of the item") {
  const auto uses = find_macros("x${args");
  REQUIRE(uses.size() == 1);
  CHECK_FALSE(uses[0].closed);
  CHECK(uses[0].end == 7);
  CHECK(uses[0].word == "args");
}

TEST_CASE("only the seed and a variable of the environment may stand inside an item") {
  std::set<std::string_view> inside;
  for (const sweep::MacroWord& row : sweep::kMacros)
    if (row.inside) inside.insert(row.word);
  CHECK(inside == std::set<std::string_view>{"envvar", "seed"});
  CHECK(sweep::macro_words().size() == 13);
}

TEST_CASE("the named groups of a metric pattern are found, whatever stands in classes and escapes") {
  const sweep::MetricPattern pattern(R"(epoch=(?<epoch>\d+) (a|b)(?:c) \((?<val/loss>[(?<)]+)\) (?P<acc>\S+))");
  CHECK(pattern.groups() == std::vector<std::string>{"epoch", "val/loss", "acc"});
}
