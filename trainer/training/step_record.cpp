// See step_record.h.
#include "trainer/training/step_record.h"

#include <cstring>

#include "core/error.h"

namespace trainer {
namespace {

constexpr std::size_t kWordsOfPrint = sizeof(std::uint64_t) / sizeof(std::uint32_t);

std::size_t rounded(std::size_t words) { return (words + 15) / 16 * 16; }

}  // namespace

StepRecord::StepRecord(const kernels::Backend& ops, kernels::Context& context, std::uint64_t steps, std::size_t tensors,
                       int batch)
    : ops_(ops),
      context_(context),
      capacity_(steps),
      tensors_(tensors),
      losses_at_(rounded((tensors + 1) * kWordsOfPrint)),
      width_(losses_at_ + rounded(static_cast<std::size_t>(batch))),
      row_(ops, context, width_, "what a step leaves"),
      rows_(ops, context, steps * width_, "what the steps of an interval leave"),
      hits_(ops, context, rounded(static_cast<std::size_t>(batch)), "hits of a batch") {}

void StepRecord::store(const kernels::StepState* state) {
  ops_.store_row(context_, rows_.data(), row_.data(), static_cast<int>(width_), state);
}

void StepRecord::step_begun(int samples) {
  core::check(samples_.size() < capacity_, "more steps than the record has room for");
  samples_.push_back(samples);
}

protocol::Trace StepRecord::take(std::uint64_t last, double& loss_sum) {
  const std::size_t steps = samples_.size();
  std::vector<std::uint32_t> words(steps * width_);
  ops_.copy_to_host(context_, words.data(), rows_.data(), words.size() * sizeof(std::uint32_t));

  protocol::Trace trace;
  trace.from = last + 1 - steps;
  trace.to = last;
  std::vector<std::uint64_t> prints(tensors_ + 1);
  for (std::size_t s = 0; s < steps; ++s) {
    const std::uint32_t* const row = words.data() + s * width_;
    for (int i = 0; i < samples_[s]; ++i) {
      float loss = 0;
      std::memcpy(&loss, row + losses_at_ + static_cast<std::size_t>(i), sizeof loss);
      loss_sum += static_cast<double>(loss);
    }
    std::memcpy(prints.data(), row, prints.size() * sizeof(std::uint64_t));
    trace.weights.insert(trace.weights.end(), prints.begin(), prints.end() - 1);
    trace.batch.push_back(prints.back());
  }
  samples_.clear();
  return trace;
}

}  // namespace trainer
