// Foreign text on a terminal: nothing acts. And numbers with the nouns that they count.
#include "core/printable.h"

#include "core/plural.h"
#include "tests/catch.h"

using core::printable;
using core::printable_lines;

TEST_CASE("control characters and terminal escapes are escaped, not sent") {
  CHECK(printable("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m");
  CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(printable(std::string("nul\0!", 5)) == "nul\\x00!");
  CHECK(printable("\x7f") == "\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\x9b31m");  // CSI as one C1 character
  CHECK(printable("\xe2\x80\xae"
                  "gpj.exe") == "\\u202egpj.exe");  // turns the reading direction
  CHECK(printable("a\xe2\x80\x8b"
                  "b") == "a\\u200bb");  // invisible
  CHECK(printable("a\xe2\x80\xa8"
                  "b") == "a\\u2028b");  // ends a line
}

TEST_CASE("bytes that are not UTF-8 are shown as bytes") {
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("cut \xe2\x82") == "cut \\xe2\\x82");
}

TEST_CASE("letters of any script stay as they are") {
  for (const char* text : {"naïve", "学習率", "скорость", "😀", "e\xcc\x81"}) CHECK(printable(text) == text);
}

TEST_CASE("messages keep their line feeds") {
  CHECK(printable_lines("one\n  ^\x1b]0;title\x07\n") == "one\n  ^\\x1b]0;title\\x07\n");
}

TEST_CASE("one is counted in the singular, and anything else in the plural") {
  CHECK(core::counted(1, "trial") == "1 trial");
  CHECK(core::counted(0, "trial") == "0 trials");
  CHECK(core::counted(std::size_t{2}, "class", "classes") == "2 classes");
  CHECK(core::counted(1u, "class", "classes") == "1 class");
}
