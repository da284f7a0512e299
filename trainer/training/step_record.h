// What the steps of one reporting interval leave on the device, fetched with one copy: the fingerprints of weights and
// batch of each step, and the loss of each sample. Callers: training/loop.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "protocol/event.h"

namespace trainer {

class StepRecord {
 public:
  /// Room for `steps` steps of `tensors` tensors and `batch` samples. Errors: kernels::OutOfMemory.
  StepRecord(const kernels::Backend&, kernels::Context&, std::uint64_t steps, std::size_t tensors, int batch);

  // Device memory of the step under way: its losses (batch floats), hits, weights' fingerprints (one a tensor) and
  // batch's fingerprint. The same for every step.
  float* losses() { return reinterpret_cast<float*>(row_.data() + losses_at_); }
  std::int32_t* hits() { return hits_.data(); }
  std::uint64_t* weights() { return reinterpret_cast<std::uint64_t*>(row_.data()); }
  std::uint64_t* batch() { return weights() + tensors_; }

  /// The last op of a step: keeps what it left. `state` (device) says which step of the interval it is.
  void store(const kernels::StepState* state);

  /// The next step was started; its batch has `samples` samples.
  void step_begun(int samples);
  bool empty() const { return samples_.empty(); }

  /// Waits for the device; adds the losses to `loss_sum` in order, in double; gives the fingerprints of the steps that
  /// end with step `last`, without names; and begins anew.
  protocol::Trace take(std::uint64_t last, double& loss_sum);

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  std::uint64_t capacity_;
  std::size_t tensors_;
  std::size_t losses_at_;  ///< word of a row: behind the fingerprints, at a multiple of 16, for the ops' alignment
  std::size_t width_;      ///< words of a row
  kernels::Buffer<std::uint32_t> row_;   ///< of the step under way
  kernels::Buffer<std::uint32_t> rows_;  ///< of the interval's steps
  kernels::Buffer<std::int32_t> hits_;   ///< of the step under way: nobody asks for the others
  std::vector<int> samples_;
};

}  // namespace trainer
