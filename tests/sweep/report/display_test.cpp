// Text for a terminal: everything stands in line.
#include "sweep/report/display.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

using namespace sweep;

TEST_CASE("a text that is too wide is cut at a character, and says so") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcde…");
  CHECK(printable("学習率学習率", 6) == "学習…");
  CHECK(display_width(printable(std::string(100'000, 'x'), 32)) == 32);
}

TEST_CASE("a text of marks that take no column is cut by its bytes, and one as people write it is not") {
  std::string marks = "e";
  for (int i = 0; i < 3000; ++i) marks += "\xcc\x81";
  CHECK(display_width(marks) == 1);
  const std::string cut = printable(marks, 32);
  CHECK(cut.size() <= 32 * kBytesPerColumn + std::string("…").size());
  CHECK(cut.ends_with("\xcc\x81…"));
  CHECK(printable("नमस्ते", 4) == "नमस्ते");
  CHECK(printable("e\xcc\x81\xcc\xa3\xcc\x84", 1) == "e\xcc\x81\xcc\xa3\xcc\x84");
}

TEST_CASE("wide characters take two columns and combining marks none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("学習率") == 6);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("😀") == 2);
  CHECK(display_width("नमस्ते") == 4);                                  // a virama and a vowel sign take none
  CHECK(display_width("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8") == 2);  // three jamo, one syllable
  CHECK(display_width("ｱ") == 1);
  CHECK(display_width("Ａ") == 2);
}

TEST_CASE("numbers are rounded to so many digits and printed in canonical form") {
  CHECK(rounded(0.9011666666666667, 6) == "0.901167");
  CHECK(rounded(0.00031622776601683794, 6) == "0.000316228");
  CHECK(rounded(2.0, 6) == "2.0");
  CHECK(rounded(1e-5, 6) == "1e-05");
  CHECK(rounded(-0.0, 6) == "-0.0");
  CHECK(rounded(999999.5, 6) == "1e+06");
  CHECK(rounded(std::numeric_limits<double>::quiet_NaN(), 6) == "nan");
}

TEST_CASE("different values never look alike") {
  CHECK(digits_that_tell_apart({0.5, 0.25}) == 6);
  CHECK(digits_that_tell_apart({0.90116661, 0.90116662}) == 8);
  CHECK(digits_that_tell_apart({0.1, 0.1, 0.1}) == 6);
  CHECK(digits_that_tell_apart({1.0, std::nextafter(1.0, 2.0)}) > 15);
}

TEST_CASE("decimal points stand below each other and no line ends with spaces") {
  CHECK(aligned({{"n", "x", "name"}, {"1", "0.25", "学習"}, {"10", "12.5", "b"}, {"2", "1e-05", "-"}},
                {Align::kRight, Align::kPoint, Align::kLeft}) ==
        " n       x  name\n"
        " 1   0.25   学習\n"
        "10  12.5    b\n"
        " 2   1e-05  -\n");
}
