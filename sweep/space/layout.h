// How the values of a point are arranged in its configuration: nested parameters in objects, keys in canonical order.
// Made once for a space. Called by space.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/space/dimension.h"

namespace sweep {

class Layout {
 public:
  explicit Layout(std::span<const Dimension> dimensions);

  core::Json config(std::span<const Dimension> dimensions, std::span<const Value> point) const;
  /// Appends canonical_json(config(…)): what does not change from point to point was written at the start.
  void append_json(std::span<const Dimension> dimensions, std::span<const Value> point, std::string& out) const;

 private:
  /// A key of an object, with the values below it: a parameter's where there are no children.
  struct Entry {
    std::string key;
    std::vector<Entry> children;
    std::size_t dimension = 0;
  };
  /// Text, and the parameter whose value follows it.
  struct Piece {
    std::string before;
    std::size_t dimension;
  };

  void place(std::span<const std::string> path, std::size_t dimension);
  void write(const std::vector<Entry>& entries, std::span<const Dimension> dimensions);
  static core::Json object(const std::vector<Entry>& entries, std::span<const Dimension> dimensions,
                           std::span<const Value> point);

  std::vector<Entry> entries_;  // sorted by key (bytes), and so are all children
  std::vector<Piece> pieces_;
  std::string rest_;
};

}  // namespace sweep
