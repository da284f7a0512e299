// The table of one instruction set; SWEEP_ISA_TABLE is its name (isa_cpu.h).
#include "kernels/isa_functions_cpu.h"

namespace kernels::cpu {

constinit const IsaTable SWEEP_ISA_TABLE = {
    .gemm_rows = kTileRows,
    .gemm_columns = kTileColumns,
    .gemm_scratch = gemm_scratch,
    .gemm = gemm,
    .augment_sample = augment_sample,
    .conv_lines = conv_lines,
    .conv_filter_chunk = conv_filter_chunk,
    .pack_transposed = conv_pack_transposed,
    .pack_straight = conv_pack_straight,
    .bias_activation = bias_activation,
    .activation_backward = activation_backward,
    .activation_chunks = activation_chunks,
    .dropout = dropout,
    .column_chunks = column_chunks,
    .square_chunks = square_chunks,
    .norm_gradient_chunks = norm_gradient_chunks,
    .fold_chunks = fold_chunks,
    .normalise_rows = normalise_rows,
    .norm_backward_rows = norm_backward_rows,
    .max_pool2d = max_pool2d,
    .max_pool2d_backward = max_pool2d_backward,
    .norm_max_pool = norm_max_pool,
    .norm_max_pool_gradient_chunks = norm_max_pool_gradient_chunks,
    .norm_max_pool_backward_pixels = norm_max_pool_backward_pixels,
    .average_pool2d = average_pool2d,
    .average_pool2d_backward = average_pool2d_backward,
    .softmax_cross_entropy = softmax_cross_entropy,
    .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .layer_norm_products = layer_norm_products,
    .causal_softmax = causal_softmax,
    .causal_softmax_backward = causal_softmax_backward,
    .initialise = initialise,
    .optimizer_update = optimizer_update,
    .group_squares = group_squares,
    .fingerprint = fingerprint,
};

}  // namespace kernels::cpu
