// See prepared_data.h.
#include "trainer/training/prepared_data.h"

#include <numeric>

#include "core/error.h"
#include "core/math_double.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace trainer {
namespace {

template <class T>
kernels::Buffer<T> upload(const std::vector<T>& values, const kernels::Backend& ops, kernels::Context& context) {
  if (values.empty()) return {};
  kernels::Buffer<T> buffer(ops, context, values.size(), "the data set");
  ops.copy_to_device(context, buffer.data(), values.data(), values.size() * sizeof(T));
  ops.synchronize(context);  // the host's copy goes away
  return buffer;
}

// The chosen elements of a list that has one a sample, or none at all.
template <class T>
std::vector<T> chosen(const std::vector<T>& all, const std::vector<std::uint32_t>& rows) {
  std::vector<T> values;
  if (all.empty()) return values;
  values.reserve(rows.size());
  for (const std::uint32_t row : rows) values.push_back(all[row]);
  return values;
}

// The chosen windows, each begun `ahead` tokens later.
std::vector<std::int32_t> windows(const Samples& text, const std::vector<std::uint32_t>& rows, std::size_t ahead) {
  const auto length = static_cast<std::size_t>(text.features);
  std::vector<std::int32_t> tokens;
  tokens.reserve(rows.size() * length);
  for (const std::uint32_t row : rows) {
    const auto begin = text.tokens.begin() + static_cast<std::ptrdiff_t>(row * length + ahead);
    tokens.insert(tokens.end(), begin, begin + text.features);
  }
  return tokens;
}

// How the numbers to predict are normalised: by mean and deviation of the training part, so that a loss of 1 is what
// predicting their mean gives.
struct TargetScale {
  double mean = 0;
  double deviation = 1;

  std::vector<float> of(std::vector<float> targets) const {
    for (float& target : targets) target = static_cast<float>((static_cast<double>(target) - mean) / deviation);
    return targets;
  }
};

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double squares_about_mean(const std::vector<float>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const float value : values) sum += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return sum;
}

TargetScale fit_targets(const std::vector<float>& targets) {
  if (targets.empty()) return {};
  const double deviation = core::portable::sqrt(squares_about_mean(targets) / static_cast<double>(targets.size()));
  return {mean_of(targets), deviation > 0 ? deviation : 1};
}

// What a raw 0 becomes in each channel.
std::vector<float> background_of(const Dataset& data, const Normalisation& normalisation) {
  const std::size_t channels = data.image ? static_cast<std::size_t>(data.channels) : 1;
  std::vector<float> values(channels);
  for (std::size_t c = 0; data.image && c < channels; ++c) {
    const std::size_t group = normalisation.mean.size() == 1 ? 0 : c;
    values[c] = static_cast<float>((0.0 - normalisation.mean[group]) / normalisation.deviation[group]);
  }
  return values;
}

DevicePart upload(const Samples& samples, const Normalisation& normalisation, const TargetScale& scale,
                  const std::vector<std::uint32_t>& rows, const kernels::Backend& ops, kernels::Context& context) {
  DevicePart part;
  part.count = static_cast<std::uint32_t>(rows.size());
  if (rows.empty()) return part;
  if (!samples.tokens.empty()) {
    part.tokens = upload(windows(samples, rows, 0), ops, context);
    part.labels = upload(windows(samples, rows, 1), ops, context);
    return part;
  }
  part.x = upload(normalised(samples, normalisation, rows), ops, context);
  part.labels = upload(chosen(samples.labels, rows), ops, context);
  const std::vector<float> targets = scale.of(chosen(samples.targets, rows));
  part.target_squares = squares_about_mean(targets);
  part.targets = upload(targets, ops, context);
  return part;
}

InputShape shape_of(const Dataset& data) {
  if (data.task == Task::kText) return {{data.train.features, 1, 1}, Form::kText};
  if (data.image) return {{data.height, data.width, data.channels}, Form::kImages};
  return {{1, 1, data.train.features}, Form::kNumbers};
}

}  // namespace

PreparedData prepare_data(const Dataset& data, Holdout holdout, std::uint64_t seed, const kernels::Backend& ops,
                          kernels::Context& context) {
  core::check(data.train.count() < UINT32_MAX, "more samples than 32 bits count");
  const Split split = split_dataset(data, holdout.kind, holdout.fraction, seed);
  const bool text = data.task == Task::kText;
  const Normalisation normalisation = text ? Normalisation() : fit_normalisation(data, split.train);
  PreparedData prepared;
  prepared.task = data.task;
  prepared.image = data.image;
  prepared.features = data.train.features;
  prepared.shape = shape_of(data);
  prepared.classes = data.classes;
  prepared.split_sha256 = split.digest();
  if (!text) prepared.normalisation_sha256 = normalisation.digest();
  if (!text) prepared.background = background_of(data, normalisation);
  const TargetScale scale = fit_targets(chosen(data.train.targets, split.train));
  prepared.target_mean = scale.mean;
  prepared.target_deviation = scale.deviation;
  prepared.train = upload(data.train, normalisation, scale, split.train, ops, context);
  prepared.validation = upload(data.train, normalisation, scale, split.validation, ops, context);
  if (data.test) {
    std::vector<std::uint32_t> rows(data.test->count());
    std::iota(rows.begin(), rows.end(), 0u);
    prepared.test = upload(*data.test, normalisation, scale, rows, ops, context);
  }
  return prepared;
}

}  // namespace trainer
