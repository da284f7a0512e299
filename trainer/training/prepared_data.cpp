// See prepared_data.h.
#include "trainer/training/prepared_data.h"

#include <numeric>

#include "core/error.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace trainer {
namespace {

template <class T>
kernels::Buffer<T> upload(const std::vector<T>& values, const kernels::Backend& ops, kernels::Context& context) {
  if (values.empty()) return {};
  kernels::Buffer<T> buffer(ops, context, values.size());
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

DevicePart upload(const Samples& samples, const Normalisation& normalisation, const std::vector<std::uint32_t>& rows,
                  const kernels::Backend& ops, kernels::Context& context) {
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
  part.targets = upload(chosen(samples.targets, rows), ops, context);
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
  prepared.train = upload(data.train, normalisation, split.train, ops, context);
  prepared.validation = upload(data.train, normalisation, split.validation, ops, context);
  if (data.test) {
    std::vector<std::uint32_t> rows(data.test->count());
    std::iota(rows.begin(), rows.end(), 0u);
    prepared.test = upload(*data.test, normalisation, rows, ops, context);
  }
  return prepared;
}

}  // namespace trainer
