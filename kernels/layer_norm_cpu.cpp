// Layer normalisation of the CPU back end: threads take rows. What a row computes is in layer_norm_isa_cpu.cpp.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {
namespace {

constexpr int kLeast = 8192;  // elements that pay for waking another thread
constexpr int kUnit = 16;     // rows whose means fill a cache line

}  // namespace

void layer_norm(Context& any_context, float* out, float* mean, float* inverse_deviation, const float* x,
                const float* gain, const float* shift, int rows, int columns, float epsilon) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  context.split(rows, kUnit, std::max(1, kLeast / columns), [&](int first, int last) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(first) * columns;
    context.table.layer_norm(out + skip, mean + first, inverse_deviation + first, x + skip, gain, shift, last - first,
                             columns, epsilon);
  });
}

// The products whose column sums are the gain's gradient lie in dx until it is written itself.
void layer_norm_backward(Context& any_context, float* dx, float* dgain, float* dshift, const float* dout,
                         const float* x, const float* gain, const float* mean, const float* inverse_deviation, int rows,
                         int columns) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const auto on_rows = [&](auto body) {
    context.split(rows, kUnit, std::max(1, kLeast / columns), [&](int first, int last) {
      body(static_cast<std::ptrdiff_t>(first) * columns, first, last - first);
    });
  };
  on_rows([&](std::ptrdiff_t skip, int first, int count) {
    context.table.layer_norm_products(dx + skip, dout + skip, x + skip, mean + first, inverse_deviation + first, count,
                                      columns);
  });
  ops::column_sum(any_context, dgain, dx, rows, columns);
  ops::column_sum(any_context, dshift, dout, rows, columns);
  on_rows([&](std::ptrdiff_t skip, int first, int count) {
    context.table.layer_norm_backward(dx + skip, dout + skip, x + skip, gain, mean + first, inverse_deviation + first,
                                      count, columns);
  });
}

}  // namespace kernels::ops
