// One vector of floats of the instruction set that a source is compiled for: SWEEP_VECTOR_BITS is 256 or 512.
// Included only by sources that are compiled per instruction set; everything inlines.
#pragma once

#include <immintrin.h>

#include <cstddef>

#include "core/host_device.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {

#if SWEEP_VECTOR_BITS == 512

struct Vector {
  static constexpr int kWidth = 16;
  __m512 value;

  static Vector zero() { return {_mm512_setzero_ps()}; }
  static Vector broadcast(const float* p) { return {_mm512_set1_ps(*p)}; }
  static Vector load(const float* p) { return {_mm512_loadu_ps(p)}; }
  /// The first `count` < kWidth elements, the others zero; nothing behind them is read.
  static Vector load_first(const float* p, int count) { return {_mm512_maskz_loadu_ps(mask(count), p)}; }
  void store(float* p) const { _mm512_storeu_ps(p, value); }
  void store_first(float* p, int count) const { _mm512_mask_storeu_ps(p, mask(count), value); }

 private:
  static __mmask16 mask(int count) { return static_cast<__mmask16>((1u << count) - 1u); }
};

inline Vector operator+(Vector a, Vector b) { return {_mm512_add_ps(a.value, b.value)}; }
/// a·b + c, rounded once.
inline Vector fused_multiply_add(Vector a, Vector b, Vector c) { return {_mm512_fmadd_ps(a.value, b.value, c.value)}; }

#else

struct Vector {
  static constexpr int kWidth = 8;
  __m256 value;

  static Vector zero() { return {_mm256_setzero_ps()}; }
  static Vector broadcast(const float* p) { return {_mm256_broadcast_ss(p)}; }
  static Vector load(const float* p) { return {_mm256_loadu_ps(p)}; }
  /// The first `count` < kWidth elements, the others zero; nothing behind them is read.
  static Vector load_first(const float* p, int count) { return {_mm256_maskload_ps(p, mask(count))}; }
  void store(float* p) const { _mm256_storeu_ps(p, value); }
  void store_first(float* p, int count) const { _mm256_maskstore_ps(p, mask(count), value); }

 private:
  static __m256i mask(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

inline Vector operator+(Vector a, Vector b) { return {_mm256_add_ps(a.value, b.value)}; }
/// a·b + c, rounded once.
inline Vector fused_multiply_add(Vector a, Vector b, Vector c) { return {_mm256_fmadd_ps(a.value, b.value, c.value)}; }

#endif

/// to[j·to_stride + i] = from[i·from_stride + j] for i, j < 8.
inline void transpose_8x8(const float* from, std::ptrdiff_t from_stride, float* to, std::ptrdiff_t to_stride) {
  // Two half rows in one register: the loads do the exchange of halves, which spares eight shuffles.
  const auto halves = [&](int row, int column) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + row * from_stride + column)),
                                _mm_loadu_ps(from + (row + 4) * from_stride + column), 1);
  };
  for (int column = 0; column < 8; column += 4) {
    const __m256 row0 = halves(0, column), row1 = halves(1, column);
    const __m256 row2 = halves(2, column), row3 = halves(3, column);
    const __m256 low01 = _mm256_unpacklo_ps(row0, row1), high01 = _mm256_unpackhi_ps(row0, row1);
    const __m256 low23 = _mm256_unpacklo_ps(row2, row3), high23 = _mm256_unpackhi_ps(row2, row3);
    _mm256_storeu_ps(to + column * to_stride, _mm256_shuffle_ps(low01, low23, 0x44));
    _mm256_storeu_ps(to + (column + 1) * to_stride, _mm256_shuffle_ps(low01, low23, 0xee));
    _mm256_storeu_ps(to + (column + 2) * to_stride, _mm256_shuffle_ps(high01, high23, 0x44));
    _mm256_storeu_ps(to + (column + 3) * to_stride, _mm256_shuffle_ps(high01, high23, 0xee));
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
