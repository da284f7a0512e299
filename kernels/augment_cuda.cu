// Augments a batch on the GPU (augment_formula.h); portable. Listed in cuda_ops.h.
//
// A thread makes four neighbouring numbers of a sample, which share their random words.
#include "kernels/augment_formula.h"
#include "kernels/cuda_ops.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    augment_kernel(float* out, const float* x, const std::uint32_t* indices, int count, ImageShape shape,
                   Augmentation how, const float* fill, std::uint64_t seed, const StepState* state) {
  const int size = shape.height * shape.width * shape.channels, quads = (size + 3) / 4;
  const std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t row = at / quads;
  if (row >= count) return;
  const int quad = static_cast<int>(at % quads);
  const AugmentKey key{seed, state->epoch, indices[row]};
  const AugmentPlace place = augment_place(how, shape, key);
  const float* const image = x + static_cast<std::ptrdiff_t>(row) * size;
  InitialQuad normal{};
  if (how.noise > 0) {
    normal = augment_noise(core::random_bits(seed, core::Purpose::kAugmentation, kAugmentNoise, key.epoch,
                                             static_cast<std::uint32_t>(quad), key.sample));
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int element = 4 * quad + i;
    if (element >= size) return;
    const int channel = element % shape.channels, pixel = element / shape.channels;
    const float value =
        augmented_pixel(how, shape, place, image, fill, pixel / shape.width, pixel % shape.width, channel);
    out[static_cast<std::ptrdiff_t>(row) * size + element] =
        how.noise > 0 ? add_noise(how, value, normal.weight[i]) : value;
  }
}

}  // namespace

void augment_rows(Context& context, float* out, const float* x, const std::uint32_t* indices, int count,
                  const ImageShape& shape, const Augmentation& how, const float* fill, std::uint64_t seed,
                  const StepState* state) {
  const int size = shape.height * shape.width * shape.channels;
  if (count <= 0 || size <= 0) return;
  const std::size_t threads = static_cast<std::size_t>(count) * static_cast<std::size_t>((size + 3) / 4);
  launch(augment_kernel, dim3(blocks_for(threads, kThreads)), dim3(kThreads), 0, stream(context, "augment_rows"), out,
         x, indices, count, shape, how, fill, seed, state);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
