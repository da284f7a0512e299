// What the steps of one reporting interval leave on the device, fetched with one copy: the fingerprints of weights and
// batch of each step, and the loss of each sample. Callers: training/loop.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "protocol/event.h"

namespace trainer {

class StepRecord {
 public:
  /// Room for `steps` steps of `tensors` tensors and `batch` samples. Errors: kernels::OutOfMemory.
  StepRecord(const kernels::Backend&, kernels::Context&, std::uint64_t steps, std::size_t tensors, int batch);

  // Device memory of the interval's next step: its losses (batch floats), hits, weights' fingerprints (one a tensor)
  // and batch's fingerprint.
  float* losses();
  std::int32_t* hits() { return hits_.data(); }
  std::uint64_t* weights();
  std::uint64_t* batch();

  /// The next step is done; its batch had `samples` samples.
  void step_done(int samples) { samples_.push_back(samples); }
  bool empty() const { return samples_.empty(); }

  /// Waits for the device; adds the losses to `loss_sum` in order, in double; gives the fingerprints of the steps that
  /// end with step `last`, without names; and begins anew.
  protocol::Trace take(std::uint64_t last, double& loss_sum);

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  std::uint64_t capacity_;
  std::size_t tensors_;
  std::size_t stride_;  ///< floats between the losses of two steps: a multiple of 16, for the alignment of the ops
  kernels::Buffer<float> losses_;
  kernels::Buffer<std::int32_t> hits_;           ///< of the newest step alone: nobody asks for the others
  kernels::Buffer<std::uint64_t> fingerprints_;  ///< a row a step: tensors, then batch
  std::vector<int> samples_;
};

}  // namespace trainer
