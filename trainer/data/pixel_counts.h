// What the statistics of images are made of, counted once from their bytes: whichever samples a split takes, little is
// left to add up. Callers: normalise.cpp, and whoever keeps a data set from one split to the next. It knows no split.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/ordered_sum.h"

namespace trainer {

class PixelCounts {
 public:
  /// The bytes of one channel of one sample.
  struct Row {
    std::uint64_t sum;
    std::uint8_t low, high;
  };

  /// Of data that is not bytes of images.
  PixelCounts() = default;
  /// Of the training part. Nothing is counted where it is not bytes of images.
  explicit PixelCounts(const Dataset& data);

  bool empty() const { return rows_.empty(); }
  const Row& row(std::uint32_t sample, std::size_t channel) const { return rows_[sample * channels_ + channel]; }

  /// Samples of a block; the last one may have fewer. Block i begins at sample i times as many.
  std::uint32_t block_size() const { return block_size_; }
  /// How often each byte stands in a channel of a block's samples.
  std::span<const std::uint32_t, OrderedSum::kTerms> block(std::uint32_t block, std::size_t channel) const {
    return std::span<const std::uint32_t, OrderedSum::kTerms>(
        blocks_.data() + (block * channels_ + channel) * OrderedSum::kTerms, OrderedSum::kTerms);
  }

 private:
  std::size_t channels_ = 0;
  std::uint32_t block_size_ = 1;
  std::vector<Row> rows_;              // samples × channels
  std::vector<std::uint32_t> blocks_;  // blocks × channels × terms
};

}  // namespace trainer
