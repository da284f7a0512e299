// The functions of an instruction set's table that a compiler changes when it may contract products and sums. Callers:
// contracted_cpu.cpp, which is compiled so, and contracted_table.cpp.
#pragma once

#include "kernels/isa_cpu.h"

namespace kernels::hypotheses {

struct ContractedFunctions {
  decltype(cpu::IsaTable::bias_activation) bias_activation;
  decltype(cpu::IsaTable::activation_backward) activation_backward;
  decltype(cpu::IsaTable::activation_chunks) activation_chunks;
  decltype(cpu::IsaTable::column_chunks) column_chunks;
  decltype(cpu::IsaTable::square_chunks) square_chunks;
  decltype(cpu::IsaTable::norm_gradient_chunks) norm_gradient_chunks;
  decltype(cpu::IsaTable::fold_chunks) fold_chunks;
  decltype(cpu::IsaTable::normalise_rows) normalise_rows;
  decltype(cpu::IsaTable::norm_backward_rows) norm_backward_rows;
  decltype(cpu::IsaTable::softmax_cross_entropy) softmax_cross_entropy;
  decltype(cpu::IsaTable::layer_norm) layer_norm;
  decltype(cpu::IsaTable::layer_norm_backward) layer_norm_backward;
  decltype(cpu::IsaTable::layer_norm_products) layer_norm_products;
  decltype(cpu::IsaTable::causal_softmax) causal_softmax;
  decltype(cpu::IsaTable::causal_softmax_backward) causal_softmax_backward;
};

extern const ContractedFunctions kContractedFunctions;

}  // namespace kernels::hypotheses
