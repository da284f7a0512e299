// See prepared_data.h.
#include "trainer/training/prepared_data.h"

#include <numeric>

#include "core/error.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace trainer {
namespace {

DevicePart upload(const Samples& samples, const Normalisation& normalisation, const std::vector<std::uint32_t>& rows,
                  const kernels::Backend& ops, kernels::Context& context) {
  DevicePart part;
  part.count = static_cast<std::uint32_t>(rows.size());
  if (rows.empty()) return part;
  const std::vector<float> x = normalised(samples, normalisation, rows);
  std::vector<std::int32_t> labels;
  labels.reserve(rows.size());
  for (const std::uint32_t row : rows) labels.push_back(samples.labels[row]);
  part.x = kernels::Buffer<float>(ops, context, x.size());
  part.labels = kernels::Buffer<std::int32_t>(ops, context, labels.size());
  ops.copy_to_device(context, part.x.data(), x.data(), x.size() * sizeof(float));
  ops.copy_to_device(context, part.labels.data(), labels.data(), labels.size() * sizeof(std::int32_t));
  ops.synchronize(context);  // the host's copies go away
  return part;
}

}  // namespace

PreparedData prepare_data(const Dataset& data, double validation_fraction, std::uint64_t seed,
                          const kernels::Backend& ops, kernels::Context& context) {
  core::check(data.train.count() < UINT32_MAX, "more samples than 32 bits count");
  const Split split = split_samples(static_cast<std::uint32_t>(data.train.count()), validation_fraction, seed);
  const Normalisation normalisation = fit_normalisation(data, split.train);
  PreparedData prepared;
  prepared.features = data.train.features;
  prepared.shape = {1, 1, data.train.features};
  prepared.classes = data.classes;
  prepared.split_sha256 = split.digest();
  prepared.normalisation_sha256 = normalisation.digest();
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
