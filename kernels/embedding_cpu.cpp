// Embedding of tokens on the CPU, and its gradient. Nothing but additions, element by element, so that no instruction
// set needs a source of its own.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {

void embed(Context& any_context, float* out, const std::int32_t* tokens, const float* table, const float* places,
           int rows, int context_length, int columns) {
  constexpr int kLeast = 8192;  // elements that pay for waking another thread
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  context.split(rows, 1, std::max(1, kLeast / columns), [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const float* const word = table + static_cast<std::ptrdiff_t>(tokens[i]) * columns;
      const float* const place = places + static_cast<std::ptrdiff_t>(i % context_length) * columns;
      float* const to = out + static_cast<std::ptrdiff_t>(i) * columns;
      for (int j = 0; j < columns; ++j) to[j] = word[j] + place[j];
    }
  });
}

// Threads take columns: each adds all rows in order.
void embed_backward(Context& any_context, float* dtable, const std::int32_t* tokens, const float* dout, int rows,
                    int vocabulary, int columns) {
  constexpr int kLeast = 16384;
  constexpr int kUnit = 16;  // a cache line
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  context.split(columns, kUnit, std::max(1, kLeast / std::max(rows, 1)), [&](int first, int last) {
    for (int v = 0; v < vocabulary; ++v) {
      float* const to = dtable + static_cast<std::ptrdiff_t>(v) * columns;
      for (int j = first; j < last; ++j) to[j] = 0.0f;
    }
    for (int i = 0; i < rows; ++i) {
      float* const to = dtable + static_cast<std::ptrdiff_t>(tokens[i]) * columns;
      const float* const from = dout + static_cast<std::ptrdiff_t>(i) * columns;
#pragma GCC ivdep
      for (int j = first; j < last; ++j) to[j] = to[j] + from[j];
    }
  });
}

}  // namespace kernels::ops
