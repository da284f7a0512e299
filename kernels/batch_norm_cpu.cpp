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

/// What a batch is to each column.
struct Statistics {
  float *mean, *inverse_deviation, *running_mean, *running_variance;
};

/// Floats that take_statistics needs from `scale` on.
std::size_t statistics_scratch(int rows, int columns) {
  return elements(chunks_of(rows), columns) + 2 * static_cast<std::size_t>(columns);
}

/// Fills `made` and scale = gamma · inverse_deviation.
void take_statistics(cpu::CpuContext& context, float* scale, const Statistics& made, const float* x, const float* gamma,
                     int rows, int columns, float epsilon, float momentum) {
  const cpu::IsaTable& table = context.table;
  const int chunks = chunks_of(rows);
  float *const squares = scale + columns, *const sums = squares + columns;
  split_chunks(context, rows, columns, [&](const cpu::ChunkRange& range) { table.column_chunks(sums, x, range); });
  table.fold_chunks(made.mean, sums, chunks, columns);
  divide(made.mean, columns, rows);
  split_chunks(context, rows, columns,
               [&](const cpu::ChunkRange& range) { table.square_chunks(sums, x, made.mean, range); });
  table.fold_chunks(squares, sums, chunks, columns);
  for (int j = 0; j < columns; ++j) {
    const BatchStatistics of = batch_statistics(made.mean[j], squares[j], rows, epsilon, momentum, made.running_mean[j],
                                                made.running_variance[j]);
    made.inverse_deviation[j] = of.inverse_deviation;
    made.running_mean[j] = of.running_mean;
    made.running_variance[j] = of.running_variance;
    scale[j] = gamma[j] * of.inverse_deviation;
  }
}

/// What the backward pass needs of the context's scratch.
struct GradientScratch {
  GradientScratch(cpu::CpuContext& context, int rows, int columns) {
    const std::size_t sums = elements(chunks_of(rows), columns), width = static_cast<std::size_t>(columns);
    context.reserve_scratch(2 * sums + 3 * width);
    gamma_sums = context.scratch(0);
    beta_sums = gamma_sums + sums;
    scale = beta_sums + sums;
    mean_dz = scale + width;
    mean_slope = mean_dz + width;
  }

  float *gamma_sums, *beta_sums, *scale, *mean_dz, *mean_slope;
};

/// From the chunks' sums: the gradients of gamma and beta, and what that of x needs of them.
void finish_gradients(cpu::CpuContext& context, const GradientScratch& own, float* dgamma, float* dbeta,
                      const float* gamma, const float* inverse_deviation, int rows, int columns) {
  context.table.fold_chunks(dgamma, own.gamma_sums, chunks_of(rows), columns);
  context.table.fold_chunks(dbeta, own.beta_sums, chunks_of(rows), columns);
  for (int j = 0; j < columns; ++j) {
    const NormGradient column = norm_gradient(gamma[j], inverse_deviation[j], dgamma[j], dbeta[j], rows);
    own.mean_dz[j] = column.mean_dz;
    own.mean_slope[j] = column.mean_slope;
  }
}

int rows_of(const Pool2dShape& shape) { return shape.batch * shape.height * shape.width; }

void normalise_and_pool(cpu::CpuContext& context, Activation activation, const Pool2dShape& shape, float* y,
                        std::int32_t* winner, const float* x, const float* mean, const float* scale,
                        const float* beta) {
  const int line_elements = shape.out_width * shape.channels * shape.window_height * shape.window_width;
  context.split(shape.batch * shape.out_height, 1, std::max(1, kLeastElements / line_elements),
                [&](int first, int last) {
                  context.table.norm_max_pool(activation, shape, y, winner, x, mean, scale, beta, first, last);
                });
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
  context.reserve_scratch(statistics_scratch(rows, columns));
  float* const scale = context.scratch(0);
  take_statistics(context, scale, {mean, inverse_deviation, running_mean, running_variance}, x, gamma, rows, columns,
                  epsilon, momentum);
  split_rows(context, rows, columns, [&](int first, int last) {
    const std::size_t skip = elements(first, columns);
    context.table.normalise_rows(activation, out + skip, x + skip, mean, scale, beta, last - first, columns);
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
  const GradientScratch own(context, rows, columns);
  for (int j = 0; j < columns; ++j) own.scale[j] = gamma[j] * inverse_deviation[j];
  const cpu::NormRows given{dout, out, x, mean, inverse_deviation, own.scale, beta};
  split_chunks(context, rows, columns, [&](const cpu::ChunkRange& range) {
    context.table.norm_gradient_chunks(activation, own.gamma_sums, own.beta_sums, given, range);
  });
  finish_gradients(context, own, dgamma, dbeta, gamma, inverse_deviation, rows, columns);
  split_rows(context, rows, columns, [&](int first, int last) {
    context.table.norm_backward_rows(activation, dx, given, own.mean_dz, own.mean_slope, first, last, columns);
  });
}

void batch_norm_max_pool(Context& any_context, Activation activation, const Pool2dShape& shape, float* y,
                         std::int32_t* winner, float* mean, float* inverse_deviation, float* running_mean,
                         float* running_variance, const float* x, const float* gamma, const float* beta, float epsilon,
                         float momentum) {
  if (shape.batch <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  context.reserve_scratch(statistics_scratch(rows_of(shape), shape.channels));
  float* const scale = context.scratch(0);
  take_statistics(context, scale, {mean, inverse_deviation, running_mean, running_variance}, x, gamma, rows_of(shape),
                  shape.channels, epsilon, momentum);
  normalise_and_pool(context, activation, shape, y, winner, x, mean, scale, beta);
}

void batch_norm_max_pool_evaluate(Context& any_context, Activation activation, const Pool2dShape& shape, float* y,
                                  const float* x, const float* gamma, const float* beta, const float* running_mean,
                                  const float* running_variance, float epsilon) {
  if (shape.batch <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  context.reserve_scratch(static_cast<std::size_t>(shape.channels));
  float* const scale = context.scratch(0);
  for (int j = 0; j < shape.channels; ++j) scale[j] = gamma[j] * inverse_deviation_of(running_variance[j], epsilon);
  normalise_and_pool(context, activation, shape, y, nullptr, x, running_mean, scale, beta);
}

// The gradient of what was pooled is found twice from dy and the winners, and written to memory never.
void batch_norm_max_pool_backward(Context& any_context, Activation activation, const Pool2dShape& shape, float* dx,
                                  float* dgamma, float* dbeta, const float* dy, const std::int32_t* winner,
                                  const float* x, const float* gamma, const float* beta, const float* mean,
                                  const float* inverse_deviation) {
  if (shape.batch <= 0) return;
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::PortableFloatState state;
  const int rows = rows_of(shape), columns = shape.channels;
  const GradientScratch own(context, rows, columns);
  for (int j = 0; j < columns; ++j) own.scale[j] = gamma[j] * inverse_deviation[j];
  const cpu::PooledNorm given{shape, dy, winner, x, mean, inverse_deviation, own.scale, beta};
  context.split(chunks_of(rows), 1, std::max(1, kLeastElements / (kChunk * columns)), [&](int first, int last) {
    context.table.norm_max_pool_gradient_chunks(activation, own.gamma_sums, own.beta_sums, given, first, last);
  });
  finish_gradients(context, own, dgamma, dbeta, gamma, inverse_deviation, rows, columns);
  split_rows(context, rows, columns, [&](int first, int last) {
    context.table.norm_max_pool_backward_pixels(activation, dx, given, own.mean_dz, own.mean_slope, first, last);
  });
}

}  // namespace kernels::ops
