// Sums down the columns by chunks, and batch normalisation, on one thread, compiled once for each instruction set.
// Columns are taken in strips whose sums stay in registers; each column sees its rows in ascending order.
#include "kernels/batch_norm_formula.h"

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
    for (int column = range.first_column; column < range.last_column;) {
      const int left = range.last_column - column;
      const auto term = term_of(column);
      float sums[kSums][kStrip];
      int width = 1;
      if (left >= 64) {
        width = 64;
        sum_strip<kSums, 64>(sums, first_row, last_row, term);
      } else if (left >= 16) {
        width = 16;
        sum_strip<kSums, 16>(sums, first_row, last_row, term);
      } else if (left >= 4) {
        width = 4;
        sum_strip<kSums, 4>(sums, first_row, last_row, term);
      } else {
        sum_strip<kSums, 1>(sums, first_row, last_row, term);
      }
      for (int s = 0; s < kSums; ++s) {
        float* const to = out[s] + static_cast<std::ptrdiff_t>(chunk) * range.columns + column;
        for (int j = 0; j < width; ++j) to[j] = sums[s][j];
      }
      column += width;
    }
  }
}

template <Activation kKind>
void normalise_row(float* out, float* z, const float* x, const float* mean, const float* scale, const float* beta,
                   int columns) {
#pragma GCC ivdep
  for (int j = 0; j < columns; ++j) {
    const float value = normalise(x[j], mean[j], scale[j], beta[j]);
    if (z != nullptr) z[j] = value;
    out[j] = activate<kKind>(value);
  }
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

void norm_gradient_chunks(float* dgamma, float* dbeta, const float* dz, const float* x, const float* mean,
                          const float* inverse_deviation, const ChunkRange& range) {
  const std::ptrdiff_t stride = range.columns;
  sum_chunks<2>({dgamma, dbeta}, range, [=](int column) {
    return [=, dz = dz + column, x = x + column, mean = mean + column, inverse_deviation = inverse_deviation + column](
               int row, int j) {
      const std::ptrdiff_t at = row * stride + j;
      return Terms<2>{{dz[at] * normalised(x[at], mean[j], inverse_deviation[j]), dz[at]}};
    };
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

void normalise_rows(Activation activation, float* out, float* z, const float* x, const float* mean, const float* scale,
                    const float* beta, int rows, int columns) {
  visit_activation(activation, [=](auto kind) {
    for (int row = 0; row < rows; ++row) {
      const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(row) * columns;
      normalise_row<kind()>(out + skip, z == nullptr ? nullptr : z + skip, x + skip, mean, scale, beta, columns);
    }
  });
}

void norm_backward_rows(float* dx, const float* dz, const float* x, const float* mean, const float* inverse_deviation,
                        const float* scale, const float* mean_dz, const float* mean_slope, int rows, int columns) {
  for (int row = 0; row < rows; ++row) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(row) * columns;
#pragma GCC ivdep
    for (int j = 0; j < columns; ++j) {
      const NormGradient column{scale[j], mean_dz[j], mean_slope[j]};
      dx[skip + j] = norm_backward(column, dz[skip + j], normalised(x[skip + j], mean[j], inverse_deviation[j]));
    }
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
