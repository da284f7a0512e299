// Puts contracted functions into a table, source by source.
#include "kernels/hypotheses/choices.h"
#include "kernels/hypotheses/contracted.h"

namespace kernels::hypotheses {

void put_contracted(cpu::IsaTable& table, Contracted source) {
  const ContractedFunctions& from = kContractedFunctions;
  const auto is = [&](Contracted one) { return source == one || source == Contracted::kAll; };
  if (is(Contracted::kElementwise)) {
    table.bias_activation = from.bias_activation;
    table.activation_backward = from.activation_backward;
  }
  if (is(Contracted::kBatchNorm)) {
    table.activation_chunks = from.activation_chunks;
    table.column_chunks = from.column_chunks;
    table.square_chunks = from.square_chunks;
    table.norm_gradient_chunks = from.norm_gradient_chunks;
    table.fold_chunks = from.fold_chunks;
    table.normalise_rows = from.normalise_rows;
    table.norm_backward_rows = from.norm_backward_rows;
  }
  if (is(Contracted::kLoss)) table.softmax_cross_entropy = from.softmax_cross_entropy;
  if (is(Contracted::kLayerNorm)) {
    table.layer_norm = from.layer_norm;
    table.layer_norm_backward = from.layer_norm_backward;
    table.layer_norm_products = from.layer_norm_products;
  }
  if (is(Contracted::kAttention)) {
    table.causal_softmax = from.causal_softmax;
    table.causal_softmax_backward = from.causal_softmax_backward;
  }
}

}  // namespace kernels::hypotheses
