// Four neighbouring floats as one access of 16 bytes where the place allows it. Included by the CUDA sources.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {

/// Whether rows of `pitch` floats that start at `pointer` can be read by fours.
inline bool aligned_by_four(const void* pointer, int pitch = 4) {
  return reinterpret_cast<std::uintptr_t>(pointer) % sizeof(float4) == 0 && pitch % 4 == 0;
}

/// The first `valid` of four neighbours, zeros for the others.
__device__ __forceinline__ float4 load_four(const float* from, int valid, bool aligned) {
  if (valid >= 4 && aligned) return *reinterpret_cast<const float4*>(from);
  float4 four{0.0f, 0.0f, 0.0f, 0.0f};
  if (valid > 0) four.x = from[0];
  if (valid > 1) four.y = from[1];
  if (valid > 2) four.z = from[2];
  if (valid > 3) four.w = from[3];
  return four;
}

/// Writes the first `valid` of four neighbours.
__device__ __forceinline__ void store_four(float* to, const float4& four, int valid, bool aligned) {
  if (valid >= 4 && aligned) {
    *reinterpret_cast<float4*>(to) = four;
    return;
  }
  if (valid > 0) to[0] = four.x;
  if (valid > 1) to[1] = four.y;
  if (valid > 2) to[2] = four.z;
  if (valid > 3) to[3] = four.w;
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
