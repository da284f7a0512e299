// The functions behind an IsaTable, in the namespace of the instruction set that the source is compiled for.
#pragma once

#include "core/host_device.h"
#include "kernels/isa_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {

// The register tile of gemm. Accumulators, one row of B and one element of A fill the registers: 24 + 2 + 1 of 32 with
// AVX-512, 12 + 2 + 1 of 16 with AVX2. Without vectors it only says where threads may cut C: at a cache line.
#if SWEEP_VECTOR_BITS == 512
inline constexpr int kTileRows = 12, kTileColumns = 32;
#elif SWEEP_VECTOR_BITS == 256
inline constexpr int kTileRows = 6, kTileColumns = 16;
#else
inline constexpr int kTileRows = 1, kTileColumns = 16;
#endif

std::size_t gemm_scratch(Transpose transpose, int m, int n, int k);
void gemm(const GemmBlock& block);

void augment_sample(float* out, const float* image, const ImageShape& shape, const Augmentation& how, const float* fill,
                    std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample);
void bias_activation(Activation activation, float* out, float* z, const float* x, const float* bias, int rows,
                     int columns);
void activation_backward(Activation activation, float* dz, const float* dout, const float* out, const float* z,
                         int count);
void dropout(float* out, const float* in, int first, int count, const DropoutKey& key);
void column_sum(float* out, const float* x, int rows, int columns, int first, int count);
void softmax_cross_entropy(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing, float scale);
void initialise(Initialisation kind, float* w, int first, int count, int fan_in, int fan_out, float scale,
                std::uint64_t seed, std::uint32_t tensor);
std::uint64_t optimizer_update(const OptimizerSettings& settings, const StepState& state, float* w, float* m, float* v,
                               const float* gradient, int first, int count, std::uint32_t tensor);
void group_squares(float* sums, const float* x, int first, int last, int count);
std::uint64_t fingerprint(const float* x, int first, int count, std::uint32_t tensor);

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
