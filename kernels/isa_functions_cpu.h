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
void conv_lines(const ConvLines& part);
void conv_filter_chunk(const ConvFilterChunk& part);
void conv_pack_transposed(const float* from, std::ptrdiff_t from_stride, int rows, int depth, float* to,
                          std::ptrdiff_t to_stride);
void conv_pack_straight(const float* from, std::ptrdiff_t from_stride, int depth, int columns, float* to,
                        std::ptrdiff_t to_stride);

void bias_activation(Activation activation, float* out, float* z, const float* x, const float* bias, int rows,
                     int columns);
void activation_backward(Activation activation, float* dz, const float* dout, const float* out, const float* z,
                         int count);
void activation_chunks(Activation activation, float* sums, float* dz, const float* dout, const float* out,
                       const float* z, const ChunkRange& range);
void dropout(float* out, const float* in, int first, int count, const DropoutKey& key);
void column_chunks(float* sums, const float* x, const ChunkRange& range);
void square_chunks(float* sums, const float* x, const float* mean, const ChunkRange& range);
void norm_gradient_chunks(Activation activation, float* dgamma, float* dbeta, const NormRows& given,
                          const ChunkRange& range);
void fold_chunks(float* out, const float* sums, int chunks, int columns);
void normalise_rows(Activation activation, float* out, const float* x, const float* mean, const float* scale,
                    const float* beta, int rows, int columns);
void norm_backward_rows(Activation activation, float* dx, const NormRows& given, const float* mean_dz,
                        const float* mean_slope, int first, int last, int columns);
void max_pool2d(const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x, int first, int last);
void max_pool2d_backward(const Pool2dShape& shape, float* dx, const float* dy, const std::int32_t* winner, int first,
                         int last);
void norm_max_pool(Activation activation, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x,
                   const float* mean, const float* scale, const float* beta, int first, int last);
void norm_max_pool_gradient_chunks(Activation activation, float* dgamma, float* dbeta, const PooledNorm& given,
                                   int first_chunk, int last_chunk);
void norm_max_pool_backward_pixels(Activation activation, float* dx, const PooledNorm& given, const float* mean_dz,
                                   const float* mean_slope, int first, int last);
void average_pool2d(const Pool2dShape& shape, float* y, const float* x, int first, int last);
void average_pool2d_backward(const Pool2dShape& shape, float* dx, const float* dy, int first, int last);
void softmax_cross_entropy(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing, float scale);
void layer_norm(float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon);
void layer_norm_backward(float* dx, const float* dout, const float* x, const float* gain, const float* mean,
                         const float* inverse_deviation, int rows, int columns);
void layer_norm_products(float* out, const float* dout, const float* x, const float* mean,
                         const float* inverse_deviation, int rows, int columns);
void causal_softmax(float* rows, int length, float scale);
void causal_softmax_backward(float* rows, const float* weights, int length, float scale);
void initialise(Initialisation kind, float* w, int first, int count, int fan_in, int fan_out, float scale,
                std::uint64_t seed, std::uint32_t tensor);
std::uint64_t optimizer_update(const OptimizerSettings& settings, const StepState& state, float* w, float* m, float* v,
                               const float* gradient, int first, int count, std::uint32_t tensor);
void group_squares(float* sums, const float* x, int first, int last, int count);
std::uint64_t fingerprint(const float* x, int first, int count, std::uint32_t tensor);

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
