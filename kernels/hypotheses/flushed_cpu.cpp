// The functions of an instruction set's table, run with denormals flushed. The flags are set around each call, on the
// thread that computes: the ops above set them to what portable-1 wants before they call.
#include <immintrin.h>

#include "kernels/hypotheses/choices.h"

namespace kernels::hypotheses {
namespace {

constexpr unsigned kFlushResults = 0x8000, kFlushOperands = 0x0040;  // FTZ, DAZ

class FlushScope {
 public:
  explicit FlushScope(unsigned flags) : found_(_mm_getcsr()) { _mm_setcsr(found_ | flags); }
  ~FlushScope() { _mm_setcsr(found_); }
  FlushScope(const FlushScope&) = delete;
  FlushScope& operator=(const FlushScope&) = delete;

 private:
  unsigned found_;
};

template <auto kMember, unsigned kFlags>
struct Flushing;
template <class Result, class... Arguments, Result (*cpu::IsaTable::*kMember)(Arguments...), unsigned kFlags>
struct Flushing<kMember, kFlags> {
  static Result call(Arguments... arguments) {
    const FlushScope scope(kFlags);
    return (cpu::kAvx2Table.*kMember)(arguments...);
  }
};

template <unsigned kFlags>
cpu::IsaTable flushed() {
  using T = cpu::IsaTable;
  T table = cpu::kAvx2Table;
  table.gemm = Flushing<&T::gemm, kFlags>::call;
  table.augment_sample = Flushing<&T::augment_sample, kFlags>::call;
  table.conv_lines = Flushing<&T::conv_lines, kFlags>::call;
  table.conv_filter_chunk = Flushing<&T::conv_filter_chunk, kFlags>::call;
  table.bias_activation = Flushing<&T::bias_activation, kFlags>::call;
  table.activation_backward = Flushing<&T::activation_backward, kFlags>::call;
  table.activation_chunks = Flushing<&T::activation_chunks, kFlags>::call;
  table.dropout = Flushing<&T::dropout, kFlags>::call;
  table.column_chunks = Flushing<&T::column_chunks, kFlags>::call;
  table.square_chunks = Flushing<&T::square_chunks, kFlags>::call;
  table.norm_gradient_chunks = Flushing<&T::norm_gradient_chunks, kFlags>::call;
  table.fold_chunks = Flushing<&T::fold_chunks, kFlags>::call;
  table.normalise_rows = Flushing<&T::normalise_rows, kFlags>::call;
  table.norm_backward_rows = Flushing<&T::norm_backward_rows, kFlags>::call;
  table.max_pool2d_backward = Flushing<&T::max_pool2d_backward, kFlags>::call;
  table.average_pool2d = Flushing<&T::average_pool2d, kFlags>::call;
  table.average_pool2d_backward = Flushing<&T::average_pool2d_backward, kFlags>::call;
  table.softmax_cross_entropy = Flushing<&T::softmax_cross_entropy, kFlags>::call;
  table.layer_norm = Flushing<&T::layer_norm, kFlags>::call;
  table.layer_norm_backward = Flushing<&T::layer_norm_backward, kFlags>::call;
  table.layer_norm_products = Flushing<&T::layer_norm_products, kFlags>::call;
  table.causal_softmax = Flushing<&T::causal_softmax, kFlags>::call;
  table.causal_softmax_backward = Flushing<&T::causal_softmax_backward, kFlags>::call;
  table.optimizer_update = Flushing<&T::optimizer_update, kFlags>::call;
  table.group_squares = Flushing<&T::group_squares, kFlags>::call;
  return table;
}

}  // namespace

cpu::IsaTable flushed_table(Flushed mode) {
  if (mode == Flushed::kResults) return flushed<kFlushResults>();
  if (mode == Flushed::kOperands) return flushed<kFlushOperands>();
  return flushed<kFlushResults | kFlushOperands>();
}

}  // namespace kernels::hypotheses
