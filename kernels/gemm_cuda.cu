// The matrix product on the GPU by the dot rule (gemm_formula.h); portable. Listed in cuda_ops.h. What a block does is
// in gemm_tile.cuh; here are the forms of the product and how one is laid over the device.
#include "kernels/gemm_tile.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

using Large = Tile<128, 128, 8, 8, 8, 2>;
using Medium = Tile<64, 64, 4, 8, 16, 4>;
using Small = Tile<32, 32, 4, 4, 16, 8>;

struct Shape {
  int m, n, k;
};

/// C = op(A)·op(B), or, where `chunk_sums` is given, only the sums of chunk blockIdx.z: chunk_sums[chunk][m][n].
template <class T, Transpose kTranspose>
__global__ void __launch_bounds__(T::kThreads, T::kBlocks)
    gemm_kernel(Shape shape, const float* __restrict__ a, const float* __restrict__ b, float* c, float* chunk_sums,
                bool a_aligned, bool b_aligned) {
  constexpr bool kATermsNext = kTranspose != Transpose::kTN, kBTermsNext = kTranspose == Transpose::kNT;
  TileWork work{shape.m, shape.n, static_cast<int>(blockIdx.y) * T::kRows, static_cast<int>(blockIdx.x) * T::kColumns};
  set_terms(work, shape.k, chunk_sums, blockIdx.z);
  Loader<kATermsNext, T::kRows, T::kDepth, T::kThreads> load_a(a, kATermsNext ? shape.k : shape.m, work.first_row,
                                                               shape.m, work.end, a_aligned);
  Loader<kBTermsNext, T::kColumns, T::kDepth, T::kThreads> load_b(b, kBTermsNext ? shape.k : shape.n, work.first_column,
                                                                  shape.n, work.end, b_aligned);
  multiply_tile<T>(work, dynamic_shared<float>(), load_a, load_b, RowMajor{c, shape.n});
}

/// How one product is laid over the device. No choice changes a bit.
struct Plan {
  int tile;  ///< 128, 64 or 32
  bool split;
};

Plan plan_gemm(const Shape& shape, int chunks, int processors) {
  const std::size_t outputs = std::size_t(shape.m) * std::size_t(shape.n);
  const bool splits = can_split(outputs, chunks);
  for (const int tile : {128, 64, 32}) {
    const long tiles = long{(shape.m + tile - 1) / tile} * ((shape.n + tile - 1) / tile);
    if (fills(tiles, processors)) return {tile, false};
    if (splits && fills(tiles * chunks, processors)) return {tile, true};
  }
  return {32, splits};
}

struct Operands {
  const float* a;
  const float* b;
  float* c;
  float* chunk_sums;  ///< null where the product is not split
};

template <class T, Transpose kTranspose>
void launch_gemm(Stream stream, const Shape& shape, int chunks, const Operands& operands) {
  const bool split = operands.chunk_sums != nullptr;
  const dim3 grid(blocks_for(std::size_t(shape.n), T::kColumns), blocks_for(std::size_t(shape.m), T::kRows),
                  split ? static_cast<unsigned>(chunks) : 1u);
  launch(gemm_kernel<T, kTranspose>, grid, dim3(T::kThreads), T::kSharedBytes, stream, shape, operands.a, operands.b,
         operands.c, operands.chunk_sums, aligned_by_four(operands.a, kTranspose == Transpose::kTN ? shape.m : shape.k),
         aligned_by_four(operands.b, kTranspose == Transpose::kNT ? shape.k : shape.n));
}

template <class T>
void launch_gemm(Stream stream, Transpose transpose, const Shape& shape, int chunks, const Operands& operands) {
  switch (transpose) {
    case Transpose::kNN:
      return launch_gemm<T, Transpose::kNN>(stream, shape, chunks, operands);
    case Transpose::kNT:
      return launch_gemm<T, Transpose::kNT>(stream, shape, chunks, operands);
    case Transpose::kTN:
      return launch_gemm<T, Transpose::kTN>(stream, shape, chunks, operands);
  }
}

}  // namespace

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  const Stream on = stream(context, "gemm");
  const std::size_t outputs = std::size_t(m) * std::size_t(n);
  if (outputs == 0) return;
  if (k == 0) return clear(context, "gemm", c, outputs * sizeof(float));
  const Shape shape{m, n, k};
  const int chunks = (k - 1) / kChunk + 1;
  const Plan plan = plan_gemm(shape, chunks, multiprocessors(context));
  Operands operands{a, b, c, nullptr};
  if (plan.split) operands.chunk_sums = workspace(context, "gemm", outputs * std::size_t(chunks) * sizeof(float));
  if (plan.tile == 128) {
    launch_gemm<Large>(on, transpose, shape, chunks, operands);
  } else if (plan.tile == 64) {
    launch_gemm<Medium>(on, transpose, shape, chunks, operands);
  } else {
    launch_gemm<Small>(on, transpose, shape, chunks, operands);
  }
  if (plan.split) launch_fold(on, RowMajor{c, n}, operands.chunk_sums, outputs, n, chunks);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
