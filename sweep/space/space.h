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
#include "sweep/space/dimension.h"
#include "sweep/space/layout.h"
#include "sweep/spec/spec.h"

namespace sweep {

class Space {
 public:
  /// Requires: parameters as read_spec() gives them, sorted by name: by its bytes, which in UTF-8 is by code point. No
  /// parameter's path is another's, or leads through another.
  explicit Space(const std::vector<Parameter>& parameters);

  std::span<const Dimension> dimensions() const { return dimensions_; }
  /// Whether a grid can go through every parameter.
  bool finite() const { return finite_; }
  /// Whether random search here is a permutation of the grid: every parameter is equally_likely(). A finite space with
  /// a q_uniform is none; random search draws from it without end, and a draw may come again.
  bool permutable() const { return permutable_; }
  /// The number of the grid's points; none where the space is not finite or has 2^64 points or more.
  std::optional<std::uint64_t> size() const;
  /// "36", exact up to 2^128; "infinite" where a grid cannot go through a parameter.
  std::string size_text() const;

  /// The grid in its written order: the first parameter slowest, the last fastest. Requires: finite(), index < size
  /// where size() has a value, one element of `point` a dimension.
  void grid_point(std::uint64_t index, std::span<Value> point) const;
  /// The configuration a trainer gets, constants included, nested parameters in objects.
  core::Json config(std::span<const Value> point) const;
  /// Appends core::canonical_json(config(point)), several times as fast.
  void append_config_json(std::span<const Value> point, std::string& out) const;

 private:
  std::vector<Dimension> dimensions_;
  Layout layout_;
  bool finite_ = true, permutable_ = true;
  WideCount size_ = 1;  // saturates
};

}  // namespace sweep
