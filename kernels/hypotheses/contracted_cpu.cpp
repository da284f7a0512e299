// The functions that -ffp-contract=fast changes, as a table of their own. The sources themselves are those of the CPU
// back end, compiled once more with that flag and in the namespace `contracted` (kernels/CMakeLists.txt).
#include "kernels/hypotheses/contracted.h"

#include "kernels/isa_functions_cpu.h"

namespace kernels::hypotheses {

constinit const ContractedFunctions kContractedFunctions = {
    .bias_activation = cpu::bias_activation,
    .activation_backward = cpu::activation_backward,
    .activation_chunks = cpu::activation_chunks,
    .column_chunks = cpu::column_chunks,
    .square_chunks = cpu::square_chunks,
    .norm_gradient_chunks = cpu::norm_gradient_chunks,
    .fold_chunks = cpu::fold_chunks,
    .normalise_rows = cpu::normalise_rows,
    .norm_backward_rows = cpu::norm_backward_rows,
    .softmax_cross_entropy = cpu::softmax_cross_entropy,
    .layer_norm = cpu::layer_norm,
    .layer_norm_backward = cpu::layer_norm_backward,
    .layer_norm_products = cpu::layer_norm_products,
    .causal_softmax = cpu::causal_softmax,
    .causal_softmax_backward = cpu::causal_softmax_backward,
};

}  // namespace kernels::hypotheses
