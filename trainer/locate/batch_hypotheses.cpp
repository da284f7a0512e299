// Hypotheses about which samples a step was given: found by the recorded fingerprint of the batch alone, which costs a
// few multiplications a candidate, and proven afterwards by the weights.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "kernels/shuffle_formula.h"
#include "trainer/locate/fingerprint_editor.h"
#include "trainer/locate/hypotheses.h"

namespace trainer {
namespace {

using kernels::hypotheses::OtherBackend;
using Indices = std::vector<std::uint32_t>;

constexpr std::size_t kMostPairs = 4096;              // samples of a batch all pairs of which are tried
constexpr std::uint64_t kMostReplaced = 100'000'000;  // samples times candidates for their places

class BatchSearch {
 public:
  BatchSearch(Stepper& stepper, std::uint64_t recorded)
      : stepper_(stepper),
        recorded_(recorded),
        batch_(stepper.batch(stepper.last_step())),
        editor_(batch_, kernels::kBatchTensor) {}

  std::vector<Hypothesis> find() {
    find_swapped();
    find_replaced();
    find_turned();
    find_elsewhere();
    return std::move(found_);
  }

 private:
  void add(std::string text, core::Json detail, Indices indices) {
    Hypothesis hypothesis;
    hypothesis.kind = "batch";
    hypothesis.text = std::move(text);
    hypothesis.detail = std::move(detail);
    hypothesis.ops = [indices = std::move(indices)](OtherBackend& back_end) { back_end.take_batch(indices); };
    hypothesis.is_once = true;
    found_.push_back(std::move(hypothesis));
  }

  void find_swapped() {
    const std::size_t size = batch_.size();
    for (std::size_t i = 0; i < size && size <= kMostPairs; ++i)
      for (std::size_t j = i + 1; j < size; ++j) {
        if (editor_.print_swapped(i, j) != recorded_) continue;
        Indices swapped = batch_;
        std::swap(swapped[i], swapped[j]);
        add(fmt::format("samples {} and {} of the batch are swapped", i, j), {{"swapped", {i, j}}}, std::move(swapped));
      }
  }

  void find_replaced() {
    const std::uint32_t samples = stepper_.trial().prepared.train.count;
    if (std::uint64_t{samples} * batch_.size() > kMostReplaced) return;
    for (std::size_t i = 0; i < batch_.size(); ++i)
      for (std::uint32_t other = 0; other < samples; ++other) {
        if (other == batch_[i] || editor_.print_with(i, other) != recorded_) continue;
        Indices replaced = batch_;
        replaced[i] = other;
        add(fmt::format("sample {} of the batch is number {} of the training part, not {}", i, other, batch_[i]),
            {{"place", i}, {"recorded", other}, {"replayed", batch_[i]}}, std::move(replaced));
      }
  }

  void offer(const char* text, Indices indices, core::Json detail) {
    if (indices.size() != batch_.size() || FingerprintEditor(indices, kernels::kBatchTensor).print() != recorded_)
      return;
    add(text, std::move(detail), std::move(indices));
  }

  void find_turned() {
    Indices other(batch_.rbegin(), batch_.rend());
    offer("the batch is taken from its end to its beginning", other, {{"order", "reversed"}});
    other = batch_;
    std::sort(other.begin(), other.end());
    offer("the batch is sorted", other, {{"order", "sorted"}});
    for (std::size_t turn = 1; turn < batch_.size(); ++turn) {
      other = batch_;
      std::rotate(other.begin(), other.begin() + static_cast<std::ptrdiff_t>(turn), other.end());
      offer("the batch begins with another one of its samples", other, {{"begins_at", turn}});
    }
  }

  // Batches of this and the neighbouring epochs, and those of data that is not shuffled.
  void find_elsewhere() {
    const std::uint64_t a_step = stepper_.steps_per_epoch(), step = stepper_.last_step();
    const std::uint64_t epoch = (step - 1) / a_step;
    for (std::uint64_t e = epoch == 0 ? 0 : epoch - 1; e <= epoch + 1; ++e)
      for (std::uint64_t position = 0; position < a_step; ++position) {
        const std::uint64_t other = e * a_step + position + 1;
        if (other != step) offer("the batch is that of another step", stepper_.batch(other), {{"step", other}});
      }
    const std::uint64_t first = (step - 1) % a_step * stepper_.batch(1).size();
    Indices plain(batch_.size());
    std::iota(plain.begin(), plain.end(), static_cast<std::uint32_t>(first));
    offer("the samples are not shuffled", std::move(plain), {{"order", "as in the data"}});
  }

  Stepper& stepper_;
  std::uint64_t recorded_;
  Indices batch_;
  FingerprintEditor editor_;
  std::vector<Hypothesis> found_;
};

}  // namespace

std::vector<Hypothesis> batch_hypotheses(Stepper& stepper, std::uint64_t recorded) {
  return BatchSearch(stepper, recorded).find();
}

}  // namespace trainer
