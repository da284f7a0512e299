// The fingerprint of a block of floats (fingerprint_formula.h) in vectors, some words at a time, so that the caller can
// do something else between them. Callers: optimizer_isa_cpu.cpp. Included only by sources that are compiled per
// instruction set; what has no vectors runs the formula's own loop.
#pragma once

#include <cstdint>

#include "kernels/fingerprint_formula.h"
#if SWEEP_VECTOR_BITS != 0
#include "kernels/simd_cpu.h"
#endif

namespace kernels::cpu {
inline namespace SWEEP_ISA {

#if SWEEP_VECTOR_BITS != 0

// A vector of words is one of 64-bit lanes, each of which holds two: both are multiplied where they lie, for the sums
// have no order.
#if SWEEP_VECTOR_BITS == 512
struct WideSum {
  __m512i lanes = _mm512_setzero_si512();

  void add_products(Vector front, Vector back, const std::uint32_t* keys, const std::uint32_t* back_keys) {
    const __m512i a = _mm512_add_epi32(_mm512_castps_si512(front.value), _mm512_loadu_si512(keys));
    const __m512i b = _mm512_add_epi32(_mm512_castps_si512(back.value), _mm512_loadu_si512(back_keys));
    const __m512i high = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
    lanes = _mm512_add_epi64(lanes, _mm512_add_epi64(_mm512_mul_epu32(a, b), high));
  }
  void store(std::uint64_t* to) const { _mm512_storeu_si512(to, lanes); }
};

struct NanFlags {
  __mmask16 flags = 0;

  void note(Vector a, Vector b) { flags = _kor_mask16(flags, _mm512_cmp_ps_mask(a.value, b.value, _CMP_UNORD_Q)); }
  bool any() const { return flags != 0; }
};
#else
struct WideSum {
  __m256i lanes = _mm256_setzero_si256();

  void add_products(Vector front, Vector back, const std::uint32_t* keys, const std::uint32_t* back_keys) {
    const __m256i a = _mm256_add_epi32(_mm256_castps_si256(front.value), load(keys));
    const __m256i b = _mm256_add_epi32(_mm256_castps_si256(back.value), load(back_keys));
    const __m256i high = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
    lanes = _mm256_add_epi64(lanes, _mm256_add_epi64(_mm256_mul_epu32(a, b), high));
  }
  void store(std::uint64_t* to) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), lanes); }

 private:
  static __m256i load(const std::uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
};

struct NanFlags {
  __m256 flags = _mm256_setzero_ps();

  void note(Vector a, Vector b) { flags = _mm256_or_ps(flags, _mm256_cmp_ps(a.value, b.value, _CMP_UNORD_Q)); }
  bool any() const { return _mm256_movemask_ps(flags) != 0; }
};
#endif

/// A block under way.
class FingerprintSums {
 public:
  /// Adds words at … at + count − 1 of the block x and those half a block behind them. Requires: a vector's width
  /// divides count.
  void add(const float* x, int at, int count) {
    for (int j = at; j < at + count; j += Vector::kWidth) {
      const Vector front = Vector::load(x + j), back = Vector::load(x + j + kFingerprintHalf);
      nans_.note(front, back);
      first_.add_products(front, back, keys_.first + j, keys_.first + j + kFingerprintHalf);
      second_.add_products(front, back, keys_.second + j, keys_.second + j + kFingerprintHalf);
    }
  }

  /// The part of the block, all of whose words x were added. To the rule every NaN is the same one: a block that has
  /// any is taken again, by the formula.
  std::uint64_t part(const float* x, std::uint32_t tensor, std::uint32_t block) const {
    if (nans_.any()) return fingerprint_full_block(x, tensor, block);
    return fingerprint_mix(total(first_), total(second_), tensor, block);
  }

 private:
  static std::uint64_t total(const WideSum& sum) {
    std::uint64_t lanes[SWEEP_VECTOR_BITS / 64], all = 0;
    sum.store(lanes);
    for (const std::uint64_t lane : lanes) all += lane;
    return all;
  }

  const FingerprintKeys& keys_ = kFingerprintKeys;
  WideSum first_, second_;
  NanFlags nans_;
};

#else

class FingerprintSums {
 public:
  void add(const float*, int, int) {}
  std::uint64_t part(const float* x, std::uint32_t tensor, std::uint32_t block) const {
    return fingerprint_full_block(x, tensor, block);
  }
};

#endif

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
