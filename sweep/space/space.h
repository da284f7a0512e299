// The space of configurations: what a quantile means for each parameter, and the grid, point by point. It holds no
// randomness (search/ says which quantiles to ask for) and builds nothing: a space of 10^15 points costs no memory.
// In: a Spec's parameters. Out: points, and a point's configuration. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// One parameter's value at a point: which member counts is its Dimension's kind.
union Value {
  std::uint64_t choice;  ///< index among the values as written
  std::int64_t integer;
  double real;
};

/// u·n rounded down and, second, up; exact, whatever n. Requires: 0 < u < 1, 1 ≤ n ≤ 2^64.
using WideCount = unsigned __int128;
std::uint64_t floor_of_product(double u, WideCount n);
WideCount ceil_of_product(double u, WideCount n);

/// One parameter, prepared for many draws.
class Dimension {
 public:
  explicit Dimension(const Parameter& parameter);

  const std::string& name() const { return name_; }
  bool enumerable() const { return count_ > 0; }
  /// How many different values a grid has here. Requires: enumerable().
  WideCount count() const { return count_; }

  /// The value below which a share u of all draws lies. Requires: 0 < u < 1. Determinism: our own arithmetic.
  Value at_quantile(double u) const;
  /// The grid's value number `digit`. Requires: enumerable(), digit < count().
  Value at_digit(std::uint64_t digit) const;
  core::Json json(Value value) const;

 private:
  enum class Kind { kChoice, kInteger, kUniform, kLogUniform };

  std::string name_;
  Kind kind_ = Kind::kChoice;
  WideCount count_ = 0;
  std::vector<core::Json> values_;       // as written; a constant has one
  std::vector<std::uint64_t> distinct_;  // a grid's choices: for each different value, the index of its last spelling
  std::int64_t first_ = 0;               // of an integer range
  double min_ = 0, max_ = 0;
  double start_ = 0, length_ = 0;  // of the line that u runs over: the range or its logarithms
};

class Space {
 public:
  /// Requires: parameters as read_spec() gives them, sorted by name.
  explicit Space(const std::vector<Parameter>& parameters);

  std::span<const Dimension> dimensions() const { return dimensions_; }
  /// Whether every parameter is enumerable.
  bool finite() const { return finite_; }
  /// The number of points; none where the space is not finite or has 2^64 points or more.
  std::optional<std::uint64_t> size() const;
  /// "36", exact up to 2^128; "infinite" where a parameter is continuous.
  std::string size_text() const;

  /// The grid in its written order: the first parameter slowest, the last fastest. Requires: finite(), index < size
  /// where size() has a value, one element of `point` a dimension.
  void grid_point(std::uint64_t index, std::span<Value> point) const;
  /// The configuration a trainer gets, constants included.
  core::Json config(std::span<const Value> point) const;

 private:
  std::vector<Dimension> dimensions_;
  bool finite_ = true;
  WideCount size_ = 1;  // saturates
};

}  // namespace sweep
