// Many draws of Philox at once, for the sources that are compiled per instruction set: the words of core::random_bits
// for consecutive quads. A vector holds a counter word of 4 or 8 quads in 64-bit lanes, so that the 32×32-bit product
// is one instruction; what stands in the upper halves is never read as a factor and never stored.
#pragma once

#include <cstdint>

#include "core/philox.h"

#if SWEEP_VECTOR_BITS
#include <immintrin.h>
#endif

namespace kernels::cpu {
inline namespace SWEEP_ISA {

#if SWEEP_VECTOR_BITS == 512

struct Words {
  static constexpr int kWidth = 8;
  __m512i value;

  static Words same(std::uint32_t word) { return {_mm512_set1_epi64(word)}; }
  static Words counting_from(std::uint32_t first) {
    return {_mm512_add_epi64(_mm512_set1_epi64(first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7))};
  }
  Words times(Words factor) const { return {_mm512_mul_epu32(value, factor.value)}; }
  Words upper() const { return {_mm512_srli_epi64(value, 32)}; }
  Words operator^(Words other) const { return {_mm512_xor_si512(value, other.value)}; }
};

/// to[4·lane + i] = lane of word i.
inline void store_quads(std::uint32_t* to, Words w0, Words w1, Words w2, Words w3) {
  constexpr __mmask16 kUpper = 0xaaaa;
  const __m512i front = _mm512_mask_blend_epi32(kUpper, w0.value, _mm512_slli_epi64(w1.value, 32));
  const __m512i back = _mm512_mask_blend_epi32(kUpper, w2.value, _mm512_slli_epi64(w3.value, 32));
  _mm512_storeu_si512(to, _mm512_permutex2var_epi64(front, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), back));
  _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi64(front, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), back));
}

#elif SWEEP_VECTOR_BITS == 256

struct Words {
  static constexpr int kWidth = 4;
  __m256i value;

  static Words same(std::uint32_t word) { return {_mm256_set1_epi64x(word)}; }
  static Words counting_from(std::uint32_t first) {
    return {_mm256_add_epi64(_mm256_set1_epi64x(first), _mm256_setr_epi64x(0, 1, 2, 3))};
  }
  Words times(Words factor) const { return {_mm256_mul_epu32(value, factor.value)}; }
  Words upper() const { return {_mm256_srli_epi64(value, 32)}; }
  Words operator^(Words other) const { return {_mm256_xor_si256(value, other.value)}; }
};

/// to[4·lane + i] = lane of word i.
inline void store_quads(std::uint32_t* to, Words w0, Words w1, Words w2, Words w3) {
  const __m256i front = _mm256_blend_epi32(w0.value, _mm256_slli_epi64(w1.value, 32), 0xaa);
  const __m256i back = _mm256_blend_epi32(w2.value, _mm256_slli_epi64(w3.value, 32), 0xaa);
  const __m256i even = _mm256_unpacklo_epi64(front, back), odd = _mm256_unpackhi_epi64(front, back);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permute2x128_si256(even, odd, 0x20));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8), _mm256_permute2x128_si256(even, odd, 0x31));
}

#endif

#if SWEEP_VECTOR_BITS

inline constexpr int kQuadsAtOnce = Words::kWidth;

/// Quads first_quad … first_quad + kQuadsAtOnce − 1.
inline void draw(std::uint32_t* words, std::uint64_t seed, core::Purpose purpose, std::uint32_t tensor,
                 std::uint32_t step, std::uint32_t first_quad, std::uint32_t sample) {
  const Words factor0 = Words::same(0xD2511F53u), factor1 = Words::same(0xCD9E8D57u);
  Words c0 = Words::counting_from(first_quad), c1 = Words::same(step), c2 = Words::same(sample);
  Words c3 = Words::same((static_cast<std::uint32_t>(purpose) << 24) + tensor);
  std::uint32_t key_low = static_cast<std::uint32_t>(seed), key_high = static_cast<std::uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const Words product0 = c0.times(factor0), product1 = c2.times(factor1);
    c0 = product1.upper() ^ c1 ^ Words::same(key_low);
    c2 = product0.upper() ^ c3 ^ Words::same(key_high);
    c1 = product1;
    c3 = product0;
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
  store_quads(words, c0, c1, c2, c3);
}

#else

inline constexpr int kQuadsAtOnce = 1;

inline void draw(std::uint32_t* words, std::uint64_t seed, core::Purpose purpose, std::uint32_t tensor,
                 std::uint32_t step, std::uint32_t first_quad, std::uint32_t sample) {
  const core::Philox4 drawn = core::random_bits(seed, purpose, tensor, step, first_quad, sample);
  for (int i = 0; i < 4; ++i) words[i] = drawn.word[i];
}

#endif

/// words[4·q + i] = word i of core::random_bits(seed, purpose, tensor, step, first_quad + q, sample) for q < quads.
/// Shapes: words 4 · quads, rounded up to a multiple of kQuadsAtOnce quads.
inline void draw_words(std::uint32_t* words, std::uint64_t seed, core::Purpose purpose, std::uint32_t tensor,
                       std::uint32_t step, std::uint32_t first_quad, int quads, std::uint32_t sample = 0u) {
  for (int quad = 0; quad < quads; quad += kQuadsAtOnce) {
    draw(words + 4 * quad, seed, purpose, tensor, step, first_quad + static_cast<std::uint32_t>(quad), sample);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
