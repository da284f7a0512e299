// The table of the CPU back end. Every op runs to its end before it returns, so that synchronize has nothing to do.
#include <cstring>

#include "kernels/backends.h"
#include "kernels/cpu_context.h"

namespace kernels {
namespace {

void* allocate(Context& context, std::size_t bytes) { return cpu::cpu_context(context).allocate(bytes); }
void release(Context& context, void* pointer) { cpu::cpu_context(context).release(pointer); }

void copy(Context&, void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void set_zero(Context&, void* pointer, std::size_t bytes) {
  if (bytes > 0) std::memset(pointer, 0, bytes);
}

void synchronize(Context&) {}

constexpr Backend kCpuBackend = {
    .name = "cpu",
    .allocate = allocate,
    .release = release,
    .copy_to_device = copy,
    .copy_to_host = copy,
    .set_zero = set_zero,
    .synchronize = synchronize,
    .gemm = ops::gemm,
    .shuffle_indices = ops::shuffle_indices,
    .gather_rows = ops::gather_rows,
    .augment_rows = ops::augment_rows,
    .gather_labels = ops::gather_labels,
    .bias_activation = ops::bias_activation,
    .activation_backward = ops::activation_backward,
    .dropout = ops::dropout,
    .column_sum = ops::column_sum,
    .conv2d = ops::conv2d,
    .conv2d_data = ops::conv2d_data,
    .conv2d_filter = ops::conv2d_filter,
    .max_pool2d = ops::max_pool2d,
    .max_pool2d_backward = ops::max_pool2d_backward,
    .average_pool2d = ops::average_pool2d,
    .average_pool2d_backward = ops::average_pool2d_backward,
    .batch_norm = ops::batch_norm,
    .batch_norm_evaluate = ops::batch_norm_evaluate,
    .batch_norm_backward = ops::batch_norm_backward,
    .softmax_cross_entropy = ops::softmax_cross_entropy,
    .rank_labels = ops::rank_labels,
    .regression_loss = ops::regression_loss,
    .add = ops::add,
    .embed = ops::embed,
    .embed_backward = ops::embed_backward,
    .layer_norm = ops::layer_norm,
    .layer_norm_backward = ops::layer_norm_backward,
    .attention = ops::attention,
    .attention_backward = ops::attention_backward,
    .initialise = ops::initialise,
    .sum_of_squares = ops::sum_of_squares,
    .clip_gradients = ops::clip_gradients,
    .optimizer_update = ops::optimizer_update,
    .fingerprint = ops::fingerprint,
    .batch_fingerprint = ops::batch_fingerprint,
};

}  // namespace

const Backend& cpu_backend() { return kCpuBackend; }

}  // namespace kernels
