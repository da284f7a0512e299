// See space.h.
#include "sweep/space/space.h"

#include <algorithm>
#include <limits>

namespace sweep {
namespace {

constexpr WideCount kMostPoints = ~WideCount{0};

std::vector<Dimension> prepared(const std::vector<Parameter>& parameters) {
  return {parameters.begin(), parameters.end()};
}

}  // namespace

Space::Space(const std::vector<Parameter>& parameters) : dimensions_(prepared(parameters)), layout_(dimensions_) {
  for (const Dimension& dimension : dimensions_) {
    permutable_ = permutable_ && dimension.equally_likely();
    finite_ = finite_ && dimension.enumerable();
    if (finite_) size_ = size_ > kMostPoints / dimension.count() ? kMostPoints : size_ * dimension.count();
  }
}

std::optional<std::uint64_t> Space::size() const {
  if (!finite_ || size_ > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(size_);
}

std::string Space::size_text() const {
  if (!finite_) return "infinite";
  if (size_ == kMostPoints) return "more than 2^128";
  std::string digits;
  for (WideCount rest = size_; rest > 0; rest /= 10) digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  std::reverse(digits.begin(), digits.end());
  return digits;
}

void Space::grid_point(std::uint64_t index, std::span<Value> point) const {
  for (std::size_t i = dimensions_.size(); i-- > 0;) {
    const WideCount count = dimensions_[i].count();
    if (count > index) {  // also where no 64 bits hold the count
      point[i] = dimensions_[i].at_digit(index);
      index = 0;
    } else {
      const auto radix = static_cast<std::uint64_t>(count);
      point[i] = dimensions_[i].at_digit(index % radix);
      index /= radix;
    }
  }
}

core::Json Space::config(std::span<const Value> point) const { return layout_.config(dimensions_, point); }

void Space::append_config_json(std::span<const Value> point, std::string& out) const {
  layout_.append_json(dimensions_, point, out);
}

}  // namespace sweep
