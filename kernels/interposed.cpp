// See interposed.h.
#include "kernels/interposed.h"

#include "core/error.h"

namespace kernels {
namespace {

void refuse_recording(Context&) { core::check(false, "an interposed back end sees calls, and records none"); }

constexpr Backend kForwarding = {
    .name = "interposed",
    .allocate = Forward<&Backend::allocate>::call,
    .release = Forward<&Backend::release>::call,
    .copy_to_device = Forward<&Backend::copy_to_device>::call,
    .copy_to_host = Forward<&Backend::copy_to_host>::call,
    .set_zero = Forward<&Backend::set_zero>::call,
    .synchronize = Forward<&Backend::synchronize>::call,
    .begin_recording = refuse_recording,
    .end_recording = Forward<&Backend::end_recording>::call,
    .replay = Forward<&Backend::replay>::call,
    .gemm = Forward<&Backend::gemm>::call,
    .fused_dense = Forward<&Backend::fused_dense>::call,
    .fused_dense_backward = Forward<&Backend::fused_dense_backward>::call,
    .fused_conv2d = Forward<&Backend::fused_conv2d>::call,
    .next_step = Forward<&Backend::next_step>::call,
    .store_row = Forward<&Backend::store_row>::call,
    .shuffle_indices = Forward<&Backend::shuffle_indices>::call,
    .gather_rows = Forward<&Backend::gather_rows>::call,
    .gather_pixels = Forward<&Backend::gather_pixels>::call,
    .augment_rows = Forward<&Backend::augment_rows>::call,
    .gather_labels = Forward<&Backend::gather_labels>::call,
    .bias_activation = Forward<&Backend::bias_activation>::call,
    .activation_backward = Forward<&Backend::activation_backward>::call,
    .dropout = Forward<&Backend::dropout>::call,
    .column_sum = Forward<&Backend::column_sum>::call,
    .conv2d = Forward<&Backend::conv2d>::call,
    .conv2d_data = Forward<&Backend::conv2d_data>::call,
    .conv2d_filter = Forward<&Backend::conv2d_filter>::call,
    .max_pool2d = Forward<&Backend::max_pool2d>::call,
    .max_pool2d_backward = Forward<&Backend::max_pool2d_backward>::call,
    .average_pool2d = Forward<&Backend::average_pool2d>::call,
    .average_pool2d_backward = Forward<&Backend::average_pool2d_backward>::call,
    .batch_norm = Forward<&Backend::batch_norm>::call,
    .batch_norm_evaluate = Forward<&Backend::batch_norm_evaluate>::call,
    .batch_norm_backward = Forward<&Backend::batch_norm_backward>::call,
    .softmax_cross_entropy = Forward<&Backend::softmax_cross_entropy>::call,
    .rank_labels = Forward<&Backend::rank_labels>::call,
    .regression_loss = Forward<&Backend::regression_loss>::call,
    .add = Forward<&Backend::add>::call,
    .embed = Forward<&Backend::embed>::call,
    .embed_backward = Forward<&Backend::embed_backward>::call,
    .layer_norm = Forward<&Backend::layer_norm>::call,
    .layer_norm_backward = Forward<&Backend::layer_norm_backward>::call,
    .attention = Forward<&Backend::attention>::call,
    .attention_backward = Forward<&Backend::attention_backward>::call,
    .initialise = Forward<&Backend::initialise>::call,
    .sum_of_squares = Forward<&Backend::sum_of_squares>::call,
    .clip_gradients = Forward<&Backend::clip_gradients>::call,
    .optimizer_update = Forward<&Backend::optimizer_update>::call,
    .fingerprint = Forward<&Backend::fingerprint>::call,
    .batch_fingerprint = Forward<&Backend::batch_fingerprint>::call,
};

}  // namespace

InterposedContext& interposed(Context& context) {
  auto* const found = dynamic_cast<InterposedContext*>(&context);
  core::check(found != nullptr, "an interposed op was given a context of another back end");
  return *found;
}

const Backend& forwarding_backend() { return kForwarding; }

}  // namespace kernels
