// What a CUDA source of this folder needs beyond arithmetic: how to launch a kernel, its shared memory, its context.
// Every *_cuda.cu but cuda_backend.cu includes this header and nothing of CUDA, and so compiles twice: by nvcc for the
// GPU, and by the host compiler against a block emulator (tests/kernels/emulator/), which defines the same few words.
//
// Allowed in a kernel: threadIdx blockIdx blockDim gridDim, __syncthreads, __shfl_sync, __shfl_xor_sync over whole
// warps, atomicAdd on unsigned long long, float4, SWEEP_SHARED, dynamic_shared. Whoever needs more adds it to both.
#pragma once

#include <cstddef>

#if defined(__CUDACC__)

#include <cuda_runtime.h>

/// Namespace of the ops: the same source gives kernels::cuda here and kernels::emulated in the emulator.
#define SWEEP_CUDA_NAMESPACE cuda

/// Declares `name` as shared memory of the block, of type `type` (an alias, where it is an array). Not initialised.
#define SWEEP_SHARED(type, name) __shared__ type name

#else

#include <block_emulator.h>

#define SWEEP_CUDA_NAMESPACE emulated

#endif

namespace kernels {

class Context;

namespace SWEEP_CUDA_NAMESPACE {

#if defined(__CUDACC__)

/// Where the launches of one op go, and the op's name for messages.
struct Stream {
  cudaStream_t handle;
  const char* op;
};

/// Shared memory beyond this many bytes must be asked for by name.
inline constexpr std::size_t kPlainSharedBytes = 48 * 1024;

/// Blocks along a side of a grid beyond which a kernel goes on by strides: what every device takes along the second and
/// third side.
inline constexpr unsigned kMostBlocks = 65535;

void allow_shared_bytes(const void* kernel, std::size_t bytes, Stream stream);  ///< Errors: EnvironmentError
void check_launch(Stream stream);                                               ///< Errors: EnvironmentError

/// Launches `kernel` over grid × block. An empty grid is no launch. Returns at once. Errors: EnvironmentError.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, Stream stream,
            Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  if (shared_bytes > kPlainSharedBytes) {
    allow_shared_bytes(reinterpret_cast<const void*>(kernel), shared_bytes, stream);
  }
  kernel<<<grid, block, shared_bytes, stream.handle>>>(static_cast<Parameters>(arguments)...);
  check_launch(stream);
}

/// The shared memory that the launch asked for. One type a kernel. Aligned to 16 bytes.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ float4 launch_shared_bytes[];
  return reinterpret_cast<T*>(launch_shared_bytes);
}

#else

using emulator::dynamic_shared;
using emulator::kMostBlocks;
using emulator::launch;
using emulator::Stream;

#endif

/// The stream of a context, for the op called `op`.
Stream stream(Context& context, const char* op);

/// Scratch memory of the context, at least `bytes`, its contents undefined; good until the next call, in stream order.
/// Errors: OutOfMemory.
float* workspace(Context& context, const char* op, std::size_t bytes);

/// Zeroes `bytes` of `memory`, in stream order.
void clear(Context& context, const char* op, void* memory, std::size_t bytes);

/// Multiprocessors of the device. Decides how work is split, never in what order numbers are added.
int multiprocessors(Context& context);

/// Blocks of `per_block` that cover `count`.
constexpr unsigned blocks_for(std::size_t count, unsigned per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

}  // namespace SWEEP_CUDA_NAMESPACE
}  // namespace kernels
