// See pixel_counts.h.
#include "trainer/data/pixel_counts.h"

#include <algorithm>
#include <array>

namespace trainer {
namespace {

// Where a sum passes a power of two a block's samples are taken one by one: few of them.
constexpr std::size_t kMostSamples = 64;

PixelCounts::Row look_at(const std::uint8_t* pixels, std::size_t count, std::size_t stride) {
  PixelCounts::Row row{0, 255, 0};
  for (std::size_t i = 0; i < count; ++i) row.sum += pixels[i * stride];
  for (std::size_t i = 0; i < count; ++i) row.low = std::min(row.low, pixels[i * stride]);
  for (std::size_t i = 0; i < count; ++i) row.high = std::max(row.high, pixels[i * stride]);
  return row;
}

// Neighbours are often the same byte, and an addition to a counter waits for the one before: four counters of each.
void count(std::uint32_t* counts, const std::uint8_t* pixels, std::size_t size, std::size_t stride) {
  std::array<std::array<std::uint32_t, OrderedSum::kTerms>, 4> found{};
  for (std::size_t i = 0; i < size; ++i) ++found[i % 4][pixels[i * stride]];
  for (std::size_t byte = 0; byte < OrderedSum::kTerms; ++byte)
    for (const auto& each : found) counts[byte] += each[byte];
}

}  // namespace

PixelCounts::PixelCounts(const Dataset& data) {
  const Samples& samples = data.train;
  if (!data.image || samples.pixels.empty()) return;
  channels_ = static_cast<std::size_t>(data.channels);
  const auto features = static_cast<std::size_t>(samples.features);
  const std::size_t size = features / channels_, all = samples.count();
  block_size_ = static_cast<std::uint32_t>(std::clamp<std::size_t>(OrderedSum::kMostPlaces / size, 1, kMostSamples));
  rows_.reserve(all * channels_);
  blocks_.resize((all + block_size_ - 1) / block_size_ * channels_ * OrderedSum::kTerms);
  for (std::size_t sample = 0; sample < all; ++sample)
    for (std::size_t channel = 0; channel < channels_; ++channel) {
      const std::uint8_t* const pixels = samples.pixels.data() + sample * features + channel;
      rows_.push_back(channels_ == 1 ? look_at(pixels, size, 1) : look_at(pixels, size, channels_));
      count(&blocks_[(sample / block_size_ * channels_ + channel) * OrderedSum::kTerms], pixels, size, channels_);
    }
}

}  // namespace trainer
