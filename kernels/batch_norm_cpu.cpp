// Batch normalisation of the CPU back end, and what else sums down the columns of many rows: threads take chunks of
// rows, whose sums are then added in order. What a range computes is in batch_norm_isa_cpu.cpp.
#include <algorithm>

#include "kernels/batch_norm_formula.h"
#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {
namespace {

constexpr int kLeastElements = 16384;  // that pay for waking another thread

std::size_t elements(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

int chunks_of(int rows) { return (rows + kChunk - 1) / kChunk; }

/// Calls body(range) for ranges that cover rows × columns: of chunks, or of columns where there are few chunks.
template <class Body>
void split_chunks(cpu::CpuContext& context, int rows, int columns, Body&& body) {
  constexpr int kUnit = 64;  // columns: no two threads write one cache line
  const int chunks = chunks_of(rows);
  if (chunks >= context.threads.count()) {
    context.split(chunks, 1, std::max(1, kLeastElements / (kChunk * columns)), [&](int first, int last) {
      body(cpu::ChunkRange{rows, columns, first, last, 0, columns});
    });
  } else {
    context.split(columns, kUnit, std::max(1, kLeastElements / std::max(1, rows)), [&](int first, int last) {
      body(cpu::ChunkRange{rows, columns, 0, chunks, first, last});
    });
  }
}

template <class Body>
void split_rows(cpu::CpuContext& context, int rows, int columns, Body&& body) {
  context.split(rows, 1, std::max(1, kLeastElements / columns), body);
}

void divide(float* out, int columns, int rows) {
  for (int j = 0; j < columns; ++j) out[j] = out[j] / static_cast<float>(rows);
}

}  // namespace

void column_sum(Context& any_context, float* out, const float* x, int rows, int columns) {
  if (columns <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  context.reserve_scratch(elements(chunks_of(rows), columns));
  float* const sums = context.scratch(0);
  split_chunks(context, rows, columns,
               [&](const cpu::ChunkRange& range) { context.table.column_chunks(sums, x, range); });
  context.table.fold_chunks(out, sums, chunks_of(rows), columns);
}

void activation_backward(Context& any_context, Activation activation, float* dz, float* dbias, const float* dout,
                         const float* out, const float* z, int rows, int columns) {
  if (rows <= 0 || columns <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (dbias == nullptr) {
    const bool is_cheap = activation == Activation::kNone || activation == Activation::kRelu;
    context.split(rows * columns, 64, is_cheap ? kLeastElements : kLeastElements / 4, [&](int first, int last) {
      context.table.activation_backward(activation, dz + first, dout + first, out == nullptr ? nullptr : out + first,
                                        z == nullptr ? nullptr : z + first, last - first);
    });
    return;
  }
  const cpu::PortableFloatState state;
  context.reserve_scratch(elements(chunks_of(rows), columns));
  float* const sums = context.scratch(0);
  split_chunks(context, rows, columns, [&](const cpu::ChunkRange& range) {
    context.table.activation_chunks(activation, sums, dz, dout, out, z, range);
  });
  context.table.fold_chunks(dbias, sums, chunks_of(rows), columns);
}

void batch_norm(Context& any_context, Activation activation, float* out, float* mean, float* inverse_deviation,
                float* running_mean, float* running_variance, const float* x, const float* gamma, const float* beta,
                int rows, int columns, float epsilon, float momentum) {
  if (rows <= 0 || columns <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  const int chunks = chunks_of(rows);
  const std::size_t sums_size = elements(chunks, columns), width = static_cast<std::size_t>(columns);
  context.reserve_scratch(sums_size + 2 * width);
  float* const sums = context.scratch(0);
  float *const squares = sums + sums_size, *const scale = squares + width;
  const cpu::IsaTable& table = context.table;
  split_chunks(context, rows, columns, [&](const cpu::ChunkRange& range) { table.column_chunks(sums, x, range); });
  table.fold_chunks(mean, sums, chunks, columns);
  divide(mean, columns, rows);
  split_chunks(context, rows, columns,
               [&](const cpu::ChunkRange& range) { table.square_chunks(sums, x, mean, range); });
  table.fold_chunks(squares, sums, chunks, columns);
  for (int j = 0; j < columns; ++j) {
    const BatchStatistics made =
        batch_statistics(mean[j], squares[j], rows, epsilon, momentum, running_mean[j], running_variance[j]);
    inverse_deviation[j] = made.inverse_deviation;
    running_mean[j] = made.running_mean;
    running_variance[j] = made.running_variance;
    scale[j] = gamma[j] * made.inverse_deviation;
  }
  split_rows(context, rows, columns, [&](int first, int last) {
    const std::size_t skip = elements(first, columns);
    table.normalise_rows(activation, out + skip, x + skip, mean, scale, beta, last - first, columns);
  });
}

void batch_norm_evaluate(Context& any_context, Activation activation, float* out, const float* x, const float* gamma,
                         const float* beta, const float* running_mean, const float* running_variance, int rows,
                         int columns, float epsilon) {
  if (rows <= 0 || columns <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  context.reserve_scratch(static_cast<std::size_t>(columns));
  float* const scale = context.scratch(0);
  for (int j = 0; j < columns; ++j) scale[j] = gamma[j] * inverse_deviation_of(running_variance[j], epsilon);
  split_rows(context, rows, columns, [&](int first, int last) {
    const std::size_t skip = elements(first, columns);
    context.table.normalise_rows(activation, out + skip, x + skip, running_mean, scale, beta, last - first, columns);
  });
}

void batch_norm_backward(Context& any_context, Activation activation, float* dx, float* dgamma, float* dbeta,
                         const float* dout, const float* out, const float* x, const float* gamma, const float* beta,
                         const float* mean, const float* inverse_deviation, int rows, int columns) {
  if (rows <= 0 || columns <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  const int chunks = chunks_of(rows);
  const std::size_t sums_size = elements(chunks, columns), width = static_cast<std::size_t>(columns);
  context.reserve_scratch(2 * sums_size + 3 * width);
  float *const gamma_sums = context.scratch(0), *const beta_sums = gamma_sums + sums_size;
  float *const scale = beta_sums + sums_size, *const mean_dz = scale + width, *const mean_slope = mean_dz + width;
  const cpu::IsaTable& table = context.table;
  for (int j = 0; j < columns; ++j) scale[j] = gamma[j] * inverse_deviation[j];
  const cpu::NormRows given{dout, out, x, mean, inverse_deviation, scale, beta};
  split_chunks(context, rows, columns, [&](const cpu::ChunkRange& range) {
    table.norm_gradient_chunks(activation, gamma_sums, beta_sums, given, range);
  });
  table.fold_chunks(dgamma, gamma_sums, chunks, columns);
  table.fold_chunks(dbeta, beta_sums, chunks, columns);
  for (int j = 0; j < columns; ++j) {
    const NormGradient column = norm_gradient(gamma[j], inverse_deviation[j], dgamma[j], dbeta[j], rows);
    mean_dz[j] = column.mean_dz;
    mean_slope[j] = column.mean_slope;
  }
  split_rows(context, rows, columns, [&](int first, int last) {
    table.norm_backward_rows(activation, dx, given, mean_dz, mean_slope, first, last, columns);
  });
}

}  // namespace kernels::ops
