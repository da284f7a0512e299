// YAML as a tree with places: what scalars mean, anchors and merges, marks, the choice of the reader, limits.
#include <fmt/format.h>

#include <limits>

#include "sweep/spec/document.h"
#include "sweep/spec/yaml_scalar.h"
#include "tests/catch.h"

using sweep::Document;
using sweep::Node;

namespace {

std::string value(const std::string& text, const char* file = "sweep.yaml") {
  return core::canonical_json(Document(text, file).root().json());
}

std::string place(const sweep::Mark& mark) { return fmt::format("{}:{}", mark.line, mark.column); }

std::string refusal(const std::string& text, const char* file = "sweep.yaml") {
  try {
    const Document document(text, file);
  } catch (const core::UserError& error) {
    return error.problems().at(0).problem;
  }
  return "";
}

}  // namespace

TEST_CASE("words of YAML 1.1 are booleans and nulls in each of their three spellings, other spellings are strings") {
  CHECK(value("[yes, Yes, YES, on, On, ON, true, True, TRUE]") == "[true,true,true,true,true,true,true,true,true]");
  CHECK(value("[no, No, NO, off, Off, OFF, false, False, FALSE]") ==
        "[false,false,false,false,false,false,false,false,false]");
  CHECK(value("[~, null, Null, NULL]") == "[null,null,null,null]");
  CHECK(value("a:\nb: 1") == R"({"a":null,"b":1})");
  CHECK(value("[yEs, tRUE, nULL, y, n, None, t]") == R"(["yEs","tRUE","nULL","y","n","None","t"])");
}

TEST_CASE("integers of YAML are decimal, hexadecimal, octal with 0o and binary, with signs and separators") {
  CHECK(value("[0, 7, +3, -3, -0, 0x1F, 0o17, 0b101, 1_000, -0x10, 007]") == "[0,7,3,-3,0,31,15,5,1000,-16,7]");
  CHECK(value("[18446744073709551615, -9223372036854775808]") == "[18446744073709551615,-9223372036854775808]");
  CHECK(value("[0x, 0xg, 0o8, 0b2, -, +, --1, 1a]") == R"(["0x","0xg","0o8","0b2","-","+","--1","1a"])");
}

TEST_CASE("an underscore separates two digits of a number, and elsewhere in one it is refused") {
  CHECK(value("[1_000, 1_000.5, -1_0.2_5e3, 1_000e5, 0xf_f, 0b1_0, 0o1_7]") == "[1000,1000.5,-10250.0,1e+08,255,2,15]");
  for (const std::string text : {"1_", "1__0", "+1_", "0x_f", "0xf_", "1_.5", "1._5", "1.5_", "1_e5", "1e_5", "1e1_0",
                                 "1_e+5", "1.5_e-5", "1.5e+1_0", "-.5_"})
    CHECK(refusal(text) == "'" + text + "' is a number for some readers of YAML and a string for others");
  CHECK(value("[_1, -_1, +_1, __1, _1.5, ._5, a_1, 1_a, 0x_, 0xg_1, 1_0_b, 2024-01-31_1, e_5, '1_', '1_e5']") ==
        R"(["_1","-_1","+_1","__1","_1.5","._5","a_1","1_a","0x_","0xg_1","1_0_b","2024-01-31_1","e_5","1_","1_e5"])");
}

TEST_CASE("floats of YAML 1.2 are floats, with a point or an exponent or both") {
  CHECK(value("[1e-5, 1E5, .5, 5., +1.5, -2.5e+3, 1.e2, 0.0, -0.0, 1_0.5]") ==
        "[1e-05,1e+05,0.5,5.0,1.5,-2500.0,100.0,0.0,-0.0,10.5]");
  CHECK(value("[.inf, -.Inf, +.INF, .nan]") == R"([{"float":"inf"},{"float":"-inf"},{"float":"inf"},{"float":"nan"}])");
  CHECK(value("[., e5, 1e, 1e+, .e5, 1.2.3, inf, nan, -.nan, 1e5.0, ..5]") ==
        R"([".","e5","1e","1e+",".e5","1.2.3","inf","nan","-.nan","1e5.0","..5"])");
  CHECK(value("[4.9e-324, 1.7976931348623157e308]") == "[5e-324,1.7976931348623157e+308]");
}

TEST_CASE("a date, a time and a version are strings") {
  CHECK(value("[2024-01-31, 1:30, 10:20:30.5, 1.2.3]") == R"(["2024-01-31","1:30","10:20:30.5","1.2.3"])");
}

TEST_CASE("a scalar in quotes or as a block is a string") {
  CHECK(value("['1', \"2\", 'it''s', \"a\\tb\\u00e9\", '', 'null']") == R"(["1","2","it's","a\tbé","","null"])");
  CHECK(value("a: |\n  1\n  2\nb: >-\n  3\n  4\n") == R"({"a":"1\n2\n","b":"3 4"})");
}

TEST_CASE("the tags of JSON's types decide what a scalar is") {
  CHECK(value("[!!float 3, !!int '3', !!str 3, !!bool 'yes', !!null '', !!float 1e3, ! 5, !!float .inf]") ==
        R"([3.0,3,"3",true,null,1000.0,"5",{"float":"inf"}])");
  CHECK(value("!!map {a: !!seq [1]}") == R"({"a":[1]})");
}

TEST_CASE("a key is its text as written") {
  CHECK(value("{1: a, 1.50: b, yes: c, ~: d, 'q r': e}") == R"({"1":"a","1.50":"b","q r":"e","yes":"c","~":"d"})");
}

TEST_CASE("aliases repeat values, and merge keys fill up an object without overwriting") {
  CHECK(value("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd:\n  q: 4\n  <<: [{q: 5, r: 6}, *x]\n") ==
        R"({"a":{"p":1,"q":2},"b":{"p":1,"q":2},"c":{"p":1,"q":3},"d":{"p":1,"q":4,"r":6}})");
  CHECK(value("&k key: 1\nother: *k") == R"({"key":1,"other":"key"})");
  CHECK(value("a: &x name\n*x : 1") == R"({"a":"name","name":1})");
  CHECK(value("a: &x 1\nb: &x 2\nc: *x") == R"({"a":1,"b":2,"c":2})");
  CHECK(value("{'<<': 1}") == R"({"<<":1})");
}

TEST_CASE("of a repeated key the last value counts, in the place of the last") {
  const Document document("a: 1\nb: 2\na: 3\n", "sweep.yaml");
  CHECK(core::canonical_json(document.root().json()) == R"({"a":3,"b":2})");
  CHECK(place(document.root().find("a")->mark) == "3:1");
  REQUIRE(document.warnings().size() == 1);
  CHECK(document.warnings()[0].problem.text().starts_with(
      "sweep.yaml:3:1: the key 'a' is repeated, this one counts and the one in line 1 does not"));
}

TEST_CASE("every value and key has its place, counted in characters") {
  const Document document("größe: {é: 1, 'ü': [x, y]}\nb:\n  - 寸法: &a 3\n  - *a\nc:\n", "sweep.yaml");
  const Node& root = document.root();
  CHECK(place(root.find("größe")->value.mark) == "1:8");
  CHECK(place(root.find("größe")->value.find("ü")->mark) == "1:15");
  CHECK(place(root.find("größe")->value.find("ü")->value.items.at(1).mark) == "1:24");
  const Node& list = root.find("b")->value;
  CHECK(place(list.mark) == "3:3");
  CHECK(place(list.items.at(0).find("寸法")->mark) == "3:5");
  CHECK(place(list.items.at(1).mark) == place(list.items.at(0).find("寸法")->value.mark));
  CHECK(place(root.find("c")->value.mark) == "5:1");
}

TEST_CASE("carriage returns belong to the end of a line") {
  CHECK(value("a: 1\r\nb:\r\n- x\r\n- y\r\n") == R"({"a":1,"b":["x","y"]})");
  CHECK(place(Document("a: 1\r\nb: 2\r\n", "sweep.yaml").root().find("b")->mark) == "2:1");
}

TEST_CASE("the extension chooses the reader, and where there is none the first character does") {
  CHECK(value(R"({"a": 1})", "x.json") == R"({"a":1})");
  CHECK(value("a: 1", "x.yml") == R"({"a":1})");
  CHECK(value("\n {\"a\": \"\\ud83d\\ude00\"}", "x") == R"({"a":"😀"})");
  CHECK(value("a: 1", "x.conf") == R"({"a":1})");
  CHECK(value("[1]", "x") == "[1]");
  CHECK(value("{a: 1}", "x.yaml") == R"({"a":1})");
  CHECK(refusal("a: 1", "x.json") == "the word a stands without quotes");
  CHECK(refusal("{a: 1}", "x") == "the key a stands without quotes");
}

TEST_CASE("a document may begin with directives and end with a mark") {
  CHECK(value("%YAML 1.2\n---\na: 1\n...\n# end\n") == R"({"a":1})");
}

TEST_CASE("aliases may add as many values as a sweep may need, and no more") {
  const auto file = [](int copies) {
    std::string text = "a: &a [0";
    for (int i = 1; i < 1000; ++i) text += ", 0";
    text += "]\nb: [*a";
    for (int i = 1; i < copies; ++i) text += ", *a";
    return text + "]\n";
  };
  CHECK(refusal(file(199)).empty());
  CHECK(refusal(file(200)) == "aliases repeat more than 200000 values up to here");
}

TEST_CASE("a YAML list of a hundred thousand values on one line is read in a moment") {
  std::string text = "a: [0";
  for (int i = 1; i < 100'000; ++i) text += ", " + std::to_string(i);
  const Document document(text + "]", "sweep.yaml");
  CHECK(document.root().find("a")->value.items.size() == 100'000);
  CHECK(place(document.root().find("a")->value.items.back().mark) == "1:688888");
}
