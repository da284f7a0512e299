// Arrays of a case of op_cases.h on the machine that runs it; included by the sources that define cases.
#pragma once

#include <array>
#include <bit>

#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/op_cases.h"

namespace tests {

using Floats = std::vector<float>;

/// A step in the middle of a training, for ops that read one.
inline constexpr kernels::StepState kStep{7, 2, 0x1.0624dep-10f, 1.9f, 31.6f};

inline std::size_t size(int rows, int columns = 1) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// With `offset` elements of zero bits in front, so that the values do not start where memory does.
template <class T>
kernels::Buffer<T> put(const Machine& machine, std::vector<T> values, std::size_t offset = 0) {
  values.insert(values.begin(), offset, std::bit_cast<T>(std::array<std::uint8_t, sizeof(T)>{}));
  kernels::Buffer<T> made(machine.backend, machine.context, values.size());
  machine.backend.copy_to_device(machine.context, made.data(), values.data(), values.size() * sizeof(T));
  return made;
}

/// For an op to write: holds what no op leaves there.
template <class T>
kernels::Buffer<T> unwritten(const Machine& machine, std::size_t count) {
  return put(machine, std::vector<T>(count, std::bit_cast<T>(std::array<std::uint8_t, sizeof(T)>{})));
}

inline std::uint32_t word(float value) { return value != value ? 0x7fc00000u : std::bit_cast<std::uint32_t>(value); }
inline std::uint32_t word(std::int32_t value) { return static_cast<std::uint32_t>(value); }
inline std::uint32_t word(std::uint32_t value) { return value; }

template <class T>
std::vector<std::uint32_t> get(const Machine& machine, const kernels::Buffer<T>& buffer) {
  std::vector<T> values(buffer.size());
  machine.backend.copy_to_host(machine.context, values.data(), buffer.data(), values.size() * sizeof(T));
  std::vector<std::uint32_t> words;
  words.reserve(values.size());
  for (const T& value : values) {
    if constexpr (sizeof(T) == 8) {
      words.push_back(static_cast<std::uint32_t>(value >> 32));
      words.push_back(static_cast<std::uint32_t>(value));
    } else {
      words.push_back(word(value));
    }
  }
  return words;
}

/// What a case is filled with.
enum class Values { kOrdinary, kSmall, kOnceWild, kWild, kTiny, kSpecial };

/// For a case's name: empty for ordinary values.
inline const char* in_words(Values values) {
  const char* const words[] = {
      "", ", small values", ", one value not finite", ", few values not finite", ", tiny values", ", special values"};
  return words[static_cast<int>(values)];
}

inline std::string in_words(std::size_t offset) {
  return offset == 0 ? "" : ", " + std::to_string(offset) + " behind where memory starts";
}

inline Floats filled(std::size_t count, std::uint32_t seed, Values values) {
  constexpr Floats (*kFills[])(std::size_t, std::uint32_t) = {random_floats, small_floats, once_wild_floats,
                                                              wild_floats,   tiny_floats,  special_floats};
  return kFills[static_cast<int>(values)](count, seed);
}

/// The special values of ops that sum.
inline constexpr Values kSumSpecials[] = {Values::kSmall, Values::kWild};

}  // namespace tests
