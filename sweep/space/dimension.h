// One parameter of a space: what a quantile means for its distribution, and its values in a grid, by number.
// Part of space.h, which callers include. It holds no randomness. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/math_beta.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// One parameter's value at a point: which member counts is its Dimension's business.
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
///
/// Every value is finite: what overflows (log_normal with a large sigma) becomes the largest double; what is too small
/// becomes 0. A quantised value is round-half-even(x / q)·q, or the last multiple that fits where that one does not. It
/// is an integer where q was written as one, and no zero among them is negative. A sigma of 0 makes a constant, of
/// which a grid knows nothing.
class Dimension {
 public:
  explicit Dimension(const Parameter& parameter);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& path() const { return path_; }
  /// Whether a grid can go through it.
  bool enumerable() const { return count_ > 0; }
  /// Whether random search draws each value of the grid, all of them equally often, and no other: constants,
  /// categoricals without probabilities, int_uniform. Not q_uniform, whose rounded draws may leave [min, max] and fall
  /// on its first and last value half as often; nor probabilities.
  bool equally_likely() const { return equally_likely_; }
  /// How many values a grid has here. Requires: enumerable().
  WideCount count() const { return count_; }

  /// The value below which a share u of all draws lies. Requires: 0 < u < 1. Determinism: our own arithmetic.
  Value at_quantile(double u) const;
  /// The grid's value number `digit`: of q_uniform min + digit·q, never a running sum. Requires: enumerable(),
  /// digit < count().
  Value at_digit(std::uint64_t digit) const;

  core::Json json(Value value) const;
  /// Appends canonical_json(json(value)).
  void append_json(Value value, std::string& out) const;
  /// The value's text, where there is only one value.
  const std::string* only_text() const { return texts_.size() == 1 ? &texts_[0] : nullptr; }

 private:
  struct Prepare;
  enum class Draw { kChoice, kWeighted, kInteger, kUniform, kLogUniform, kNormal, kLogNormal, kBeta };
  enum class Form { kChoice, kInteger, kReal };

  double real_at(double u) const;
  Value quantised(double x) const;
  bool whole(double real) const;

  std::string name_;
  std::vector<std::string> path_;
  Draw draw_ = Draw::kChoice;
  Form form_ = Form::kChoice;
  bool equally_likely_ = false;
  WideCount count_ = 0;

  std::vector<core::Json> values_;       // as written; a constant has one
  std::vector<std::string> texts_;       // their canonical JSON
  std::vector<std::uint64_t> distinct_;  // a grid's choices: for each different value, the index of its last spelling
  std::vector<double> cumulative_;       // of the probabilities; beyond the last positive one no u is left

  std::int64_t first_ = 0, stride_ = 1;  // of whole numbers: the first of a grid, and the distance of two
  double min_ = 0, max_ = 0;             // bounds of a uniform or log-uniform draw
  double start_ = 0, length_ = 0;        // of the line that u runs over; or mu and sigma
  std::optional<core::portable::BetaQuantile> beta_;
  std::optional<Quantum> quantum_;
};

}  // namespace sweep
