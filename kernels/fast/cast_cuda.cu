// Arrays from binary32 to bfloat16 and back, on the GPU. Portable. Declared in cuda_access.h; used by cuda_fast.cpp.
#include "kernels/fast/bf16_formula.h"
#include "kernels/launch.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;

__global__ void __launch_bounds__(kThreads) to_bf16_kernel(std::uint16_t* out, const float* in, std::size_t count) {
  const std::size_t stride = std::size_t(gridDim.x) * blockDim.x;
  for (std::size_t at = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x; at < count; at += stride)
    out[at] = fast::to_bf16(in[at]);
}

__global__ void __launch_bounds__(kThreads) from_bf16_kernel(float* out, const std::uint16_t* in, std::size_t count) {
  const std::size_t stride = std::size_t(gridDim.x) * blockDim.x;
  for (std::size_t at = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x; at < count; at += stride)
    out[at] = fast::from_bf16(in[at]);
}

dim3 blocks(std::size_t count) {
  return dim3(count / kThreads < kMostBlocks ? blocks_for(count, kThreads) : kMostBlocks);
}

}  // namespace

void to_bf16(Context& context, std::uint16_t* out, const float* in, std::size_t count) {
  launch(to_bf16_kernel, blocks(count), dim3(kThreads), 0, stream(context, "to_bf16"), out, in, count);
}

void from_bf16(Context& context, float* out, const std::uint16_t* in, std::size_t count) {
  launch(from_bf16_kernel, blocks(count), dim3(kThreads), 0, stream(context, "from_bf16"), out, in, count);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
