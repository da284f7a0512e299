// See normalise.h.
#include "trainer/data/normalise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/digest.h"
#include "trainer/data/ordered_sum.h"

namespace trainer {

namespace {

constexpr double kMaxSpread = 8;  // see fit_normalisation

// What the values of one group have been: a column, or a channel of images.
struct Spread {
  double mean = 0, squares = 0;  // about the mean
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  double deviation(double terms) const {
    const double found = std::max(std::sqrt(squares / terms), (high - low) / kMaxSpread);
    return found == 0 ? 1 : found;
  }
};

std::vector<Spread> spreads_of_numbers(const Samples& samples, std::size_t groups,
                                       const std::vector<std::uint32_t>& rows, double terms) {
  std::vector<Spread> spreads(groups);
  const auto group = [&](int feature) { return static_cast<std::size_t>(feature) % groups; };
  for (const std::uint32_t row : rows)
    for (int f = 0; f < samples.features; ++f) {
      const double value = static_cast<double>(samples.value(row, f));
      Spread& spread = spreads[group(f)];
      spread.mean += value;
      spread.low = std::min(spread.low, value);
      spread.high = std::max(spread.high, value);
    }
  for (Spread& spread : spreads) spread.mean /= terms;
  for (const std::uint32_t row : rows)
    for (int f = 0; f < samples.features; ++f) {
      const double centred = static_cast<double>(samples.value(row, f)) - spreads[group(f)].mean;
      spreads[group(f)].squares += centred * centred;
    }
  return spreads;
}

// The sums of a column of bytes, and the least and the largest of them.
struct ByteColumns {
  explicit ByteColumns(std::size_t features) : sums(features), lows(features, 255), highs(features, 0) {}

  void add(const std::uint8_t* row) {
    for (std::size_t f = 0; f < sums.size(); ++f) sums[f] += row[f];
    for (std::size_t f = 0; f < sums.size(); ++f) lows[f] = std::min(lows[f], row[f]);
    for (std::size_t f = 0; f < sums.size(); ++f) highs[f] = std::max(highs[f], row[f]);
  }

  std::vector<std::uint64_t> sums;
  std::vector<std::uint8_t> lows, highs;
};

// The same of bytes. Their sum is exact in any order; the squares keep theirs.
std::vector<Spread> spreads_of_pixels(const Samples& samples, std::size_t groups,
                                      const std::vector<std::uint32_t>& rows, double terms) {
  const auto features = static_cast<std::size_t>(samples.features);
  const auto row_of = [&](std::uint32_t row) { return samples.pixels.data() + std::size_t{row} * features; };
  ByteColumns columns(features);
  for (const std::uint32_t row : rows) columns.add(row_of(row));
  std::vector<Spread> spreads(groups);
  std::vector<OrderedSum> squares;
  for (std::size_t g = 0; g < groups; ++g) {
    Spread& spread = spreads[g];
    std::uint64_t sum = 0;
    for (std::size_t f = g; f < features; f += groups) {
      sum += columns.sums[f];
      spread.low = std::min(spread.low, static_cast<double>(columns.lows[f]));
      spread.high = std::max(spread.high, static_cast<double>(columns.highs[f]));
    }
    spread.mean = static_cast<double>(sum) / terms;
    std::array<double, OrderedSum::kTerms> of_pixel{};
    for (std::size_t pixel = 0; pixel < of_pixel.size(); ++pixel) {
      const double centred = static_cast<double>(pixel) - spread.mean;
      of_pixel[pixel] = centred * centred;
    }
    squares.emplace_back(of_pixel);
  }
  for (const std::uint32_t row : rows)
    for (std::size_t g = 0; g < groups; ++g) squares[g].add_row(row_of(row) + g, features / groups, groups);
  for (std::size_t g = 0; g < groups; ++g) spreads[g].squares = squares[g].sum();
  return spreads;
}

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
  const double terms = static_cast<double>(rows.size()) * (samples.features / channels);
  // Where each feature is a group of its own there is nothing to gain from its bytes.
  const bool of_pixels = !samples.pixels.empty() && data.image;
  Normalisation result;
  for (const Spread& spread :
       of_pixels ? spreads_of_pixels(samples, groups, rows, terms) : spreads_of_numbers(samples, groups, rows, terms)) {
    result.mean.push_back(spread.mean);
    result.deviation.push_back(spread.deviation(terms));
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
  std::vector<float> values(rows.size() * features);
  float* to = values.data();
  if (!samples.pixels.empty()) {  // 256 different results a group only
    std::vector<std::array<float, 256>> tables(groups);
    for (std::size_t group = 0; group < groups; ++group)
      for (std::size_t pixel = 0; pixel < 256; ++pixel) tables[group][pixel] = scale(static_cast<double>(pixel), group);
    for (const std::uint32_t row : rows) {
      const std::uint8_t* pixels = samples.pixels.data() + std::size_t{row} * features;
      for (std::size_t first = 0; first < features; first += groups)
        for (std::size_t group = 0; group < groups; ++group) *to++ = tables[group][pixels[first + group]];
    }
    return values;
  }
  for (const std::uint32_t row : rows)
    for (std::size_t f = 0; f < features; ++f)
      *to++ = scale(static_cast<double>(samples.value(row, static_cast<int>(f))), f % groups);
  return values;
}

}  // namespace trainer
