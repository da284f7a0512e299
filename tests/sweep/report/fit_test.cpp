// Columns made to fit, cells of several parts, and lines broken at spaces.
#include "sweep/report/fit.h"

#include "tests/catch.h"

using namespace sweep;

namespace {

TextColumn column(const std::string& name, std::vector<std::string> cells, Align align = Align::kLeft) {
  TextColumn made;
  made.texts = std::move(cells);
  made.texts.insert(made.texts.begin(), name);
  made.align = align;
  made.name = name;
  return made;
}

std::string text(const std::vector<TextColumn>& columns) {
  std::string all;
  for (const std::string& line : table_lines(columns)) all += line + "\n";
  return all;
}

}  // namespace

TEST_CASE("identifiers are shortened first, then headings, then texts, then columns go from the right") {
  const auto make = [] {
    std::vector<TextColumn> columns = {column("rank", {"1", "2"}),
                                       column("trial", {"0123456789abcdef", "1123456789abcdef"}),
                                       column("loss", {"0.25", "12.5"}, Align::kPoint),
                                       column("model.width", {"8", "16"}, Align::kPoint),
                                       column("text", {"a long one, really", "another"}),
                                       column("z", {"1", "2"})};
    columns[0].stays = columns[2].stays = true;
    columns[1].id_size = 8;
    return columns;
  };
  std::vector<TextColumn> whole = make();
  CHECK(fit(whole, 69).empty());
  CHECK(whole[1].texts[1] == "0123456789abcdef");
  std::vector<TextColumn> narrower = make();
  CHECK(fit(narrower, 61).empty());
  CHECK(text(narrower) ==
        "rank  trial      loss  model.width  text                z\n"
        "1     01234567   0.25            8  a long one, really  1\n"
        "2     11234567  12.5            16  another             2\n");
  std::vector<TextColumn> headings = make();
  CHECK(fit(headings, 55).empty());
  CHECK(headings[3].texts[0] == "…width");
  std::vector<TextColumn> texts = make();
  CHECK(fit(texts, 50).empty());
  CHECK(texts[4].texts[1] == "a long one, rea…");
  std::vector<TextColumn> least = make();
  CHECK(fit(least, 31) == std::vector<std::string>{"text", "z"});
  CHECK(fit(least, 1) == std::vector<std::string>{"trial", "model.width"});
  CHECK(text(least) ==
        "rank   loss\n"
        "1      0.25\n"
        "2     12.5\n");
}

TEST_CASE("texts are not cut where two of them would look alike") {
  const std::string same(16, 'x');
  std::vector<TextColumn> columns = {column("a", {"1"}), column("b", {same + "1", same + "2"})};
  columns[0].texts.push_back("2");
  CHECK(fit(columns, 18) == std::vector<std::string>{"b"});
}

TEST_CASE("parts of cells stand below each other, the first ones with their points") {
  CHECK(joined_parts({{"0.901", "± 0.5", "(3)", "*"}, {"12.5", "", "(12)"}, {"-"}}) ==
        std::vector<std::string>{" 0.901 ± 0.5 (3)  *", "12.5         (12)  ", " -                 "});
}

TEST_CASE("a line is broken at spaces, and a word that is too wide stands whole") {
  CHECK(wrapped("one two three", 13, 2) == "one two three");
  CHECK(wrapped("one two three", 9, 2) == "one two\n  three");
  CHECK(wrapped("one 12345678901234567890 two", 9, 2) == "one\n  12345678901234567890\n  two");
  CHECK(wrapped("学習 学習 学習", 9, 0) == "学習 学習\n学習");
}
