// See normalise.h.
#include "trainer/data/normalise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "core/digest.h"
#include "core/error.h"
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

// Adds what a channel of the chosen rows has, in their order: a block at once where that gives the same bits.
void add_squares(OrderedSum& squares, const Samples& samples, const PixelCounts& counts, std::size_t channel,
                 std::size_t channels, const std::vector<std::uint32_t>& rows) {
  const auto features = static_cast<std::size_t>(samples.features);
  const auto pixels_of = [&](std::uint32_t row) {
    return samples.pixels.data() + std::size_t{row} * features + channel;
  };
  const auto all = static_cast<std::uint32_t>(samples.count());
  std::vector<const std::uint8_t*> absent;
  for (auto at = rows.begin(); at != rows.end();) {
    const std::uint32_t block = *at / counts.block_size(), first = block * counts.block_size();
    const std::uint32_t end = std::min(all - first, counts.block_size()) + first;
    const auto last = std::lower_bound(at, rows.end(), end);
    absent.clear();
    auto present = at;
    for (std::uint32_t row = first; row < end; ++row)
      if (present != last && *present == row)
        ++present;
      else
        absent.push_back(pixels_of(row));
    const bool most = 2 * static_cast<std::size_t>(last - at) >= std::size_t{end - first};
    if (!most || !squares.add_counted(counts.block(block, channel), absent, features / channels, channels))
      for (auto row = at; row != last; ++row) squares.add_row(pixels_of(*row), features / channels, channels);
    at = last;
  }
}

// The same of bytes. Their sum is exact in any order; the squares keep theirs.
std::vector<Spread> spreads_of_pixels(const Samples& samples, std::size_t channels, const PixelCounts& counts,
                                      const std::vector<std::uint32_t>& rows, double terms) {
  core::check(std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end(),
              "rows of images that do not ascend");
  std::vector<Spread> spreads(channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    Spread& spread = spreads[channel];
    PixelCounts::Row whole{0, 255, 0};
    for (const std::uint32_t row : rows) {
      const PixelCounts::Row& one = counts.row(row, channel);
      whole = {whole.sum + one.sum, std::min(whole.low, one.low), std::max(whole.high, one.high)};
    }
    spread.low = static_cast<double>(whole.low);
    spread.high = static_cast<double>(whole.high);
    spread.mean = static_cast<double>(whole.sum) / terms;
    std::array<double, OrderedSum::kTerms> of_pixel{};
    for (std::size_t pixel = 0; pixel < of_pixel.size(); ++pixel) {
      const double centred = static_cast<double>(pixel) - spread.mean;
      of_pixel[pixel] = centred * centred;
    }
    OrderedSum squares(of_pixel);
    add_squares(squares, samples, counts, channel, channels, rows);
    spread.squares = squares.sum();
  }
  return spreads;
}

}  // namespace

std::string Normalisation::digest() const {
  core::Sha256 digest;
  digest.update(std::as_bytes(std::span(mean)));
  digest.update(std::as_bytes(std::span(deviation)));
  return digest.hex();
}

Normalisation fit_normalisation(const Dataset& data, const PixelCounts& counts,
                                const std::vector<std::uint32_t>& rows) {
  const Samples& samples = data.train;
  const int channels = data.image ? data.channels : samples.features;
  const auto groups = static_cast<std::size_t>(channels);
  const double terms = static_cast<double>(rows.size()) * (samples.features / channels);
  Normalisation result;
  for (const Spread& spread : counts.empty() ? spreads_of_numbers(samples, groups, rows, terms)
                                             : spreads_of_pixels(samples, groups, counts, rows, terms)) {
    result.mean.push_back(spread.mean);
    result.deviation.push_back(spread.deviation(terms));
  }
  return result;
}

namespace {

float scaled(double value, const Normalisation& by, std::size_t group) {
  return static_cast<float>((value - by.mean[group]) / by.deviation[group]);
}

}  // namespace

std::vector<float> pixel_values(const Normalisation& normalisation) {
  std::vector<float> values;
  for (std::size_t group = 0; group < normalisation.mean.size(); ++group)
    for (std::size_t pixel = 0; pixel < OrderedSum::kTerms; ++pixel)
      values.push_back(scaled(static_cast<double>(pixel), normalisation, group));
  return values;
}

std::vector<float> normalised(const Samples& samples, const Normalisation& normalisation,
                              const std::vector<std::uint32_t>& rows) {
  const std::size_t groups = normalisation.mean.size();
  const auto features = static_cast<std::size_t>(samples.features);
  std::vector<float> values(rows.size() * features);
  float* to = values.data();
  for (const std::uint32_t row : rows)
    for (std::size_t f = 0; f < features; ++f)
      *to++ = scaled(static_cast<double>(samples.value(row, static_cast<int>(f))), normalisation, f % groups);
  return values;
}

}  // namespace trainer
