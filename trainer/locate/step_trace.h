// The tensors of one training step by name, in the order in which they are computed: batch, what each op of the forward
// pass gives, loss, gradients, moments, weights. Callers: trace_verb.cpp. It reads what a traced back end tells, and
// changes nothing.
//
// Names: batch.indices, forward.layers.0.gemm, loss.gradient, gradient.layers.0.weight, backward.layers.0.gemm,
// update.layers.0.weight.first_moment, update.layers.0.weight, …; a name that comes again ends in #2, #3, ….
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/traced.h"
#include "trainer/training/loop.h"

namespace trainer {

struct TracedTensor {
  std::string name;
  bool is_float = true;
  std::size_t rows = 0, columns = 0;
  std::uint64_t digest = 0;  ///< of the bits, NaNs as one: the fingerprint of a tensor whose number is 0
};

/// TracedTensor::digest of such bits.
std::uint64_t digest_of(const std::vector<std::uint32_t>& bits, bool is_float);

class StepTrace final : public kernels::TraceListener {
 public:
  /// Of arrays of that back end.
  StepTrace(const kernels::Backend& ops, kernels::Context& context) : ops_(ops), context_(context) {}

  /// Learns the names of a training's tensors. What it was told before is forgotten.
  void watch(Training& training);

  /// The next thing told belongs to a new step. With `keep` the values of that tensor (its place in tensors()) are
  /// kept.
  void begin(std::optional<std::size_t> keep = {});

  void wrote(const kernels::Written& written, std::initializer_list<const void*> near) override;

  /// Of the step, and what they are called; once the step is over.
  std::vector<TracedTensor> tensors() const;
  /// All of them in one number.
  std::uint64_t digest() const;
  /// The kept bits.
  const std::vector<std::uint32_t>& kept() const { return kept_; }

 private:
  enum class Phase { kBatch, kForward, kBackward, kUpdate };
  struct Known {
    std::string name;
    bool is_gradient;
    std::size_t columns;  // the last side of its shape
  };
  struct Entry {
    TracedTensor tensor;
    Phase phase;
    std::string scope;  // empty: that of the next entry which has one
    std::string label;  // op and result
  };

  void move_on(const std::string& op);
  const Known* known_among(std::initializer_list<const void*> near) const;
  void add(Entry entry, const void* data);

  const kernels::Backend& ops_;
  kernels::Context& context_;
  std::map<const void*, Known> known_;
  Phase phase_ = Phase::kBatch;
  std::string scope_;  // of the forward pass, where an op tells none
  std::vector<Entry> entries_;
  std::optional<std::size_t> keep_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace trainer
