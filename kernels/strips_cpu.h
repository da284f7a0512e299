// Channels of a pixel in strips of known length; included by the sources that are compiled once for each instruction
// set.
#pragma once

#include <type_traits>

#include "kernels/isa_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {

/// Calls strip(width, first) for strips of channels that cover all, the widest first: a loop of known length, over
/// arrays of its own, has neither start nor end nor the doubt whether its arrays overlap. (`unroll 1` there: it is to
/// become one vector before the compiler takes it apart.)
template <int kWidest, class Strip>
void each_strip(int channels, Strip strip) {
  int c = 0;
  if constexpr (kWidest >= 32)
    for (; c + 32 <= channels; c += 32) strip(std::integral_constant<int, 32>{}, c);
  for (; c + 16 <= channels; c += 16) strip(std::integral_constant<int, 16>{}, c);
  for (; c + 4 <= channels; c += 4) strip(std::integral_constant<int, 4>{}, c);
  for (; c < channels; ++c) strip(std::integral_constant<int, 1>{}, c);
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
