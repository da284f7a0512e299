// One digest over the results of every portable function, from copies of the code that are compiled differently.
// tests/core/CMakeLists.txt compiles math_digest.cpp once for each; math_float_test.cpp compares.
#pragma once

#include <array>
#include <cstdint>

namespace math_copies {

inline constexpr int kDigests = 12;
/// One number for each function: floats exp … cos of math_float.h in order, then double exp and log, the
/// normal and the Beta quantile.
using MathDigests = std::array<std::uint64_t, kDigests>;

namespace unoptimised {
MathDigests math_digests();
}
namespace optimised {
MathDigests math_digests();
}
namespace avx512 {
MathDigests math_digests();
}

}  // namespace math_copies
