// How far apart two floating-point numbers are, in units of the last place. Used by sweep/replay/ for metrics and
// weights that should have been the same, and by tests. Says nothing about how near is near enough.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace core {

/// As wide as the number.
template <std::floating_point Number>
using BitsOf = std::conditional_t<sizeof(Number) == 4, std::uint32_t, std::uint64_t>;

/// An integer that is one greater for the next greater number: negative numbers count downwards from zero, which both
/// zeros share. Requires: not NaN.
template <std::floating_point Number>
constexpr BitsOf<Number> ordinal(Number value) {
  static_assert(sizeof(Number) == 4 || sizeof(Number) == 8);
  using Bits = BitsOf<Number>;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const auto bits = std::bit_cast<Bits>(value);
  return (bits & kSign) != 0 ? kSign - (bits & ~kSign) : kSign + bits;
}

/// How many numbers of the type one passes from `a` to `b`: 0 for the same value, for 0.0 and -0.0 too; 1 for
/// neighbours. Denormals count, and infinity is the neighbour of the largest finite number. Returns: nothing where one
/// of them is NaN.
template <std::floating_point Number>
constexpr std::optional<std::uint64_t> ulp_distance(Number a, Number b) {
  if (a != a || b != b) return std::nullopt;
  const BitsOf<Number> x = ordinal(a), y = ordinal(b);
  return x > y ? x - y : y - x;
}

}  // namespace core
