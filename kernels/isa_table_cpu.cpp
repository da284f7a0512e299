// The table of one instruction set; SWEEP_ISA_TABLE is its name (isa_cpu.h).
#include "kernels/isa_functions_cpu.h"

namespace kernels::cpu {

constinit const IsaTable SWEEP_ISA_TABLE = {
    .gemm_rows = kTileRows,
    .gemm_columns = kTileColumns,
    .gemm_scratch = gemm_scratch,
    .gemm = gemm,
    .augment_sample = augment_sample,
    .bias_activation = bias_activation,
    .activation_backward = activation_backward,
    .dropout = dropout,
    .column_sum = column_sum,
    .softmax_cross_entropy = softmax_cross_entropy,
    .initialise = initialise,
    .optimizer_update = optimizer_update,
    .group_squares = group_squares,
    .fingerprint = fingerprint,
};

}  // namespace kernels::cpu
