// How the entries of an OtherBackend find what was chosen, and the functions that the sources of this folder put into
// its tables. Callers: this folder alone.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "kernels/hypotheses/other_backend.h"
#include "kernels/interposed.h"
#include "kernels/isa_cpu.h"

namespace kernels::hypotheses {

struct OtherBackend::Choices {
  SumOrder order = SumOrder::kAscending;
  std::set<Summing> summed;  ///< what is summed in that order
  Statistics statistics = Statistics::kRunning;
  /// What the batch before left, by where the statistic lies: there stands what was normalised with instead.
  mutable std::map<const float*, std::vector<float>> left;
  DropoutDraw dropout;
  std::uint64_t shuffle_seed = 0;
  std::vector<std::uint32_t> batch;
  float learning_rate = 0;
};

class ChoosingContext : public InterposedContext {
 public:
  using InterposedContext::InterposedContext;
  OtherBackend::Choices choices;
};

/// What was chosen behind an op's context.
const OtherBackend::Choices& choices_of(Context& context);

/// Puts an op into the table that sums in the order of the choices.
void put_other_order(Backend& table, Summing op);

void put_other_layer_norm(Backend& table, Summing op);
void put_other_text_op(Backend& table, Summing op);  ///< of attention and embedding

/// Puts the functions of a source into the table, compiled with contraction.
void put_contracted(cpu::IsaTable& table, Contracted source);

/// A table whose every function does the same with MXCSR's flags set.
cpu::IsaTable flushed_table(Flushed mode);

// Entries of the table: see other_backend.h.
void other_batch_norm(Context& context, Activation activation, float* out, float* mean, float* inverse_deviation,
                      float* running_mean, float* running_variance, const float* x, const float* gamma,
                      const float* beta, int rows, int columns, float epsilon, float momentum);
void other_dropout(Context& context, float* out, const float* in, int count, float rate, std::uint64_t seed,
                   std::uint32_t tensor, const StepState* state);

}  // namespace kernels::hypotheses
