// The batches of a training, made on the device: the order of an epoch, its samples side by side, augmented where the
// trial asks for it, and what they should be. Callers: loop.cpp. It knows nothing of networks.
//
// Determinism: a batch is a function of the seed and the step.
#pragma once

#include <cstdint>

#include "kernels/backends.h"
#include "trainer/hyperparameters.h"
#include "trainer/nn/network.h"
#include "trainer/training/prepared_data.h"

namespace trainer {

/// Errors: UserError for the hyperparameter that does not fit such data.
void check_augmentation(const kernels::Augmentation& how, Task task, bool image);

class Batches {
 public:
  /// `data` must outlive it. Errors: kernels::OutOfMemory; UserError where the data cannot be augmented as asked.
  Batches(const kernels::Backend&, kernels::Context&, const Hyperparameters&, const PreparedData& data,
          std::uint64_t seed);

  /// Samples of a batch; the last one of an epoch may have fewer, or is left out (drop_last).
  int size() const { return size_; }
  std::uint64_t steps_per_epoch() const { return steps_; }
  /// Samples of an epoch, and of its first `steps` steps.
  std::uint64_t samples_of(std::uint64_t steps) const;

  /// The batch of `position` (0, 1, …) in an epoch: where it begins in the epoch's order, and its samples.
  std::uint32_t first(std::uint64_t position) const;
  int rows(std::uint64_t position) const;

  /// Makes a batch of `rows` samples; `state` (device) is that of its step and says which.
  void make(int rows, const kernels::StepState* state);

  /// The batch that was made last, of `rows` samples; always in the same memory.
  const std::uint32_t* indices() const { return indices_.data(); }
  Input input(int rows) const { return {x_.data(), tokens_.data(), rows}; }
  Targets targets() const { return {labels_.data(), numbers_.data()}; }

 private:
  void gather(int rows, const kernels::StepState* state);

  const kernels::Backend& ops_;
  kernels::Context& context_;
  const PreparedData& data_;
  std::uint64_t seed_;
  kernels::Augmentation augmentation_;
  int size_;
  bool drops_last_;
  std::uint64_t steps_;
  kernels::Buffer<float> fill_;  ///< of each channel: what a shift brings in from outside
  kernels::Buffer<std::uint32_t> indices_;
  kernels::Buffer<float> plain_;          ///< x_ before the augmentation; empty without one
  kernels::Buffer<float> x_;              ///< empty for a text
  kernels::Buffer<std::int32_t> tokens_;  ///< of a text
  kernels::Buffer<std::int32_t> labels_;  ///< of a text as many as tokens
  kernels::Buffer<float> numbers_;        ///< regression
};

}  // namespace trainer
