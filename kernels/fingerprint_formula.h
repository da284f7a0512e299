// The fingerprint of a tensor: 64 bits that change when any bit of it does, or when two of its elements are exchanged.
// Callers: fingerprint_*, optimizer_* of each back end, tests. Promise: portable. It is no cryptographic hash.
//
// A tensor is cut into blocks of 1024 words, the last one filled up with zeros. In each block
//   Σ (x_j + K_j mod 2^32) · (x_{j+512} + K_{j+512} mod 2^32)  modulo 2^64, j < 512,
// under two fixed key streams; the two sums are mixed with (tensor, block), and the mixes of all blocks are added
// modulo 2^64. Integer addition has no order, so that blocks may be computed anywhere and in any order.
// Floats enter by their bits, every NaN as 0x7fc00000.
// Source: Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC: fast and secure message authentication" (1999), for the
// sum; Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), for the mix.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/math_float.h"
#include "core/philox.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

inline constexpr int kFingerprintBlock = 1024;              ///< words of a block
inline constexpr int kFingerprintHalf = 512;                ///< word j meets word j + 512
inline constexpr std::uint32_t kBatchTensor = 0xffffffffu;  ///< stands for the tensor where sample indices are hashed

/// Two streams of keys. A constant of portable-1.
struct FingerprintKeys {
  std::uint32_t first[kFingerprintBlock];
  std::uint32_t second[kFingerprintBlock];
};

/// The four keys 4·quad … 4·quad+3 of stream 0 or 1.
SWEEP_HOST_DEVICE constexpr core::Philox4 fingerprint_keys_of(std::uint32_t stream, std::uint32_t quad) {
  return core::philox(core::Philox4{{quad, stream, 0u, 0u}}, 0x73776565702d6670u);
}

constexpr FingerprintKeys make_fingerprint_keys() {
  FingerprintKeys keys{};
  for (std::uint32_t quad = 0; quad < kFingerprintBlock / 4; ++quad) {
    const core::Philox4 first = fingerprint_keys_of(0, quad);
    const core::Philox4 second = fingerprint_keys_of(1, quad);
    for (std::uint32_t i = 0; i < 4; ++i) {
      keys.first[4 * quad + i] = first.word[i];
      keys.second[4 * quad + i] = second.word[i];
    }
  }
  return keys;
}

/// The table, for hosts; a device copies it to constant memory.
inline constexpr FingerprintKeys kFingerprintKeys = make_fingerprint_keys();

/// One product of the sum: words j and j + 512 with their keys.
SWEEP_HOST_DEVICE inline std::uint64_t fingerprint_term(std::uint32_t front, std::uint32_t front_key,
                                                        std::uint32_t back, std::uint32_t back_key) {
  return std::uint64_t{front + front_key} * std::uint64_t{back + back_key};
}

/// The finish of SplitMix64: a bijection in which every bit reaches every other.
SWEEP_HOST_DEVICE inline std::uint64_t fingerprint_scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A block's part of the fingerprint, from its two sums.
SWEEP_HOST_DEVICE inline std::uint64_t fingerprint_mix(std::uint64_t first, std::uint64_t second, std::uint32_t tensor,
                                                       std::uint32_t block) {
  const std::uint64_t place = std::uint64_t{tensor} << 32 | block;
  const std::uint64_t placed = fingerprint_scramble(first ^ fingerprint_scramble(place + 0x9e3779b97f4a7c15u));
  return fingerprint_scramble(placed + second);
}

/// The word that stands for an element.
SWEEP_HOST_DEVICE inline std::uint32_t fingerprint_word(float x) { return core::portable::canonical_bits(x); }
SWEEP_HOST_DEVICE inline std::uint32_t fingerprint_word(std::uint32_t x) { return x; }

/// A full block's part. Shapes: x kFingerprintBlock floats or indices. The loop is one that compilers vectorise.
template <class T>
inline std::uint64_t fingerprint_full_block(const T* x, std::uint32_t tensor, std::uint32_t block) {
  const FingerprintKeys& keys = kFingerprintKeys;
  std::uint64_t first = 0, second = 0;
  for (int j = 0; j < kFingerprintHalf; ++j) {
    const std::uint32_t front = fingerprint_word(x[j]);
    const std::uint32_t back = fingerprint_word(x[j + kFingerprintHalf]);
    first += fingerprint_term(front, keys.first[j], back, keys.first[j + kFingerprintHalf]);
    second += fingerprint_term(front, keys.second[j], back, keys.second[j + kFingerprintHalf]);
  }
  return fingerprint_mix(first, second, tensor, block);
}

/// A block's part, 1 ≤ count ≤ kFingerprintBlock; what is missing counts as zeros.
template <class T>
inline std::uint64_t fingerprint_block(const T* x, int count, std::uint32_t tensor, std::uint32_t block) {
  if (count == kFingerprintBlock) return fingerprint_full_block(x, tensor, block);
  T padded[kFingerprintBlock] = {};
  for (int j = 0; j < count; ++j) padded[j] = x[j];
  return fingerprint_full_block(padded, tensor, block);
}

/// Elements first … first + count − 1 of a tensor that starts at x. Requires: kFingerprintBlock divides first, and
/// count or the range ends the tensor.
template <class T>
inline std::uint64_t fingerprint_range(const T* x, int first, int count, std::uint32_t tensor) {
  std::uint64_t total = 0;
  const int end = first + count;
  for (int at = first; at < end; at += kFingerprintBlock) {
    const int words = end - at < kFingerprintBlock ? end - at : kFingerprintBlock;
    total += fingerprint_block(x + at, words, tensor, static_cast<std::uint32_t>(at / kFingerprintBlock));
  }
  return total;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
