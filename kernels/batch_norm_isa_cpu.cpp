// Sums down the columns by chunks, also of what an activation's gradient is, and batch normalisation, on one thread,
// compiled once for each instruction set. Columns are taken in strips whose sums stay in registers; each column sees
// its rows in ascending order.
#include "kernels/batch_norm_formula.h"

#include <type_traits>

#include "kernels/activation_formula.h"
#include "kernels/isa_functions_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

constexpr int kStrip = 64;

/// Sums over one chunk of kWidth neighbouring columns: sums[s][j] = Σ of term(row, j)'s s-th number.
template <int kSums, int kWidth, class Term>
void sum_strip(float (&sums)[kSums][kStrip], int first_row, int last_row, Term term) {
  float sum[kSums][kWidth] = {};
  for (int row = first_row; row < last_row; ++row) {
    for (int j = 0; j < kWidth; ++j) {
      const auto terms = term(row, j);
      for (int s = 0; s < kSums; ++s) sum[s][j] = sum[s][j] + terms.at[s];
    }
  }
  for (int s = 0; s < kSums; ++s) {
    for (int j = 0; j < kWidth; ++j) sums[s][j] = sum[s][j];
  }
}

template <int kSums>
struct Terms {
  float at[kSums];
};

/// out[s][chunk · columns + column] = the sums of the range. term_of(column) gives term(row, j).
template <int kSums, class TermOf>
void sum_chunks(float* const (&out)[kSums], const ChunkRange& range, TermOf term_of) {
  for (int chunk = range.first_chunk; chunk < range.last_chunk; ++chunk) {
    const int first_row = chunk * kChunk;
    const int last_row = range.rows - first_row < kChunk ? range.rows : first_row + kChunk;
    each_strip(range, [&](auto width, int column) {
      float sums[kSums][kStrip];
      sum_strip<kSums, width()>(sums, first_row, last_row, term_of(column));
      for (int s = 0; s < kSums; ++s) {
        float* const to = out[s] + static_cast<std::ptrdiff_t>(chunk) * range.columns + column;
        for (int j = 0; j < width(); ++j) to[j] = sums[s][j];
      }
    });
  }
}

template <Activation kKind>
void normalise_row(float* out, const float* x, const float* mean, const float* scale, const float* beta, int columns) {
#pragma GCC ivdep
  for (int j = 0; j < columns; ++j) out[j] = activate<kKind>(normalise(x[j], mean[j], scale[j], beta[j]));
}

/// The gradient of kWidth neighbouring columns over the rows of one chunk, and its sums.
template <Activation kKind, int kWidth>
void activation_strip(float* sums, float* dz, const float* dout, const float* source, int rows, std::ptrdiff_t stride) {
  float sum[kWidth] = {};
  for (int row = 0; row < rows; ++row) {
#pragma GCC ivdep
    for (int j = 0; j < kWidth; ++j) {
      const float value = activation_gradient<kKind>(dout[j], source[j], source[j]);
      dz[j] = value;
      sum[j] = sum[j] + value;
    }
    dz += stride;
    dout += stride;
    source += stride;
  }
  for (int j = 0; j < kWidth; ++j) sums[j] = sum[j];
}

/// Calls strip(width, first column) for strips that cover the range's columns.
template <class Strip>
void each_strip(const ChunkRange& range, Strip strip) {
  for (int column = range.first_column; column < range.last_column;) {
    const int left = range.last_column - column;
    const auto take = [&](auto width) {
      strip(width, column);
      column += width();
    };
    if (left >= 64) {
      take(std::integral_constant<int, 64>{});
    } else if (left >= 16) {
      take(std::integral_constant<int, 16>{});
    } else if (left >= 4) {
      take(std::integral_constant<int, 4>{});
    } else {
      take(std::integral_constant<int, 1>{});
    }
  }
}

/// Its arrays from a column on.
NormRows shifted(const NormRows& given, int column) {
  return {given.dout + column,
          given.out == nullptr ? nullptr : given.out + column,
          given.x + column,
          given.mean + column,
          given.inverse_deviation + column,
          given.scale + column,
          given.beta + column};
}

}  // namespace

void column_chunks(float* sums, const float* x, const ChunkRange& range) {
  const std::ptrdiff_t stride = range.columns;
  sum_chunks<1>({sums}, range, [=](int column) {
    return [=, x = x + column](int row, int j) { return Terms<1>{{x[row * stride + j]}}; };
  });
}

void square_chunks(float* sums, const float* x, const float* mean, const ChunkRange& range) {
  const std::ptrdiff_t stride = range.columns;
  sum_chunks<1>({sums}, range, [=](int column) {
    return [=, x = x + column, mean = mean + column](int row, int j) {
      return Terms<1>{{centred_square(x[row * stride + j], mean[j])}};
    };
  });
}

void activation_chunks(Activation activation, float* sums, float* dz, const float* dout, const float* out,
                       const float* z, const ChunkRange& range) {
  const std::ptrdiff_t stride = range.columns;
  visit_activation(activation, [&](auto kind) {
    // The identity reads neither; any array that is there will do.
    const float* const source = kind() == Activation::kNone ? dout : kGradientNeedsInput<kind()> ? z : out;
    for (int chunk = range.first_chunk; chunk < range.last_chunk; ++chunk) {
      const int first_row = chunk * kChunk;
      const int rows = range.rows - first_row < kChunk ? range.rows - first_row : kChunk;
      each_strip(range, [&](auto width, int column) {
        const std::ptrdiff_t at = first_row * stride + column;
        activation_strip<kind(), width()>(sums + chunk * stride + column, dz + at, dout + at, source + at, rows,
                                          stride);
      });
    }
  });
}

void norm_gradient_chunks(Activation activation, float* dgamma, float* dbeta, const NormRows& given,
                          const ChunkRange& range) {
  const std::ptrdiff_t stride = range.columns;
  visit_activation(activation, [&](auto kind) {
    sum_chunks<2>({dgamma, dbeta}, range, [&](int column) {
      return [kind, stride, given = shifted(given, column)](int row, int j) {
        constexpr Activation kKind = decltype(kind)::value;
        const std::ptrdiff_t at = row * stride + j;
        const float out = kNormGradientNeedsOut<kKind> ? given.out[at] : 0.0f;
        const float dz = norm_activation_gradient<kKind>(given.dout[at], out, given.x[at], given.mean[j],
                                                         given.scale[j], given.beta[j]);
        return Terms<2>{{dz * normalised(given.x[at], given.mean[j], given.inverse_deviation[j]), dz}};
      };
    });
  });
}

void fold_chunks(float* out, const float* sums, int chunks, int columns) {
  for (int j = 0; j < columns; ++j) out[j] = 0.0f;
  float group[kStrip];
  for (int column = 0; column < columns; column += kStrip) {
    const int width = columns - column < kStrip ? columns - column : kStrip;
    for (int chunk = 0; chunk < chunks;) {
      for (int j = 0; j < width; ++j) group[j] = 0.0f;
      for (const int end = chunk + kGroup < chunks ? chunk + kGroup : chunks; chunk < end; ++chunk) {
        const float* const from = sums + static_cast<std::ptrdiff_t>(chunk) * columns + column;
        for (int j = 0; j < width; ++j) group[j] = group[j] + from[j];
      }
      for (int j = 0; j < width; ++j) out[column + j] = out[column + j] + group[j];
    }
  }
}

void normalise_rows(Activation activation, float* out, const float* x, const float* mean, const float* scale,
                    const float* beta, int rows, int columns) {
  visit_activation(activation, [=](auto kind) {
    for (int row = 0; row < rows; ++row) {
      const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(row) * columns;
      normalise_row<kind()>(out + skip, x + skip, mean, scale, beta, columns);
    }
  });
}

void norm_backward_rows(Activation activation, float* dx, const NormRows& given, const float* mean_dz,
                        const float* mean_slope, int first, int last, int columns) {
  const auto [dout, out, x, mean, inverse_deviation, scale, beta] = given;  // copies, which no store can change
  visit_activation(activation, [=](auto kind) {
    for (int row = first; row < last; ++row) {
      const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(row) * columns;
#pragma GCC ivdep
      for (int j = 0; j < columns; ++j) {
        const NormGradient column{scale[j], mean_dz[j], mean_slope[j]};
        const std::ptrdiff_t at = skip + j;
        const float dz = norm_activation_gradient<kind()>(dout[at], kNormGradientNeedsOut<kind()> ? out[at] : 0.0f,
                                                          x[at], mean[j], scale[j], beta[j]);
        dx[at] = norm_backward(column, dz, normalised(x[at], mean[j], inverse_deviation[j]));
      }
    }
  });
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
