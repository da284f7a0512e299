// See step_record.h.
#include "trainer/training/step_record.h"

#include "core/error.h"

namespace trainer {

StepRecord::StepRecord(const kernels::Backend& ops, kernels::Context& context, std::uint64_t steps, std::size_t tensors,
                       int batch)
    : ops_(ops),
      context_(context),
      capacity_(steps),
      tensors_(tensors),
      stride_((static_cast<std::size_t>(batch) + 15) / 16 * 16),
      losses_(ops, context, steps * stride_),
      hits_(ops, context, stride_),
      fingerprints_(ops, context, steps * (tensors + 1)) {}

float* StepRecord::losses() {
  core::check(samples_.size() < capacity_, "more steps than the record has room for");
  return losses_.data() + samples_.size() * stride_;
}

std::uint64_t* StepRecord::weights() { return fingerprints_.data() + samples_.size() * (tensors_ + 1); }

std::uint64_t* StepRecord::batch() { return weights() + tensors_; }

protocol::Trace StepRecord::take(std::uint64_t last, double& loss_sum) {
  const std::size_t steps = samples_.size();
  std::vector<float> losses(steps * stride_);
  std::vector<std::uint64_t> fingerprints(steps * (tensors_ + 1));
  ops_.copy_to_host(context_, losses.data(), losses_.data(), losses.size() * sizeof(float));
  ops_.copy_to_host(context_, fingerprints.data(), fingerprints_.data(), fingerprints.size() * sizeof(std::uint64_t));

  protocol::Trace trace;
  trace.from = last + 1 - steps;
  trace.to = last;
  for (std::size_t s = 0; s < steps; ++s) {
    for (int i = 0; i < samples_[s]; ++i)
      loss_sum += static_cast<double>(losses[s * stride_ + static_cast<std::size_t>(i)]);
    const auto row = fingerprints.begin() + static_cast<std::ptrdiff_t>(s * (tensors_ + 1));
    trace.weights.insert(trace.weights.end(), row, row + static_cast<std::ptrdiff_t>(tensors_));
    trace.batch.push_back(row[static_cast<std::ptrdiff_t>(tensors_)]);
  }
  samples_.clear();
  return trace;
}

}  // namespace trainer
