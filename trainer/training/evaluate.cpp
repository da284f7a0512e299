// See evaluate.h.
#include "trainer/training/evaluate.h"

#include <algorithm>
#include <cmath>

namespace trainer {
namespace {

using kernels::Buffer;

constexpr std::int32_t kTop = 5;

// What the passes leave on the device, an entry a target; empty where it is not wanted.
struct Record {
  Buffer<float> losses;
  Buffer<std::int32_t> hits;
  Buffer<std::int32_t> ranks;
  Buffer<std::int32_t> predicted;

  Scores from(std::size_t first) {
    const auto at = [first](auto& buffer) { return buffer.data() ? buffer.data() + first : nullptr; };
    return {at(losses), at(hits), at(ranks), at(predicted)};
  }
};

template <class T>
std::vector<T> fetch(const kernels::Backend& ops, kernels::Context& context, const Buffer<T>& buffer) {
  std::vector<T> values(buffer.size());
  ops.copy_to_host(context, values.data(), buffer.data(), values.size() * sizeof(T));
  return values;
}

void run_passes(const kernels::Backend& ops, kernels::Context& context, Network& network, const PreparedData& data,
                const DevicePart& part, Record& record) {
  const auto features = static_cast<std::size_t>(data.features);
  Buffer<float> samples;
  const auto pass = static_cast<std::uint32_t>(network.evaluation_rows());
  for (std::uint32_t first = 0; first < part.count; first += pass) {
    const int rows = static_cast<int>(std::min(pass, part.count - first));
    const std::size_t skip = std::size_t{first} * static_cast<std::size_t>(network.targets());
    Input input{nullptr, nullptr, rows};
    Targets targets;
    if (data.task == Task::kText)
      input.tokens = part.tokens.data() + first * features;
    else
      input.x = samples_from(ops, context, data, part, first, rows, samples);
    if (data.task == Task::kRegression)
      targets.numbers = part.targets.data() + skip;
    else
      targets.labels = part.labels.data() + skip;
    network.evaluate(input, targets, record.from(skip));
  }
}

// The loss of a prediction is its error squared, or its size.
double squared_errors(const std::vector<float>& losses, bool absolute) {
  double sum = 0;
  for (const float loss : losses) {
    const double each = static_cast<double>(loss);
    sum += absolute ? each * each : each;
  }
  return sum;
}

// The class of each target that goes before all others; −1 where the loss is NaN: such a row, of a NaN or of an
// infinite number, is no hit of the accuracy either.
std::vector<std::int32_t> ordered_only(std::vector<std::int32_t> predicted, const std::vector<float>& losses) {
  for (std::size_t i = 0; i < predicted.size(); ++i)
    if (std::isnan(losses[i])) predicted[i] = -1;
  return predicted;
}

double share_of_top(const std::vector<std::int32_t>& ranks, const std::vector<std::int32_t>& predicted) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) hits += predicted[i] >= 0 && ranks[i] < kTop;
  return static_cast<double>(hits) / static_cast<double>(ranks.size());
}

std::vector<std::uint64_t> count_pairs(const std::vector<std::int32_t>& labels,
                                       const std::vector<std::int32_t>& predicted, int classes) {
  const auto size = static_cast<std::size_t>(classes);
  std::vector<std::uint64_t> counts(size * size);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (predicted[i] >= 0)
      ++counts[static_cast<std::size_t>(labels[i]) * size + static_cast<std::size_t>(predicted[i])];
  return counts;
}

}  // namespace

Evaluation evaluate(const kernels::Backend& ops, kernels::Context& context, Network& network, const PreparedData& data,
                    const DevicePart& part, Wanted wanted) {
  const std::size_t count = std::size_t{part.count} * static_cast<std::size_t>(network.targets());
  const bool regression = data.task == Task::kRegression;
  Record record;
  record.losses = Buffer<float>(ops, context, count, "losses of an evaluation");
  if (!regression) record.hits = Buffer<std::int32_t>(ops, context, count, "hits of an evaluation");
  if (wanted.top5 || wanted.confusion) {
    record.ranks = Buffer<std::int32_t>(ops, context, count, "ranks of an evaluation");
    record.predicted = Buffer<std::int32_t>(ops, context, count, "predictions of an evaluation");
  }
  run_passes(ops, context, network, data, part, record);

  Evaluation result;
  const std::vector<float> losses = fetch(ops, context, record.losses);
  for (const float each : losses) result.loss += static_cast<double>(each);
  result.loss /= static_cast<double>(count);
  if (regression) {
    if (part.target_squares > 0)
      result.r2 = 1 - squared_errors(losses, network.loss() == LossKind::kAbsolute) / part.target_squares;
    return result;
  }
  const std::vector<std::int32_t> hits = fetch(ops, context, record.hits);
  const auto right = std::count_if(hits.begin(), hits.end(), [](std::int32_t hit) { return hit != 0; });
  result.accuracy = static_cast<double>(right) / static_cast<double>(count);
  if (!wanted.top5 && !wanted.confusion) return result;
  const std::vector<std::int32_t> predicted = ordered_only(fetch(ops, context, record.predicted), losses);
  if (wanted.top5) result.top5 = share_of_top(fetch(ops, context, record.ranks), predicted);
  if (wanted.confusion) result.confusion = count_pairs(fetch(ops, context, part.labels), predicted, data.classes);
  return result;
}

}  // namespace trainer
