// Attention of the CPU back end: threads take heads of texts, each a handful of small matrix products by the
// instruction set's gemm, which takes matrices with gaps: queries, keys and values lie in one array.
#include <algorithm>

#include "kernels/attention_formula.h"
#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {
namespace {

using cpu::GemmBlock;

struct Matrix {
  const float* data;
  std::ptrdiff_t stride;
};

/// Where one head of one text lies in the arrays.
struct Head {
  std::ptrdiff_t qkv, out, weights;  ///< of its first element
};

Head head_of(const AttentionShape& shape, int item) {
  const std::ptrdiff_t text = item / shape.heads, head = item % shape.heads, length = shape.length;
  const std::ptrdiff_t columns = static_cast<std::ptrdiff_t>(shape.heads) * shape.depth;
  return {text * length * 3 * columns + head * shape.depth, text * length * columns + head * shape.depth,
          item * length * length};
}

GemmBlock product(Transpose transpose, int m, int n, int k, Matrix a, Matrix b, float* c, std::ptrdiff_t c_stride,
                  float* scratch) {
  return {transpose, m, n, k, a.data, a.stride, b.data, b.stride, c, c_stride, scratch};
}

std::size_t scratch_for(const cpu::IsaTable& table, const AttentionShape& shape) {
  const int length = shape.length, depth = shape.depth;
  return std::max({table.gemm_scratch(Transpose::kNT, length, length, depth),
                   table.gemm_scratch(Transpose::kNN, length, depth, length),
                   table.gemm_scratch(Transpose::kTN, length, depth, length)});
}

/// Calls body(head, scratch) for every head of every text; a thread takes neighbours.
template <class Body>
void for_heads(cpu::CpuContext& context, const AttentionShape& shape, Body body) {
  const int items = shape.batch * shape.heads, parts = std::min(items, context.threads.count());
  context.reserve_scratch(scratch_for(context.table, shape));
  context.threads.run(parts, [&](int part) {
    const auto cut = [&](int at) { return static_cast<int>(static_cast<std::int64_t>(items) * at / parts); };
    for (int item = cut(part); item < cut(part + 1); ++item) body(head_of(shape, item), context.scratch(part));
  });
}

}  // namespace

void attention(Context& any_context, float* out, float* weights, const float* qkv, const AttentionShape& shape) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::IsaTable& table = context.table;
  const int length = shape.length, depth = shape.depth, columns = shape.heads * depth;
  const cpu::PortableFloatState state;  // of the scale
  const float scale = attention_scale(depth);
  for_heads(context, shape, [&](const Head& head, float* scratch) {
    const float* const q = qkv + head.qkv;
    const std::ptrdiff_t stride = 3 * static_cast<std::ptrdiff_t>(columns);
    float* const w = weights + head.weights;
    table.gemm(product(Transpose::kNT, length, length, depth, {q, stride}, {q + columns, stride}, w, length, scratch));
    table.causal_softmax(w, length, scale);
    table.gemm(product(Transpose::kNN, length, depth, length, {w, length}, {q + 2 * columns, stride}, out + head.out,
                       columns, scratch));
  });
}

void attention_backward(Context& any_context, float* dqkv, float* scratch_weights, const float* dout, const float* qkv,
                        const float* weights, const AttentionShape& shape) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::IsaTable& table = context.table;
  const int length = shape.length, depth = shape.depth, columns = shape.heads * depth;
  const cpu::PortableFloatState state;  // of the scale
  const float scale = attention_scale(depth);
  for_heads(context, shape, [&](const Head& head, float* scratch) {
    const std::ptrdiff_t stride = 3 * static_cast<std::ptrdiff_t>(columns);
    const float* const q = qkv + head.qkv;
    float* const dq = dqkv + head.qkv;
    const Matrix given{dout + head.out, columns}, kept{weights + head.weights, length};
    float* const ds = scratch_weights + head.weights;
    table.gemm(product(Transpose::kTN, length, depth, length, kept, given, dq + 2 * columns, stride, scratch));
    table.gemm(product(Transpose::kNT, length, length, depth, given, {q + 2 * columns, stride}, ds, length, scratch));
    table.causal_softmax_backward(ds, kept.data, length, scale);
    table.gemm(
        product(Transpose::kNN, length, depth, length, {ds, length}, {q + columns, stride}, dq, stride, scratch));
    table.gemm(
        product(Transpose::kTN, length, depth, length, {ds, length}, {q, stride}, dq + columns, stride, scratch));
  });
}

}  // namespace kernels::ops
