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

Normalisation fit_normalisation(const Samples& samples, bool image, const std::vector<std::uint32_t>& rows) {
  const std::size_t groups = image ? 1 : static_cast<std::size_t>(samples.features);
  const auto group = [&](int feature) { return image ? 0 : static_cast<std::size_t>(feature); };
  const double terms = static_cast<double>(rows.size()) * (image ? samples.features : 1);

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
  const bool single = normalisation.mean.size() == 1;
  const auto scale = [&](double value, std::size_t group) {
    return static_cast<float>((value - normalisation.mean[group]) / normalisation.deviation[group]);
  };
  std::vector<float> values;
  values.reserve(rows.size() * static_cast<std::size_t>(samples.features));
  if (!samples.pixels.empty() && single) {  // 256 different results only
    std::array<float, 256> table;
    for (std::size_t pixel = 0; pixel < table.size(); ++pixel) table[pixel] = scale(static_cast<double>(pixel), 0);
    for (const std::uint32_t row : rows) {
      const std::uint8_t* pixels =
          samples.pixels.data() + std::size_t{row} * static_cast<std::size_t>(samples.features);
      for (int f = 0; f < samples.features; ++f) values.push_back(table[pixels[f]]);
    }
    return values;
  }
  for (const std::uint32_t row : rows)
    for (int f = 0; f < samples.features; ++f)
      values.push_back(scale(static_cast<double>(samples.value(row, f)), single ? 0 : static_cast<std::size_t>(f)));
  return values;
}

}  // namespace trainer
