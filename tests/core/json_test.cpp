// Canonical JSON: the form that is hashed, stored and compared.
#include "tests/catch.h"

#include <bit>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/json.h"
#include "core/object_text.h"
#include "core/philox.h"

using core::canonical_json;
using core::Json;
using core::parse_json;

TEST_CASE("canonical JSON sorts keys by bytes and puts no spaces") {
  const Json value = Json::parse(R"({"b": [1, 2], "a": {"é": null, "z": true}, "B": "x"})");
  CHECK(canonical_json(value) == R"({"B":"x","a":{"z":true,"é":null},"b":[1,2]})");
}

TEST_CASE("an integer and a float of the same value stay different") {
  CHECK(canonical_json(Json(2)) == "2");
  CHECK(canonical_json(Json(2.0)) == "2.0");
  CHECK(canonical_json(Json(-0.0)) == "-0.0");
  CHECK(canonical_json(Json(1e22)) == "1e+22");
  CHECK(canonical_json(Json(18446744073709551615u)) == "18446744073709551615");
  CHECK(canonical_json(Json(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
}

TEST_CASE("numbers are compared by what they are, also a whole one above the signed ones with a negative one") {
  const Json most = 18446744073709551615u, minus = -1, one = 1u, large = 9223372036854775808u;
  CHECK(most != Json(2));
  CHECK_FALSE(core::same_number(most, minus));
  CHECK_FALSE(core::same_number(minus, most));
  CHECK(core::same_number(most, most));
  CHECK(core::same_number(one, Json(1)));
  CHECK(core::same_number(one, Json(1.0)));
  CHECK(core::less_number(minus, most));
  CHECK_FALSE(core::less_number(most, minus));
  CHECK(core::less_number(one, large));
  CHECK(core::less_number(large, most));
  CHECK_FALSE(core::less_number(large, Json(std::numeric_limits<std::int64_t>::min())));
  CHECK(core::less_number(Json(0.5), one));
  const Json nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(core::same_number(nan, nan));
}

TEST_CASE("numbers that are not finite are written so that no string can be taken for them") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(canonical_json(Json{nan, inf, -inf, "nan"}) == R"([{"float":"nan"},{"float":"inf"},{"float":"-inf"},"nan"])");
  const Json back = parse_json(R"({"a":{"float":"nan"},"b":[{"float":"-inf"}],"c":"nan","d":{"float":"x"}})", "here");
  CHECK(std::isnan(back["a"].get<double>()));
  CHECK(back["b"][0].get<double>() == -inf);
  CHECK(back["c"] == "nan");
  CHECK(back["d"] == Json{{"float", "x"}});
}

TEST_CASE("strings are escaped as little as JSON allows") {
  CHECK(canonical_json(Json("q\"\\\b\f\n\r\t\x01\x1f/é😀\x7f")) == "\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é😀\x7f\"");
}

TEST_CASE("a string that is not UTF-8 is refused") {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "ok\x80"})
    CHECK_THROWS_AS(canonical_json(Json(bad)), core::UserError);
}

TEST_CASE("random doubles of every exponent read back to the same bits") {
  std::uint32_t failures = 0;
  for (std::uint32_t i = 0; i < 250'000; ++i) {
    const core::Philox4 bits = core::philox({{i, 0, 0, 0}}, 1);
    for (int half = 0; half < 2; ++half) {
      const std::uint64_t word = std::uint64_t{bits.word[2 * half]} << 32 | bits.word[2 * half + 1];
      const double value = std::bit_cast<double>(word);
      if (!std::isfinite(value)) continue;
      const Json back = parse_json(canonical_json(Json(value)), "test");
      if (!back.is_number_float() || std::bit_cast<std::uint64_t>(back.get<double>()) != word) ++failures;
    }
  }
  CHECK(failures == 0);
  for (const double value : {5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1e-5})
    CHECK(parse_json(canonical_json(Json(value)), "test").get<double>() == value);
}

TEST_CASE("text that is not JSON is an error with its place and byte") {
  CHECK_THROWS_WITH(parse_json("{\"a\": }", "trial.json"), "trial.json: not valid JSON at byte 7");
}

TEST_CASE("a number appended is the number of canonical JSON") {
  for (const double value : {0.0, -0.0, 2.0, -2.5, 1e22, 1e23, 123456789012345680.0, 5e-324, 1.7976931348623157e308,
                             -2.2250738585072014e-308, 0.1, std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    std::string text = "x";
    core::append_number(text, value);
    CHECK(text == "x" + core::canonical_json(value));
  }
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-7}, INT64_MIN, INT64_MAX}) {
    std::string text;
    core::append_number(text, value);
    CHECK(text == std::to_string(value));
  }
}

TEST_CASE("a number beyond every double is refused where JSON is read") {
  for (const char* text : {"1e999", R"({"a": [-1e400]})"})
    CHECK_THROWS_WITH(parse_json(text, "trial.json"),
                      "trial.json: holds a number that no double holds, write one of at most 1.8e308");
}

TEST_CASE("JSON is read to its deepest level and no deeper, however long the text") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(canonical_json(parse_json(nested(1000), "x")) == nested(1000));
  for (const std::size_t depth : {std::size_t{1001}, std::size_t{10000000}})
    CHECK_THROWS_WITH(parse_json(nested(depth), "x"), "x: is nested deeper than 1000 levels");
}

TEST_CASE("an object written member by member has the bytes of the same object as a value") {
  const std::optional<std::uint64_t> nothing;
  const Json nested = {{"b", {1, 2.0, nullptr}}, {"a", "x"}};
  const Json members = {{"é", -1}, {"", true}, {"\n\"", 1e300}};
  const std::vector<std::string> texts = {"one", "", "t\tw\u0001o\x7f"};
  core::ObjectText text;
  text.add("z", true).add("double", 2.0).add("not finite", std::numeric_limits<double>::quiet_NaN());
  text.add_members(members).add("least", std::numeric_limits<std::int64_t>::min());
  text.add("most", std::numeric_limits<std::uint64_t>::max()).add("int", -3).add("nested", nested);
  text.add("nothing", nothing).add("something", std::optional<double>(0.5)).add("null", nullptr);
  text.add("texts", texts).add("view", std::string_view("ümlaut")).add("A", "literal").add("B", std::string("s"));
  Json value = members;
  value["z"] = true;
  value["double"] = 2.0;
  value["not finite"] = std::numeric_limits<double>::quiet_NaN();
  value["least"] = std::numeric_limits<std::int64_t>::min();
  value["most"] = std::numeric_limits<std::uint64_t>::max();
  value["int"] = -3;
  value["nested"] = nested;
  value["nothing"] = nullptr;
  value["something"] = 0.5;
  value["null"] = nullptr;
  value["texts"] = texts;
  value["view"] = "ümlaut";
  value["A"] = "literal";
  value["B"] = "s";
  CHECK(text.text() == canonical_json(value));
  CHECK(core::ObjectText().text() == "{}");
}

TEST_CASE("a text that is not UTF-8 is refused in an object written member by member") {
  CHECK_THROWS_AS(core::ObjectText().add("a", "\xff"), core::UserError);
}
