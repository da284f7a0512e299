// The CPU back end with one thing done otherwise: what a training would compute if a sum were taken in another order, a
// product and a sum were rounded once, denormals were flushed, a mask drawn for another purpose, … Callers:
// trainer/locate/, which runs one step through it to explain a record that differs. No training of a sweep reaches it;
// everything it can do otherwise stands in this folder.
//
// Determinism: portable but for what was asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/philox.h"
#include "kernels/backends.h"

namespace kernels::hypotheses {

/// Orders of a sum. Chunks and lanes are those of ops.h with another number; a chunk sum is added to a group of 16.
enum class SumOrder {
  kAscending,   ///< one after another
  kDescending,  ///< from the last to the first
  kPairwise,    ///< halves, down to single terms
  kChunks64,
  kChunks128,
  kChunks512,
  kChunks1024,
  kLanes4,  ///< lane l adds l, l + 4, …; then the lanes fold by halves
  kLanes8,
  kLanes16,
  kLanes32,
  kDouble,   ///< in double, rounded once
  kRule,     ///< chunks of 256, as it should be; no hypothesis, for tests
  kUnfused,  ///< dot products: the rule's order, each product rounded before it is added
};
std::span<const SumOrder> sum_orders();
std::string_view name(SumOrder order);  ///< "in descending order", …, for people

/// Ops with a sum of more than a few terms, or the part of an op. gemm stands once for each transposition.
enum class Summing {
  kGemmForward,  ///< kNT
  kGemmWeights,  ///< kTN: the gradient of the weights
  kGemmInputs,   ///< kNN: the gradient of the inputs
  kConv,
  kConvWeights,
  kConvInputs,
  kColumnSum,
  kActivationBackward,  ///< the gradient of the bias
  kBatchNorm,
  kBatchNormBackward,
  kSoftmax,
  kLayerNorm,
  kLayerNormBackward,
  kSumOfSquares,
  kAveragePool,
  kEmbedBackward,  ///< of each token's row; the rule is kAscending
  kAttention,      ///< the two products
  kAttentionSoftmax,
  kAttentionBackward,  ///< the four products
  kAttentionBackwardSoftmax,
};
std::span<const Summing> summing_ops();
std::string_view name(Summing op);
/// Whether the op is a dot product, to which kUnfused says something.
bool is_dot(Summing op);

/// Sources of the CPU back end whose formulas have products and sums that a compiler may contract.
enum class Contracted { kAll, kBatchNorm, kElementwise, kLoss, kLayerNorm, kAttention };
std::span<const Contracted> contracted_sources();
std::string_view name(Contracted source);

enum class Flushed { kBoth, kResults, kOperands };  ///< FTZ and DAZ, FTZ, DAZ of MXCSR
std::span<const Flushed> flushed_modes();
std::string_view name(Flushed mode);

/// What batch normalisation in training normalises with.
enum class Statistics {
  kBatchBefore,  ///< what the batch before left; the running statistics move as they should
  kRunning,      ///< the running statistics as they were before the step
};
std::span<const Statistics> statistics();
std::string_view name(Statistics way);

/// What a dropout draws its mask for. `tensor_shift` and `step_shift` are added, modulo 2^32, to what it should be.
struct DropoutDraw {
  core::Purpose purpose = core::Purpose::kDropout;
  std::uint32_t tensor_shift = 0;
  std::uint32_t step_shift = 0;
};

class OtherBackend {
 public:
  /// Honest at first. Errors: EnvironmentError, OutOfMemory of the CPU context.
  explicit OtherBackend(int threads, CpuIsa isa = CpuIsa::kBest);
  ~OtherBackend();
  OtherBackend(const OtherBackend&) = delete;
  OtherBackend& operator=(const OtherBackend&) = delete;

  const Backend& ops() const;
  Context& context();

  // From here on. What was asked for before stays, but for one pair: contract() and flush() both replace functions of
  // the instruction set, flush() all of them, and of a function what came later stays.
  void sum(Summing op, SumOrder order);
  void contract(Contracted source);
  void flush(Flushed mode);
  void normalise(Statistics way);
  void draw(const DropoutDraw& draw);
  void draw_shuffle(std::uint64_t seed);                ///< the order of an epoch, by another seed
  void take_batch(std::vector<std::uint32_t> indices);  ///< whatever the order says, these samples
  void use_rate(float learning_rate);                   ///< whatever the schedule says, this one

  struct Choices;  ///< what the entries of the table read; for the sources of this folder

 private:
  class Front;
  std::unique_ptr<Front> front_;
};

}  // namespace kernels::hypotheses
