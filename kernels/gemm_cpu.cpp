// gemm of the CPU back end: cuts C into one block a thread. No two threads share an output, so that the bits do not
// depend on their number. What a block computes is in gemm_isa_cpu.cpp.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::cpu {
namespace {

constexpr std::int64_t kLeastWork = 1 << 18;  // multiplications that pay for waking another thread

/// C is cut into down × across blocks, at multiples of the register tile.
struct Cut {
  int down = 1, across = 1;
};

int units(int size, int unit) { return (size + unit - 1) / unit; }
int start(int size, int unit, int part, int parts) {
  return std::min(size, static_cast<int>(static_cast<std::int64_t>(units(size, unit)) * part / parts) * unit);
}

/// The cut whose largest block is cheapest: a block costs its tiles and the packing of its columns of B.
Cut choose_cut(int m, int n, int k, int threads, const IsaTable& table) {
  Cut best;
  if (static_cast<std::int64_t>(m) * n * std::max(k, 1) < 2 * kLeastWork) return best;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int down = 1; down <= std::min(threads, units(m, table.gemm_rows)); ++down) {
    const int across = std::min(threads / down, units(n, table.gemm_columns));
    const std::int64_t rows = units(units(m, table.gemm_rows), down) * table.gemm_rows;
    const std::int64_t columns = units(units(n, table.gemm_columns), across) * table.gemm_columns;
    constexpr int kPackedAsRows = 8;  // packing an element of B takes about as long as multiplying it by 8 rows
    const std::int64_t cost = (rows + kPackedAsRows) * columns;
    if (cost < least) {
      least = cost;
      best = {down, across};
    }
  }
  return best;
}

}  // namespace
}  // namespace kernels::cpu

namespace kernels::ops {

void gemm(Context& any_context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  if (m <= 0 || n <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::IsaTable& table = context.table;
  const cpu::Cut cut = cpu::choose_cut(m, n, k, context.threads.count(), table);
  const std::ptrdiff_t a_stride = transpose == Transpose::kTN ? m : k;
  const std::ptrdiff_t b_stride = transpose == Transpose::kNT ? k : n;
  const auto block_of = [&](int part) {
    const int down = part / cut.across, across = part % cut.across;
    const int i = cpu::start(m, table.gemm_rows, down, cut.down);
    const int j = cpu::start(n, table.gemm_columns, across, cut.across);
    cpu::GemmBlock block{};
    block.transpose = transpose;
    block.m = cpu::start(m, table.gemm_rows, down + 1, cut.down) - i;
    block.n = cpu::start(n, table.gemm_columns, across + 1, cut.across) - j;
    block.k = k;
    block.a = a + (transpose == Transpose::kTN ? i : i * a_stride);
    block.a_stride = a_stride;
    block.b = b + (transpose == Transpose::kNT ? j * b_stride : j);
    block.b_stride = b_stride;
    block.c = c + static_cast<std::ptrdiff_t>(i) * n + j;
    block.c_stride = n;
    return block;
  };
  const int parts = cut.down * cut.across;
  std::size_t scratch = 0;
  for (int part = 0; part < parts; ++part) {
    const cpu::GemmBlock block = block_of(part);
    scratch = std::max(scratch, table.gemm_scratch(transpose, block.m, block.n, k));
  }
  context.reserve_scratch(scratch);
  context.threads.run(parts, [&](int part) {
    cpu::GemmBlock block = block_of(part);
    block.scratch = context.scratch(part);
    table.gemm(block);
  });
}

}  // namespace kernels::ops
