// Numbers one unit in the last place away. Callers: the families of hypotheses.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace trainer {

/// The next greater or smaller number; nothing for ±0, and where there is none that is finite.
template <class Number>
std::optional<Number> neighbour(Number x, bool up) {
  using Bits = std::conditional_t<sizeof(Number) == 4, std::uint32_t, std::uint64_t>;
  if (x == 0 || !std::isfinite(x)) return std::nullopt;
  const Bits bits = std::bit_cast<Bits>(x);
  const auto next = std::bit_cast<Number>(static_cast<Bits>(up == (x > 0) ? bits + 1 : bits - 1));
  return std::isfinite(next) ? std::optional(next) : std::nullopt;
}

/// The same of the float that is nearest to x.
inline std::optional<double> neighbour_as_float(double x, bool up) {
  const auto next = neighbour(static_cast<float>(x), up);
  return next ? std::optional(static_cast<double>(*next)) : std::nullopt;
}

}  // namespace trainer
