// Quantiles, the grid's order, and what counts as the same value.
#include "sweep/space/space.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "core/philox.h"
#include "sweep/spec/document.h"
#include "tests/catch.h"

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

const std::vector<double> kQuantiles = {.05, .25, .5, .75, .95, .999};

double real_at(const Parameter& parameter, double u) {
  const sweep::Dimension dimension(parameter);
  return dimension.json(dimension.at_quantile(u)).get<double>();
}

}  // namespace

TEST_CASE("log_uniform_values has the quantiles of its table, to six digits") {
  const Parameter parameter{"lr", sweep::Continuous{"log_uniform_values", sweep::Family::kLogUniformValues, 1e-5, 1e-1}};
  const std::vector<double> expected = {1.58489e-05, 1e-4, 1e-3, 1e-2, 0.0630957, 0.0990832};
  for (std::size_t i = 0; i < kQuantiles.size(); ++i)
    CHECK(real_at(parameter, kQuantiles[i]) == Approx(expected[i]).epsilon(5e-6));
}

TEST_CASE("int_uniform has the quantiles of its table and includes both ends") {
  const Parameter parameter{"n", sweep::IntUniform{1, 10}};
  const std::vector<int> expected = {1, 3, 5, 8, 10, 10};
  for (std::size_t i = 0; i < kQuantiles.size(); ++i) CHECK(real_at(parameter, kQuantiles[i]) == expected[i]);
  CHECK(real_at(parameter, 0x1p-53) == 1);
  CHECK(real_at(parameter, 1 - 0x1p-53) == 10);
}

TEST_CASE("int_uniform reaches both ends of all 64 bits") {
  using Limits = std::numeric_limits<std::int64_t>;
  const sweep::Dimension dimension({"n", sweep::IntUniform{Limits::min(), Limits::max()}});
  CHECK(dimension.at_quantile(0x1p-1074).integer == Limits::min());
  CHECK(dimension.at_quantile(0x1p-53).integer == Limits::min() + 2047);
  CHECK(dimension.at_quantile(0.5).integer == -1);
  CHECK(dimension.at_quantile(1 - 0x1p-53).integer == Limits::max() - 2048);
}

TEST_CASE("uniform is a straight line that never leaves its range") {
  CHECK(real_at({"x", sweep::Continuous{"uniform", sweep::Family::kUniform, -1, 3}}, 0.25) == 0);
  CHECK(real_at({"x", sweep::Continuous{"uniform", sweep::Family::kUniform, 0.1, 0.7}}, 0.5) == 0.1 + 0.5 * (0.7 - 0.1));
  for (const double max : {0.1 + 0x1p-56, 0.3, 1.1, 1e300}) {
    CHECK(real_at({"x", sweep::Continuous{"uniform", sweep::Family::kUniform, 0.1, max}}, 1 - 0x1p-53) <= max);
    CHECK(real_at({"x", sweep::Continuous{"uniform", sweep::Family::kUniform, 0.1, max}}, 0x1p-53) >= 0.1);
  }
}

TEST_CASE("log_uniform_values is clamped to its range") {
  for (const double max : {1e-1, 3.0, 7e22}) {
    CHECK(real_at({"x", sweep::Continuous{"log_uniform_values", sweep::Family::kLogUniformValues, 1e-5, max}}, 1 - 0x1p-53) <= max);
    CHECK(real_at({"x", sweep::Continuous{"log_uniform_values", sweep::Family::kLogUniformValues, 1e-5, max}}, 0x1p-1074) >= 1e-5);
  }
}

TEST_CASE("categorical gives every value its share, and mixed types keep theirs") {
  const sweep::Dimension dimension(categorical("v", {1, 1.0, "1", true, nullptr, Json::array({1, 2})}));
  const std::vector<std::string> expected = {"1", "1.0", "\"1\"", "true", "null", "[1,2]"};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(core::canonical_json(dimension.json(dimension.at_quantile((static_cast<double>(i) + 0.01) / 6))) ==
          expected[i]);
    CHECK(core::canonical_json(dimension.json(dimension.at_quantile((static_cast<double>(i) + 0.99) / 6))) ==
          expected[i]);
  }
}

TEST_CASE("a share of a count is exact where doubles would round") {
  CHECK(sweep::floor_of_product(1 - 0x1p-53, 3) == 2);
  CHECK(sweep::floor_of_product(1 - 0x1p-53, std::uint64_t{1} << 53) == (std::uint64_t{1} << 53) - 1);
  CHECK(sweep::floor_of_product(0.5, 7) == 3);
  CHECK(sweep::floor_of_product(0x1p-1074, ~std::uint64_t{0}) == 0);
  CHECK(sweep::ceil_of_product(0.5, 6) == 3);
  CHECK(sweep::ceil_of_product(0.5, 7) == 4);
  CHECK(sweep::ceil_of_product(0x1p-1074, 7) == 1);
  CHECK(sweep::ceil_of_product(0.5, sweep::WideCount{1} << 64) == sweep::WideCount{1} << 63);
}

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
}

TEST_CASE("sizes beyond 64 and 128 bits are told, not overflowed") {
  const Parameter all{
      "a", sweep::IntUniform{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}};
  CHECK(Space({all}).size_text() == "18446744073709551616");
  CHECK_FALSE(Space({all}).size().has_value());
  CHECK(Space({all}).finite());
  CHECK(Space({all, all, all}).size_text() == "more than 2^128");
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
