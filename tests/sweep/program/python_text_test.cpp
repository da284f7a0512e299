// Values as Python spells them, compared with Python itself where there is one.
#include "sweep/program/python_text.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/philox.h"
#include "tests/catch.h"
#include "tests/sweep/program/python.h"
#include "tests/temporary_folder.h"

namespace {

/// Bits at random, subnormal numbers, numbers of moderate size, whole numbers, and short decimals, in turn.
double sample(std::uint32_t i) {
  const core::Philox4 random = core::philox({{i, 0, 0, 0}}, 1);
  const std::uint64_t bits = std::uint64_t{random.word[0]} << 32 | random.word[1];
  switch (i % 8) {
    case 0:
      return std::bit_cast<double>(bits & 0x800fffffffffffffu);
    case 1:
      return std::ldexp(random.word[0], static_cast<int>(random.word[1] % 80) - 50);
    case 2:
      return static_cast<double>(bits >> random.word[2] % 64);
    case 3:
      return std::stod(std::to_string(random.word[0] % 1000000) + "e-" + std::to_string(random.word[1] % 12));
    default:
      return std::bit_cast<double>(bits);
  }
}

std::string character(char32_t code) {
  std::string text;
  const auto continuation = [&](int shift) { text += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | code >> 6);
    continuation(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | code >> 12);
    continuation(6);
    continuation(0);
  } else {
    text += static_cast<char>(0xF0 | code >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
  return text;
}

}  // namespace

using core::Json;
using sweep::program_json;
using sweep::python_repr;
using sweep::python_str;

TEST_CASE("a float is written with Python's digits and Python's choice of notation") {
  CHECK(python_str(0.1) == "0.1");
  CHECK(python_str(2.0) == "2.0");
  CHECK(python_str(-0.0) == "-0.0");
  CHECK(python_str(1e-4) == "0.0001");
  CHECK(python_str(1e-5) == "1e-05");
  CHECK(python_str(1.5e-7) == "1.5e-07");
  CHECK(python_str(1e15) == "1000000000000000.0");
  CHECK(python_str(9999999999999998.0) == "9999999999999998.0");
  CHECK(python_str(1e16) == "1e+16");
  CHECK(python_str(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(python_str(1e100) == "1e+100");
  CHECK(python_str(5e-324) == "5e-324");
  CHECK(python_str(123.456) == "123.456");
  CHECK(python_str(-1234567.0) == "-1234567.0");
  CHECK(python_str(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(python_str(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("what is no float is written as Python's str does") {
  CHECK(python_str(nullptr) == "None");
  CHECK(python_str(true) == "True");
  CHECK(python_str(false) == "False");
  CHECK(python_str(3) == "3");
  CHECK(python_str(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(python_str(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(python_str("it's \n") == "it's \n");
  CHECK(python_str(Json::parse(R"([1, "a", null, 1.0, [], {}])")) == "[1, 'a', None, 1.0, [], {}]");
  CHECK(python_str(Json::parse(R"({"b": true, "a": {"c": [0.5]}})")) == "{'a': {'c': [0.5]}, 'b': True}");
}

TEST_CASE("a string inside a list is quoted and escaped as Python's repr does") {
  CHECK(python_repr("a") == "'a'");
  CHECK(python_repr("it's") == "\"it's\"");
  CHECK(python_repr("it's \"x\"") == R"('it\'s "x"')");
  CHECK(python_repr("a\\b\n\r\t\x01\x7f") == R"('a\\b\n\r\t\x01\x7f')");
  CHECK(python_repr("é 漢 😀") == "'é 漢 😀'");
  CHECK(python_repr("\u00a0\u00ad\u200b\u2028\ufeff\U000e0001") == R"('\xa0\xad\u200b\u2028\ufeff\U000e0001')");
}

TEST_CASE("JSON for a program holds NaN and Infinity as Python reads them") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(program_json({{"b", {std::nan(""), inf, -inf, 1e-5, 2.0, 2}}, {"a", "\"\n"}}) ==
        R"({"a":"\"\n","b":[NaN,Infinity,-Infinity,1e-05,2.0,2]})");
}

TEST_CASE("a million doubles of every size are to Python the repr of what it reads") {
  const TemporaryFolder folder;
  std::string text;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    const double value = i == 0 ? 0.0 : i == 1 ? -0.0 : sample(i);
    if (std::isnan(value)) continue;
    char exact[32];
    std::snprintf(exact, sizeof exact, "%a", value);
    ((text += exact) += ' ') += python_str(value) + "\n";
  }
  const auto numbers = folder.write("numbers", text);
  const auto result = run_python(R"(
import sys
bad = n = 0
for line in open(sys.argv[1]):
    exact, text = line.split()
    n += 1
    if repr(float.fromhex(exact)) != text or repr(float(text)) != text:
        bad += 1
        if bad < 10: print(line)
print(n > 990000, bad)
)",
                                 {numbers.string()});
  CHECK(result.out == "True 0\n");
}

TEST_CASE("every assigned character stands in a repr as Python writes it") {
  const TemporaryFolder folder;
  std::string text;
  for (char32_t code = 0; code < 0x110000; ++code)
    if (code < 0xD800 || code >= 0xE000)
      text += std::to_string(static_cast<std::uint32_t>(code)) + " " + python_repr(character(code)) + "\n";
  const auto characters = folder.write("characters", text);
  const auto result = run_python(R"(
import sys, unicodedata
bad = n = 0
for line in open(sys.argv[1], encoding="utf-8", newline="\n"):
    code, text = line[:-1].split(" ", 1)
    n += 1
    if unicodedata.category(chr(int(code))) != "Cn" and repr(chr(int(code))) != text:
        bad += 1
        if bad < 10: print(hex(int(code)), text)
print(n, bad)
)",
                                 {characters.string()});
  CHECK(result.out == "1112064 0\n");
}
