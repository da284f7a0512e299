// What the tests of the CPU back end share: every instruction set that this machine has times 1, 2 and 3 threads,
// arrays of bits, and comparison to the bit. The expected values come from plain loops in the tests themselves.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "tests/catch.h"

namespace tests {

/// The contexts, made once a program.
inline std::vector<kernels::Context*> cpu_contexts() {
  using kernels::CpuIsa;
  static const std::vector<std::unique_ptr<kernels::Context>> owned = [] {
    std::vector<std::unique_ptr<kernels::Context>> made;
    const CpuIsa best = kernels::cpu_isa(*kernels::make_cpu_context(1));
    for (CpuIsa isa : {CpuIsa::kPlain, CpuIsa::kAvx2, CpuIsa::kAvx512}) {
      if (isa == CpuIsa::kAvx512 && best != CpuIsa::kAvx512) continue;
      for (int threads = 1; threads <= 3; ++threads) made.push_back(kernels::make_cpu_context(threads, isa));
    }
    return made;
  }();
  std::vector<kernels::Context*> contexts;
  for (const auto& context : owned) contexts.push_back(context.get());
  return contexts;
}

/// Memory of the CPU back end with the very number of elements asked for, so that address sanitizer sees its ends.
template <class T>
class Array {
 public:
  explicit Array(std::size_t count) : buffer_(kernels::cpu_backend(), *cpu_contexts().front(), count) {
    if (count > 0) std::memset(static_cast<void*>(buffer_.data()), 0xff, count * sizeof(T));  // NaN, −1
  }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    if (!values.empty()) std::memcpy(buffer_.data(), values.data(), values.size() * sizeof(T));
  }
  T* data() { return buffer_.data(); }
  const T* data() const { return buffer_.data(); }
  std::vector<T> values() const { return {buffer_.data(), buffer_.data() + buffer_.size()}; }

 private:
  kernels::Buffer<T> buffer_;
};

/// The first element whose bits differ (a NaN equals a NaN), in words; empty where there is none.
inline std::string first_difference(const std::vector<float>& found, const std::vector<float>& expected) {
  if (found.size() != expected.size()) return "sizes differ";
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] != found[i] && expected[i] != expected[i]) continue;
    const auto bits = std::bit_cast<std::uint32_t>(found[i]), wanted = std::bit_cast<std::uint32_t>(expected[i]);
    if (bits == wanted) continue;
    char text[120];
    std::snprintf(text, sizeof text, "element %zu is %a (%08x), expected %a (%08x)", i, static_cast<double>(found[i]),
                  bits, static_cast<double>(expected[i]), wanted);
    return text;
  }
  return {};
}

/// `count` numbers in (−1, 1).
inline std::vector<float> random_floats(std::size_t count, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(static_cast<std::int32_t>(generator())) * 0x1p-31f;
  return values;
}

/// `count` numbers, half of them among `kinds`, the others in (−0.5, 0.5).
inline std::vector<float> mixed_floats(std::size_t count, std::uint32_t seed, const std::vector<float>& kinds) {
  std::mt19937 generator(seed);
  std::vector<float> chosen(count);
  for (float& value : chosen) {
    const std::uint32_t draw = generator();
    value = draw % 2 == 0 ? kinds[(draw >> 8) % kinds.size()] : static_cast<float>(draw >> 8) * 0x1p-24f - 0.5f;
  }
  return chosen;
}

/// Signed zeros, denormals and tiny numbers among others, none above 1: no sum of them overflows.
inline std::vector<float> small_floats(std::size_t count, std::uint32_t seed) {
  return mixed_floats(count, seed,
                      {0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 0x1.8p-130f, -0x1.fp-127f, 0x1p-75f, -0x1p-75f, 0x1p-126f,
                       1.0f, -1.0f, 0x1p-12f});
}

/// The ends of the range and what is not finite.
inline const std::vector<float>& wild_kinds() {
  static const float inf = std::numeric_limits<float>::infinity();
  static const std::vector<float> kinds = {
      inf, -inf, 0x1.fffffep+127f, -0x1.fffffep+127f, -0x1p+64f, std::numeric_limits<float>::quiet_NaN()};
  return kinds;
}

/// small_floats of which the one in the middle is a wild kind: for attention, in which one of them reaches far.
inline std::vector<float> once_wild_floats(std::size_t count, std::uint32_t seed) {
  std::vector<float> values = small_floats(count, seed);
  if (count > 0) values[count / 2] = wild_kinds()[seed % wild_kinds().size()];
  return values;
}

/// `values` of which about one in `one_in` is a wild kind.
inline std::vector<float> with_wild_kinds(std::vector<float> values, std::uint32_t seed, std::uint32_t one_in) {
  std::mt19937 generator(seed + 1);
  for (float& value : values) {
    const std::uint32_t draw = generator();
    if (draw % one_in == 0) value = wild_kinds()[(draw >> 16) % wild_kinds().size()];
  }
  return values;
}

/// once_wild_floats of which one in 2000 is a wild kind too: for sums, which few of these leave a NaN.
inline std::vector<float> wild_floats(std::size_t count, std::uint32_t seed) {
  return with_wild_kinds(once_wild_floats(count, seed), seed, 2000);
}

/// Numbers whose products mostly round to a zero of their sign, so that sums of a few of them are ±0, and those of many
/// are denormal.
inline std::vector<float> tiny_floats(std::size_t count, std::uint32_t seed) {
  constexpr float kKinds[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 0x1p-75f, -0x1p-75f};
  std::mt19937 generator(seed);
  std::vector<float> chosen(count);
  for (float& value : chosen) {
    const std::uint32_t draw = generator();
    value = draw % 8 == 0 ? (static_cast<float>(draw >> 8) * 0x1p-24f - 0.5f) * 0x1p-69f : kKinds[(draw >> 8) % 6];
  }
  return chosen;
}

/// small_floats of which one in 16 is a wild kind: for ops that take each element by itself.
inline std::vector<float> special_floats(std::size_t count, std::uint32_t seed) {
  return with_wild_kinds(small_floats(count, seed), seed, 16);
}

/// The part of `values` that is a NaN. Where it is most of them, comparing shows little.
inline double nan_share(const std::vector<float>& values) {
  const auto nans = std::count_if(values.begin(), values.end(), [](float value) { return value != value; });
  return values.empty() ? 0.0 : static_cast<double>(nans) / static_cast<double>(values.size());
}

}  // namespace tests
