// See normalise.h.
#include "trainer/data/normalise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/digest.h"

namespace trainer {

namespace {

constexpr double kMaxSpread = 8;  // see fit_normalisation

}  // namespace

std::string Normalisation::digest() const {
  core::Sha256 digest;
  digest.update(std::as_bytes(std::span(mean)));
  digest.update(std::as_bytes(std::span(deviation)));
  return digest.hex();
}

Normalisation fit_normalisation(const Dataset& data, const std::vector<std::uint32_t>& rows) {
  const Samples& samples = data.train;
  const int channels = data.image ? data.channels : samples.features;
  const auto groups = static_cast<std::size_t>(channels);
  const auto group = [&](int feature) { return static_cast<std::size_t>(feature % channels); };
  const double terms = static_cast<double>(rows.size()) * (samples.features / channels);

  Normalisation result{std::vector<double>(groups, 0.0), std::vector<double>(groups, 0.0)};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> low(groups, kInfinity), high(groups, -kInfinity);
  for (const std::uint32_t row : rows)
    for (int f = 0; f < samples.features; ++f) {
      const double value = static_cast<double>(samples.value(row, f));
      result.mean[group(f)] += value;
      low[group(f)] = std::min(low[group(f)], value);
      high[group(f)] = std::max(high[group(f)], value);
    }
  for (double& mean : result.mean) mean /= terms;
  for (const std::uint32_t row : rows)
    for (int f = 0; f < samples.features; ++f) {
      const double centred = static_cast<double>(samples.value(row, f)) - result.mean[group(f)];
      result.deviation[group(f)] += centred * centred;
    }
  for (std::size_t g = 0; g < groups; ++g) {
    result.deviation[g] = std::max(std::sqrt(result.deviation[g] / terms), (high[g] - low[g]) / kMaxSpread);
    if (result.deviation[g] == 0) result.deviation[g] = 1;
  }
  return result;
}

std::vector<float> normalised(const Samples& samples, const Normalisation& normalisation,
                              const std::vector<std::uint32_t>& rows) {
  const std::size_t groups = normalisation.mean.size();
  const auto scale = [&](double value, std::size_t group) {
    return static_cast<float>((value - normalisation.mean[group]) / normalisation.deviation[group]);
  };
  const auto features = static_cast<std::size_t>(samples.features);
  std::vector<float> values;
  values.reserve(rows.size() * features);
  if (!samples.pixels.empty()) {  // 256 different results a group only
    std::vector<std::array<float, 256>> tables(groups);
    for (std::size_t group = 0; group < groups; ++group)
      for (std::size_t pixel = 0; pixel < 256; ++pixel) tables[group][pixel] = scale(static_cast<double>(pixel), group);
    for (const std::uint32_t row : rows) {
      const std::uint8_t* pixels = samples.pixels.data() + std::size_t{row} * features;
      for (std::size_t f = 0; f < features; ++f) values.push_back(tables[f % groups][pixels[f]]);
    }
    return values;
  }
  for (const std::uint32_t row : rows)
    for (std::size_t f = 0; f < features; ++f)
      values.push_back(scale(static_cast<double>(samples.value(row, static_cast<int>(f))), f % groups));
  return values;
}

}  // namespace trainer
