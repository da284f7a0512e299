// The table of one instruction set; SWEEP_ISA_TABLE is its name (isa_cpu.h).
#include "kernels/isa_functions_cpu.h"

namespace kernels::cpu {

constinit const IsaTable SWEEP_ISA_TABLE = {
    .gemm_rows = kTileRows,
    .gemm_columns = kTileColumns,
    .gemm_scratch = gemm_scratch,
    .gemm = gemm,
    .conv_lines = conv_lines,
    .conv_filter_chunk = conv_filter_chunk,
    .pack_transposed = conv_pack_transposed,
    .pack_straight = conv_pack_straight,
    .bias_activation = bias_activation,
    .activation_backward = activation_backward,
    .dropout = dropout,
    .column_sum = column_sum,
    .softmax_cross_entropy = softmax_cross_entropy,
    .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .layer_norm_products = layer_norm_products,
    .causal_softmax = causal_softmax,
    .causal_softmax_backward = causal_softmax_backward,
    .initialise = initialise,
    .optimizer_update = optimizer_update,
    .fingerprint = fingerprint,
};

}  // namespace kernels::cpu
