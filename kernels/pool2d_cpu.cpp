// Pooling of the CPU back end: threads take ranges of lines. What a range computes is in pool2d_isa_cpu.cpp.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {
namespace {

/// Calls body(first, last) for ranges of `lines` lines, of which each reads or writes about `elements`.
template <class Body>
void split_lines(cpu::CpuContext& context, int lines, std::int64_t elements, Body&& body) {
  constexpr std::int64_t kLeastElements = 16384;  // that pay for waking another thread
  context.split(lines, 1,
                static_cast<int>(std::max<std::int64_t>(1, kLeastElements / std::max<std::int64_t>(1, elements))),
                body);
}

std::int64_t out_line_elements(const Pool2dShape& shape) {
  return std::int64_t{shape.out_width} * shape.channels * shape.window_height * shape.window_width;
}
std::int64_t line_elements(const Pool2dShape& shape) { return std::int64_t{shape.width} * shape.channels; }

}  // namespace

void max_pool2d(Context& any_context, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  split_lines(context, shape.batch * shape.out_height, out_line_elements(shape),
              [&](int first, int last) { context.table.max_pool2d(shape, y, winner, x, first, last); });
}

void max_pool2d_backward(Context& any_context, const Pool2dShape& shape, float* dx, const float* dy,
                         const std::int32_t* winner) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  split_lines(context, shape.batch * shape.height, line_elements(shape),
              [&](int first, int last) { context.table.max_pool2d_backward(shape, dx, dy, winner, first, last); });
}

void average_pool2d(Context& any_context, const Pool2dShape& shape, float* y, const float* x) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  split_lines(context, shape.batch * shape.out_height, out_line_elements(shape),
              [&](int first, int last) { context.table.average_pool2d(shape, y, x, first, last); });
}

void average_pool2d_backward(Context& any_context, const Pool2dShape& shape, float* dx, const float* dy) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  split_lines(context, shape.batch * shape.height, line_elements(shape),
              [&](int first, int last) { context.table.average_pool2d_backward(shape, dx, dy, first, last); });
}

}  // namespace kernels::ops
