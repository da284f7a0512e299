// See solve.h. Each candidate is one step of the network from the same state, with one number of the batch another.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "trainer/locate/raw_data.h"
#include "trainer/locate/solve.h"

namespace trainer {
namespace {

constexpr double kBudget = 3e11;   // multiplications, about
constexpr double kOverhead = 1e6;  // of a step, however small the network

class ValueSearch {
 public:
  ValueSearch(Stepper& stepper, const StepPrints& recorded)
      : stepper_(stepper), recorded_(recorded), raw_(stepper.trial()), batch_(stepper.batch(stepper.last_step())) {}

  std::uint64_t values() const {
    return batch_.size() * static_cast<std::uint64_t>(samples().features) * (samples().pixels.empty() ? 32 : 255);
  }
  std::uint64_t labels() const {
    return raw_.data.classes < 2 ? 0 : batch_.size() * static_cast<std::uint64_t>(raw_.data.classes - 1);
  }

  void try_labels() {
    std::int32_t* const labels = stepper_.trial().prepared.train.labels.data();
    for (const std::uint32_t sample : batch_) {
      const std::int32_t honest = labels[sample];
      for (std::int32_t other = 0; other < raw_.data.classes && found_.empty(); ++other) {
        labels[sample] = other;
        if (other != honest && stepper_.quick_step_from(stepper_.before()) == recorded_)
          add(sample, "label",
              fmt::format("the label of row {} of the training data is {} instead of {}", raw_.train[sample], other,
                          honest),
              other, honest);
      }
      labels[sample] = honest;
    }
  }

  void try_values() {
    float* const x = stepper_.trial().prepared.train.x.data();
    for (const std::uint32_t sample : batch_)
      for (int feature = 0; feature < samples().features && found_.empty(); ++feature) {
        float& place =
            x[std::size_t{sample} * static_cast<std::size_t>(samples().features) + static_cast<std::size_t>(feature)];
        const float honest = place;
        const auto raw = static_cast<double>(samples().value(raw_.train[sample], feature));
        for (const double other : other_values(raw)) {
          place = raw_.normalised_value(other, feature);
          if (place == honest || stepper_.quick_step_from(stepper_.before()) != recorded_) continue;
          add(sample, "value",
              fmt::format("feature {} of row {} of the training data is {} instead of {}", feature, raw_.train[sample],
                          core::format_double(other), core::format_double(raw)),
              other, raw);
          found_.back().detail["feature"] = feature;
          break;
        }
        place = honest;
      }
  }

  std::vector<Solution> take() { return std::move(found_); }

 private:
  const Samples& samples() const { return raw_.data.train; }

  // Those with one bit flipped come first.
  std::vector<double> other_values(double value) const {
    std::vector<double> values;
    if (samples().pixels.empty()) {
      for (int bit = 0; bit < 32; ++bit) {
        const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value)) ^ (1u << bit);
        values.push_back(static_cast<double>(std::bit_cast<float>(bits)));
      }
      return values;
    }
    const int byte = static_cast<int>(value);
    for (int other = 0; other < 256; ++other)
      if (other != byte) values.push_back(other);
    std::stable_partition(values.begin(), values.end(), [&](double other) {
      return std::has_single_bit(static_cast<unsigned>(static_cast<int>(other) ^ byte));
    });
    return values;
  }

  template <class Number>
  void add(std::uint32_t sample, const char* what, std::string text, Number recorded, Number replayed) {
    found_.push_back({"data value",
                      std::move(text),
                      {{"what", what}, {"row", raw_.train[sample]}, {"recorded", recorded}, {"replayed", replayed}},
                      stepper_.quick().snapshot()});
  }

  Stepper& stepper_;
  const StepPrints& recorded_;
  RawData raw_;
  std::vector<std::uint32_t> batch_;
  std::vector<Solution> found_;
};

}  // namespace

std::uint64_t step_budget(Stepper& stepper) {
  const double batch = static_cast<double>(stepper.batch(stepper.last_step()).size());
  return static_cast<std::uint64_t>(kBudget / (6.0 * static_cast<double>(stepper.weight_count()) * batch + kOverhead));
}

std::vector<Solution> solve_value(Stepper& stepper, const StepPrints& recorded, std::vector<Untried>& untried) {
  if (stepper.trial().data.task == Task::kText) {
    untried.push_back({"data value", "a character of the text: not tried for a text"});
    return {};
  }
  ValueSearch search(stepper, recorded);
  const std::uint64_t budget = step_budget(stepper);
  if (search.labels() <= budget)
    search.try_labels();
  else
    untried.push_back(
        {"data value", fmt::format("a label: {} candidates, {} can be trained", search.labels(), budget)});
  if (search.values() <= budget)
    search.try_values();
  else
    untried.push_back(
        {"data value", fmt::format("a value of a sample: {} candidates, {} can be trained", search.values(), budget)});
  return search.take();
}

}  // namespace trainer
