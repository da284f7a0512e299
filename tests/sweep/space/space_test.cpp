// The grid's order and size, what counts as the same value, and how a point becomes a configuration.
#include "sweep/space/space.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/philox.h"
#include "sweep/spec/document.h"
#include "tests/catch.h"
#include "tests/sweep/every_distribution.h"

using core::Json;
using sweep::Parameter;
using sweep::Space;
using sweep::Value;

namespace {

Parameter categorical(const std::string& name, std::vector<Json> values) {
  return {name, sweep::Categorical{std::move(values)}};
}

// Every point of a grid as text, in its order: "1 4, 1 5, …".
std::string sequence(const Space& space) {
  std::string text;
  std::vector<Value> point(space.dimensions().size());
  for (std::uint64_t i = 0; i < space.size().value(); ++i) {
    space.grid_point(i, point);
    if (i > 0) text += ", ";
    for (std::size_t d = 0; d < point.size(); ++d)
      text += (d > 0 ? " " : "") + core::canonical_json(space.dimensions()[d].json(point[d]));
  }
  return text;
}

}  // namespace

TEST_CASE("a grid varies its last parameter fastest") {
  CHECK(sequence(Space({categorical("v1", {1, 2, 3}), categorical("v2", {4, 5})})) == "1 4, 1 5, 2 4, 2 5, 3 4, 3 5");
}

TEST_CASE("a grid takes a repeated value once") {
  CHECK(sequence(Space({categorical("v1", {"a", "b", "c", "a"}), categorical("v2", {1, 2, 3})})) ==
        R"("a" 1, "a" 2, "a" 3, "b" 1, "b" 2, "b" 3, "c" 1, "c" 2, "c" 3)");
}

TEST_CASE("a grid's values are the same where Python holds them equal, except true and 1, and the last spelling wins") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Space space({categorical("v", {3, 3.0, "3", true, 1, nullptr, nan, nan})});
  CHECK(sequence(space) == R"(3.0, "3", true, 1, null, {"float":"nan"})");
}

TEST_CASE("the order of an object's keys does not make another value") {
  const Json one = Json::parse(R"({"a": 1, "b": [2.0, {"c": 3}]})");
  const Json same = Json::parse(R"({"b": [2, {"c": 3.0}], "a": 1})");
  const Json other = Json::parse(R"({"b": [2, {"c": 4}], "a": 1})");
  CHECK(Space({categorical("v", {one, same, other})}).size() == 2);
}

TEST_CASE("values that only look alike stay apart") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(Space({categorical("v", {nan, Json{{"float", "nan"}}, "nan"})}).size() == 3);
  CHECK(Space({categorical("v", {9007199254740993, 9007199254740992.0, 9007199254740992})}).size() == 2);
  CHECK(Space({categorical("v", {18446744073709551615u, 18446744073709551616.0})}).size() == 2);
  CHECK(Space({categorical("v", {0, -0.0, false, nullptr, "", Json::array(), Json::object()})}).size() == 6);
  CHECK(Space({categorical("v", {Json::array({1, 2}), Json::array({12}), "[1,2]"})}).size() == 3);
}

TEST_CASE("parameters of a read file stand in the order of their names, by code point") {
  const sweep::Spec spec = sweep::read_spec(
      R"({"method": "grid", "parameters": {"zeta": {"values": [1, 2]}, "Alpha": {"values": ["x", "y"]},
          "beta": {"values": [true, false]}}})",
      "f.json");
  CHECK(sequence(Space(spec.parameters)) ==
        R"("x" true 1, "x" true 2, "x" false 1, "x" false 2, "y" true 1, "y" true 2, "y" false 1, "y" false 2)");
}

TEST_CASE("an integer range is a part of a grid, both ends included, and a constant adds no points") {
  const Space space({{"a", sweep::IntUniform{-1, 1}}, {"b", sweep::Constant{"x"}}});
  CHECK(sequence(space) == R"(-1 "x", 0 "x", 1 "x")");
}

TEST_CASE("a grid of 10^15 points is indexed, not built") {
  std::vector<Parameter> parameters;
  for (char c = 'a'; c < 'f'; ++c) parameters.push_back({std::string(1, c), sweep::IntUniform{0, 999}});
  const Space space(parameters);
  CHECK(space.size_text() == "1000000000000000");
  std::vector<Value> point(5);
  space.grid_point(123456789012345, point);
  CHECK(core::canonical_json(space.config(point)) == R"({"a":123,"b":456,"c":789,"d":12,"e":345})");
  space.grid_point(999'999'999'999'999, point);
  CHECK(core::canonical_json(space.config(point)) == R"({"a":999,"b":999,"c":999,"d":999,"e":999})");
}

TEST_CASE("a grid of 10^15 points mixes radices of every kind") {
  // 10 · 8 · 125 · 10^5 · 10^6 · 1, the first slowest.
  const Space space({
      {"a", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 0, 1, sweep::Quantum{0.1}}},
      categorical("b", {1, "1", 1.5, true, false, nullptr, "x", 1.0, 2}),
      {"c", sweep::IntUniform{-62, 62}},
      {"d", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 5, 500'005, sweep::Quantum{5, true}}},
      {"e", sweep::IntUniform{0, 999'999}},
      {"f", sweep::Constant{"c"}},
  });
  CHECK(space.size() == 1'000'000'000'000'000);
  std::vector<Value> point(6);
  space.grid_point(999'999'999'999'999, point);
  CHECK(core::canonical_json(space.config(point)) == R"({"a":0.9,"b":2,"c":62,"d":500000,"e":999999,"f":"c"})");
  space.grid_point(0, point);
  CHECK(core::canonical_json(space.config(point)) == R"({"a":0.0,"b":1.0,"c":-62,"d":5,"e":0,"f":"c"})");
  space.grid_point(((((3 * 8 + 5) * 125ull + 70) * 100'000 + 12'345) * 1'000'000) + 678, point);
  CHECK(core::canonical_json(space.config(point)) ==
        R"({"a":0.30000000000000004,"b":null,"c":8,"d":61730,"e":678,"f":"c"})");
}

TEST_CASE("a grid goes through q_uniform from min in steps of q, while below max") {
  const auto grid = [](double min, double max, sweep::Quantum quantum) {
    return sequence(Space({{"x", sweep::Continuous{"q_uniform", sweep::Family::kUniform, min, max, quantum}}}));
  };
  CHECK(grid(0, 100, {25, true}) == "0, 25, 50, 75");
  CHECK(grid(0, 101, {25, true}) == "0, 25, 50, 75, 100");
  CHECK(grid(-3, 4, {2, true}) == "-3, -1, 1, 3");
  CHECK(grid(0, 100, {25, false}) == "0.0, 25.0, 50.0, 75.0");
  CHECK(grid(1, 2, {10, true}) == "1");
  CHECK(grid(0, 0.5, {0.1, false}) == "0.0, 0.1, 0.2, 0.30000000000000004, 0.4");
  CHECK(grid(1, 1.3, {0.1, false}) == "1.0, 1.1, 1.2");  // 1 + 3 · 0.1 is 1.3, though 0.3 / 0.1 is above 3
  CHECK(grid(0, 1, {0.1, false}) ==
        "0.0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, "
        "0.7000000000000001, 0.8, 0.9");
}

TEST_CASE("steps written as an integer from a start that is none stay what they are") {
  const Space space({{"x", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 0.5, 3, sweep::Quantum{1, true}}}});
  CHECK(sequence(space) == "0.5, 1.5, 2.5");
  const sweep::Dimension& x = space.dimensions()[0];
  CHECK(x.json(x.at_quantile(0.7)) == 2);
  CHECK(x.json(x.at_quantile(0.7)).is_number_integer());
}

TEST_CASE("the millionth step of q_uniform carries no sum of errors") {
  const Space space({{"x", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 5, 1e6, sweep::Quantum{0.1}}}});
  CHECK(space.size() == 9'999'950);
  std::vector<Value> point(1);
  for (const std::uint64_t k : {1u, 999'999u, 7'654'321u, 9'999'949u}) {
    space.grid_point(k, point);
    CHECK(point[0].real == 5 + static_cast<double>(k) * 0.1);
  }
}

TEST_CASE("q_uniform steps through all 64 bits, and a step finer than doubles does not overflow the count") {
  const Space wide(
      {{"x", sweep::Continuous{"q_uniform", sweep::Family::kUniform, -0x1p63, 0x1p63, sweep::Quantum{0x1p62, true}}}});
  CHECK(sequence(wide) == "-9223372036854775808, -4611686018427387904, 0, 4611686018427387904");
  const Space fine({{"x", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 0, 1e300, sweep::Quantum{1e-300}}}});
  CHECK(fine.finite());
  CHECK_FALSE(fine.size().has_value());
}

TEST_CASE("a space is finite without being permutable where q_uniform is in it") {
  const Parameter choice = categorical("a", {1, 2}), constant{"b", sweep::Constant{1}},
                  range{"c", sweep::IntUniform{1, 3}};
  const Parameter steps{"d", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 0, 1, sweep::Quantum{0.1}}};
  const Parameter weighted{"e", sweep::Categorical{{1, 2}, {0.5, 0.5}}};
  const Parameter normal{"f", sweep::Continuous{"normal", sweep::Family::kNormal, 0, 0}};
  CHECK(Space({choice, constant, range}).permutable());
  CHECK(Space({choice, constant, range, steps}).finite());
  CHECK_FALSE(Space({choice, constant, range, steps}).permutable());
  CHECK_FALSE(Space({choice, weighted}).finite());
  CHECK_FALSE(Space({choice, weighted}).permutable());
  CHECK_FALSE(Space({choice, normal}).finite());
  CHECK_FALSE(Space({choice, normal}).permutable());
}

TEST_CASE("a space calls enumerable what the language calls enumerable") {
  for (const Parameter& parameter : sweep::every_distribution())
    CHECK(sweep::Dimension(parameter).enumerable() == sweep::enumerable(parameter.distribution));
}

TEST_CASE("nested parameters nest in the configuration, and dotted names that are none stay as they are") {
  const Space space({
      {"a-x", sweep::Constant{1}},
      {"a.b", sweep::IntUniform{1, 2}, 0, 0, {"a", "b"}},
      {"a.c.d", sweep::Constant{Json{{"k", 1}}}, 0, 0, {"a", "c", "d"}},
      {"a.c.e", categorical("", {"u", "v"}).distribution, 0, 0, {"a", "c", "e"}},
      {"a0", sweep::Constant{nullptr}},
      {"b.c", sweep::Constant{true}},
  });
  std::vector<Value> point(6);
  space.grid_point(2, point);
  CHECK(core::canonical_json(space.config(point)) ==
        R"({"a":{"b":2,"c":{"d":{"k":1},"e":"u"}},"a-x":1,"a0":null,"b.c":true})");
  space.grid_point(1, point);
  CHECK(core::canonical_json(space.config(point)) ==
        R"({"a":{"b":1,"c":{"d":{"k":1},"e":"v"}},"a-x":1,"a0":null,"b.c":true})");
}

TEST_CASE("a point's text is the canonical JSON of its configuration, byte for byte") {
  std::vector<Parameter> parameters = sweep::every_distribution();
  parameters.push_back({"constant", sweep::Constant{Json{{"z", 1.0}, {"a", {1, "é\n\""}}}}});
  parameters.push_back({"größe", sweep::Categorical{{"\t", 1e300, -0.0, std::numeric_limits<double>::infinity()}}});
  parameters.push_back({"k.\"q\".x", sweep::IntUniform{1, 9}, 0, 0, {"k", "\"q\"", "x"}});
  parameters.push_back({"k.\"q\".y", sweep::Constant{false}, 0, 0, {"k", "\"q\"", "y"}});
  parameters.push_back({"k.a", sweep::Continuous{"uniform", sweep::Family::kUniform, 0, 1}, 0, 0, {"k", "a"}});
  std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const Space space(parameters);
  std::vector<Value> point(parameters.size());
  for (int i = 0; i < 500; ++i) {
    for (std::size_t d = 0; d < point.size(); ++d) point[d] = space.dimensions()[d].at_quantile((i + 0.5) / 500);
    std::string text = "before ";
    space.append_config_json(point, text);
    REQUIRE(text == "before " + core::canonical_json(space.config(point)));
  }
  std::string text;
  Space(std::vector<Parameter>{}).append_config_json({}, text);
  CHECK(text == "{}");
}

TEST_CASE("sizes beyond 64 and 128 bits are told, not overflowed") {
  const Parameter all{
      "a", sweep::IntUniform{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}};
  CHECK(Space({all}).size_text() == "18446744073709551616");
  CHECK_FALSE(Space({all}).size().has_value());
  CHECK(Space({all}).finite());
  const auto named = [&](const char* name) { return Parameter{name, all.distribution}; };
  CHECK(Space({named("a"), named("b"), named("c")}).size_text() == "more than 2^128");
  CHECK(Space({all, {"b", sweep::Continuous{"uniform", sweep::Family::kUniform, 0, 1}}}).size_text() == "infinite");
  std::vector<Value> point(2);
  Space({{"s", sweep::IntUniform{0, 1}}, all}).grid_point(7, point);
  CHECK(point[0].integer == 0);
  CHECK(point[1].integer == std::numeric_limits<std::int64_t>::min() + 7);
}

TEST_CASE("a million doubles pass from the file to the trainer's JSON with the same bits") {
  constexpr int kValues = 50'000, kRounds = 20;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    std::vector<double> doubles;
    std::string text = R"({"method": "grid", "parameters": {"v": {"values": [)";
    for (std::uint32_t i = 0; doubles.size() < kValues; ++i) {
      const core::Philox4 bits = core::philox({{i, round, 0, 0}}, 20261123);
      double value;
      std::memcpy(&value, bits.word, sizeof value);
      if (!std::isfinite(value)) continue;
      if (!doubles.empty()) text += ", ";
      doubles.push_back(value);
      text += core::format_double(value);
    }
    text += "]}}}";
    const sweep::Spec spec = sweep::read_spec(text, "f.json");
    const Space space(spec.parameters);
    REQUIRE(space.size() == kValues);
    std::vector<Value> point(1);
    int differing = 0;
    for (std::uint64_t i = 0; i < kValues; ++i) {
      space.grid_point(i, point);
      const std::string written = core::canonical_json(space.config(point));
      double back = 0;
      std::from_chars(written.data() + 5, written.data() + written.size(), back);
      differing += std::memcmp(&back, &doubles[i], sizeof back) != 0;
    }
    REQUIRE(differing == 0);
  }
}
