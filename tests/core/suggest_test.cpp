// The nearest word, for "did you mean".
#include "tests/catch.h"

#include "core/suggest.h"

TEST_CASE("the edit distance counts insertions, deletions, substitutions and swaps") {
  CHECK(core::edit_distance("", "abc") == 3);
  CHECK(core::edit_distance("metric", "metric") == 0);
  CHECK(core::edit_distance("metirc", "metric") == 1);
  CHECK(core::edit_distance("maximum", "maximize") == 3);
  CHECK(core::edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest word is suggested when it is near enough to be meant") {
  const std::vector<std::string> words = {"learning_rate", "batch_size", "epochs", "init"};
  CHECK(core::nearest_word("learnig_rate", words) == "learning_rate");
  CHECK(core::nearest_word("epoch", words) == "epochs");
  CHECK(core::nearest_word("inti", words) == "init");
  CHECK(core::nearest_word("lr", words) == std::nullopt);
  CHECK(core::nearest_word("", words) == std::nullopt);
  CHECK(core::nearest_word("x", std::vector<std::string>{"ab"}) == std::nullopt);
}

TEST_CASE("no long word is measured: what is typed may be as long as a command line") {
  const std::vector<std::string> words = {std::string(50'000, 'x'), "xx"};
  CHECK(core::nearest_word(std::string(50'000, 'x') + "y", words) == std::nullopt);
  CHECK(core::nearest_word("xxy", words) == "xx");
}
