// The optimizers and the fingerprint on the GPU (optimizer_formula.h, fingerprint_formula.h); portable. Listed in
// cuda_ops.h.
//
// A block takes one block of the fingerprint: a thread four words of its front half and the four that they meet in its
// back half. The blocks' parts are added with an integer atomic, whose order cannot matter. The tensors of a network
// lie one behind the other in the blocks of one launch, with the table of them among its arguments.
#include "kernels/cuda_ops.h"
#include "kernels/fingerprint_formula.h"
#include "kernels/four.cuh"
#include "kernels/optimizer_formula.h"
#include "kernels/tensor_table.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr int kThreads = kFingerprintHalf / 4;
constexpr int kWarps = kThreads / 32;
constexpr unsigned kWholeWarp = 0xffffffffu;

__device__ constexpr FingerprintKeys kDeviceKeys = make_fingerprint_keys();

/// Four words of each half of a block. What lies beyond the tensor is 0.
struct Words {
  std::uint32_t front[4] = {};
  std::uint32_t back[4] = {};
};

/// Adds the part of the tensor's block `block`, made of the words of all its threads, to *out. Every thread of the
/// block calls it.
__device__ __forceinline__ void add_block(unsigned long long* out, const Words& words, std::uint32_t tensor,
                                          unsigned block) {
  using WarpSums = std::uint64_t[2][kWarps];
  SWEEP_SHARED(WarpSums, warp_sums);
  const int thread = static_cast<int>(threadIdx.x);
  std::uint64_t sums[2] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int front = 4 * thread + i, back = front + kFingerprintHalf;
    sums[0] += fingerprint_term(words.front[i], kDeviceKeys.first[front], words.back[i], kDeviceKeys.first[back]);
    sums[1] += fingerprint_term(words.front[i], kDeviceKeys.second[front], words.back[i], kDeviceKeys.second[back]);
  }
#pragma unroll
  for (int width = 16; width > 0; width /= 2) {
    sums[0] += __shfl_xor_sync(kWholeWarp, sums[0], width);
    sums[1] += __shfl_xor_sync(kWholeWarp, sums[1], width);
  }
  if (thread % 32 == 0) {
    warp_sums[0][thread / 32] = sums[0];
    warp_sums[1][thread / 32] = sums[1];
  }
  __syncthreads();
  if (thread != 0) return;
  for (int warp = 1; warp < kWarps; ++warp) {
    sums[0] += warp_sums[0][warp];
    sums[1] += warp_sums[1][warp];
  }
  atomicAdd(out, static_cast<unsigned long long>(fingerprint_mix(sums[0], sums[1], tensor, block)));
}

/// The arrays of one tensor.
struct Tensor {
  float* w;
  float* m;  ///< null where it is not trained
  float* v;  ///< null where there is none
  const float* gradient;
  int count;
  bool aligned;
  std::uint32_t number;
  unsigned first_block;  ///< of the launch
};

using Tensors = TensorTable<Tensor, 64>;
static_assert(sizeof(Tensors) <= kMostTableBytes);

/// Four weights from `first` on; their new bits go to `words`.
template <Optimizer kKind>
__device__ __forceinline__ void update_four(const OptimizerSettings& settings, const StepState& state,
                                            const Tensor& tensor, int first, std::uint32_t* words) {
  const int valid = tensor.count - first;
  if (valid <= 0) return;
  constexpr bool kHasV = kHasSecondMoment<kKind>;
  const float4 w4 = load_four(tensor.w + first, valid, tensor.aligned);
  const float4 m4 = load_four(tensor.m + first, valid, tensor.aligned);
  const float4 v4 = kHasV ? load_four(tensor.v + first, valid, tensor.aligned) : float4{};
  const float4 g4 = load_four(tensor.gradient + first, valid, tensor.aligned);
  const float gradients[4] = {g4.x, g4.y, g4.z, g4.w};
  OptimizedWeight weights[4] = {{w4.x, m4.x, v4.x}, {w4.y, m4.y, v4.y}, {w4.z, m4.z, v4.z}, {w4.w, m4.w, v4.w}};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    weights[i] = optimizer_step<kKind>(settings, state, weights[i], gradients[i]);
    if (i < valid) words[i] = fingerprint_word(weights[i].w);
  }
  store_four(tensor.w + first, float4{weights[0].w, weights[1].w, weights[2].w, weights[3].w}, valid, tensor.aligned);
  store_four(tensor.m + first, float4{weights[0].m, weights[1].m, weights[2].m, weights[3].m}, valid, tensor.aligned);
  if (kHasV) {
    store_four(tensor.v + first, float4{weights[0].v, weights[1].v, weights[2].v, weights[3].v}, valid, tensor.aligned);
  }
}

/// The words of a tensor that only its fingerprint is taken of.
__device__ __forceinline__ void read_four(const Tensor& tensor, int first, std::uint32_t* words) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (first + i < tensor.count) words[i] = fingerprint_word(tensor.w[first + i]);
  }
}

template <Optimizer kKind>
__global__ void __launch_bounds__(kThreads)
    optimizer_kernel(OptimizerSettings settings, const StepState* state, Tensors table, unsigned long long* out) {
  const int place = entry_of(table, blockIdx.x);
  const Tensor tensor = table.entries[place];
  const StepState now = *state;
  const int block = static_cast<int>(blockIdx.x - tensor.first_block);
  const int first = block * kFingerprintBlock + static_cast<int>(threadIdx.x) * 4;
  Words words;
  if (tensor.m == nullptr) {
    read_four(tensor, first, words.front);
    read_four(tensor, first + kFingerprintHalf, words.back);
  } else {
    update_four<kKind>(settings, now, tensor, first, words.front);
    update_four<kKind>(settings, now, tensor, first + kFingerprintHalf, words.back);
  }
  if (out != nullptr) add_block(out + place, words, tensor.number, static_cast<unsigned>(block));
}

/// T: float (weights) or std::uint32_t (sample indices).
template <class T>
__global__ void __launch_bounds__(kThreads)
    fingerprint_kernel(const T* x, int count, std::uint32_t number, unsigned long long* out) {
  const int first = static_cast<int>(blockIdx.x) * kFingerprintBlock + static_cast<int>(threadIdx.x) * 4;
  Words words;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int front = first + i, back = front + kFingerprintHalf;
    if (front < count) words.front[i] = fingerprint_word(x[front]);
    if (back < count) words.back[i] = fingerprint_word(x[back]);
  }
  add_block(out, words, number, blockIdx.x);
}

unsigned blocks_of(int count) {
  return count > 0 ? blocks_for(static_cast<std::size_t>(count), kFingerprintBlock) : 0u;
}

unsigned long long* cleared(Context& context, const char* op, std::uint64_t* out, int count = 1) {
  static_assert(sizeof(unsigned long long) == sizeof(std::uint64_t));
  clear(context, op, out, static_cast<std::size_t>(count) * sizeof(std::uint64_t));
  return reinterpret_cast<unsigned long long*>(out);
}

/// Adds it to the table. Returns how many blocks the launch has with it. Where no fingerprint is wanted, a tensor that
/// is not trained gets none.
unsigned append(Tensors& table, unsigned blocks, const OptimizedTensor& of, bool has_fingerprint) {
  const bool aligned =
      aligned_by_four(of.w) && aligned_by_four(of.m) && aligned_by_four(of.v) && aligned_by_four(of.gradient);
  table.entries[table.count++] = {of.w, of.m, of.v, of.gradient, of.count, aligned, of.tensor, blocks};
  return blocks + (of.m != nullptr || has_fingerprint ? blocks_of(of.count) : 0u);
}

}  // namespace

void optimizer_update(Context& context, const OptimizerSettings& settings, const StepState* state, float* w, float* m,
                      float* v, const float* gradient, int count, std::uint32_t tensor, std::uint64_t* fingerprint) {
  const OptimizedTensor one{w, m, v, gradient, count, tensor};
  optimizer_update_all(context, settings, state, &one, 1, fingerprint);
}

void optimizer_update_all(Context& context, const OptimizerSettings& settings, const StepState* state,
                          const OptimizedTensor* tensors, int count, std::uint64_t* fingerprints) {
  const Stream on = stream(context, "optimizer_update");
  unsigned long long* const out =
      fingerprints == nullptr ? nullptr : cleared(context, "optimizer_update", fingerprints, count);
  for (int first = 0; first < count; first += Tensors::kCapacity) {
    Tensors table{};
    unsigned blocks = 0;
    for (int i = first; i < count && i < first + Tensors::kCapacity; ++i)
      blocks = append(table, blocks, tensors[i], out != nullptr);
    visit_optimizer(settings.kind, [&](auto kind) {
      launch(optimizer_kernel<decltype(kind)::value>, dim3(blocks), dim3(kThreads), 0, on, settings, state, table,
             out == nullptr ? nullptr : out + first);
    });
  }
}

void fingerprint(Context& context, const float* x, int count, std::uint32_t tensor, std::uint64_t* out) {
  unsigned long long* const sum = cleared(context, "fingerprint", out);
  launch(fingerprint_kernel<float>, dim3(blocks_of(count)), dim3(kThreads), 0, stream(context, "fingerprint"), x, count,
         tensor, sum);
}

void batch_fingerprint(Context& context, const std::uint32_t* indices, int count, std::uint64_t* out) {
  unsigned long long* const sum = cleared(context, "batch_fingerprint", out);
  launch(fingerprint_kernel<std::uint32_t>, dim3(blocks_of(count)), dim3(kThreads), 0,
         stream(context, "batch_fingerprint"), indices, count, kBatchTensor, sum);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
