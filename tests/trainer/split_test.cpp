// The train/validation split and the normalisation of its training part.
#include "trainer/data/split.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/philox.h"
#include "tests/catch.h"
#include "tests/trainer/message.h"
#include "trainer/data/normalise.h"
#include "trainer/data/ordered_sum.h"

namespace {

trainer::Dataset images(const trainer::Samples& samples, int height, int channels) {
  trainer::Dataset data;
  data.train = samples;
  data.image = true;
  data.height = height;
  data.width = 1;
  data.channels = channels;
  return data;
}

std::vector<int> of_classes(const std::vector<std::uint32_t>& rows, const std::vector<std::int32_t>& labels) {
  std::vector<int> counts(3);
  for (const std::uint32_t row : rows) ++counts[static_cast<std::size_t>(labels[row])];
  return counts;
}

trainer::Normalisation fitted(const trainer::Dataset& data, const std::vector<std::uint32_t>& rows) {
  return trainer::fit_normalisation(data, trainer::PixelCounts(data), rows);
}

}  // namespace

TEST_CASE("a split holds every sample once, in ascending order, and as many as were asked for") {
  for (const std::uint32_t count : {2u, 3u, 10u, 999u, 1797u})
    for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.9}) {
      const trainer::Split split = trainer::split_samples(count, fraction, 7);
      CHECK(std::is_sorted(split.train.begin(), split.train.end()));
      CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
      std::vector<std::uint32_t> all = split.train;
      all.insert(all.end(), split.validation.begin(), split.validation.end());
      std::sort(all.begin(), all.end());
      std::vector<std::uint32_t> wanted(count);
      std::iota(wanted.begin(), wanted.end(), 0u);
      CHECK(all == wanted);
      const auto rounded = static_cast<std::uint32_t>(count * fraction + 0.5);
      CHECK(split.validation.size() == (fraction > 0 ? std::clamp(rounded, 1u, count - 1) : 0));
    }
}

TEST_CASE("one seed splits in one way, another seed in another") {
  const auto digest = [](std::uint64_t seed) { return trainer::split_samples(1797, 0.1, seed).digest(); };
  CHECK(digest(1) == digest(1));
  CHECK(digest(1) != digest(2));
  CHECK(trainer::split_samples(1797, 0.1, 1).digest() != trainer::split_samples(1797, 0.2, 1).digest());
}

TEST_CASE("a table is normalised column by column from its training rows alone") {
  const trainer::Samples samples{2, {}, {1, 5, 3, 5, 100, 5}, {0, 1, 0}};
  const trainer::Normalisation n = fitted({samples}, {0, 1});
  CHECK(n.mean == std::vector<double>{2, 5});
  CHECK(n.deviation == std::vector<double>{1, 1});  // a constant column is only centred
  CHECK(trainer::normalised(samples, n, {0, 2}) == std::vector<float>{-1, 0, 98, 0});
}

TEST_CASE("images share one mean and deviation, and both ways of computing give the same bits") {
  const trainer::Samples pixels{2, {0, 10, 20, 255}, {}, {0, 1}};
  const trainer::Samples values{2, {}, {0, 10, 20, 255}, {0, 1}};
  const trainer::Normalisation n = fitted(images(pixels, 2, 1), {0, 1});
  CHECK(n.mean == std::vector<double>{71.25});
  CHECK(n.digest() == fitted(images(values, 2, 1), {0, 1}).digest());
  CHECK(trainer::normalised(pixels, n, {1, 0}) == trainer::normalised(values, n, {1, 0}));
}

TEST_CASE("images of several channels have a mean and deviation for each") {
  const trainer::Samples pixels{4, {0, 10, 2, 30, 4, 10, 6, 30}, {}, {0, 1}};
  const trainer::Samples values{4, {}, {0, 10, 2, 30, 4, 10, 6, 30}, {0, 1}};
  const trainer::Normalisation n = fitted(images(pixels, 2, 2), {0, 1});
  CHECK(n.mean == std::vector<double>{3, 20});
  CHECK(n.deviation == std::vector<double>{std::sqrt(5.0), 10});
  CHECK(n.digest() == fitted(images(values, 2, 2), {0, 1}).digest());
  CHECK(trainer::normalised(pixels, n, {1}) == trainer::normalised(values, n, {1}));
  CHECK(trainer::normalised(pixels, n, {1})[1] == -1.0f);
}

TEST_CASE("whatever part of many images is taken, what was counted before gives the bits of a loop over its values") {
  constexpr std::uint32_t kImages = 1500;
  for (const int channels : {1, 3}) {
    trainer::Samples pixels{90, {}, {}, std::vector<std::int32_t>(kImages)}, values = pixels;
    for (std::uint32_t i = 0; i < kImages * 90; ++i) {
      const std::uint32_t word = core::random_bits(6, core::Purpose::kNoise, 0, 0, i).word[0];
      pixels.pixels.push_back(word % 3 == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(word >> 24));
      values.values.push_back(static_cast<float>(pixels.pixels.back()));
    }
    const trainer::Dataset of_pixels = images(pixels, 90 / channels, channels);
    const trainer::Dataset of_values = images(values, 90 / channels, channels);
    const trainer::PixelCounts counts(of_pixels);
    for (const double fraction : {0.0, 0.01, 0.1, 0.45, 0.6, 0.9})
      for (const std::uint64_t seed : {1u, 2u}) {
        INFO(channels << " channels, " << fraction << " held out, seed " << seed);
        const std::vector<std::uint32_t> rows = trainer::split_samples(kImages, fraction, seed).train;
        CHECK(trainer::fit_normalisation(of_pixels, counts, rows).digest() == fitted(of_values, rows).digest());
      }
  }
}

TEST_CASE(
    "a sum of few values, row by row, has the bits of a plain loop, wherever it stands and whatever its terms are") {
  std::uint32_t drawn = 0;
  const auto byte = [&] {
    return static_cast<std::uint8_t>(core::random_bits(5, core::Purpose::kNoise, 0, 0, drawn++).word[0]);
  };
  for (const double scale : {1.0, 0x1p-1000, 1e-3, 0x1p40, 0.0})
    for (const int kind : {0, 1, 2}) {
      std::array<double, trainer::OrderedSum::kTerms> terms{};
      for (std::size_t i = 0; i < terms.size(); ++i) {
        const double centred = static_cast<double>(i) - 72.9 / (1 + kind);
        // Squares; numbers that lie halfway between two sums again and again; one that is far above the others.
        terms[i] = scale * (kind == 0   ? centred * centred
                            : kind == 1 ? static_cast<double>(2 * i + 1) * 0x1p-30
                            : i == 9    ? 1e12
                                        : 0.1);
      }
      for (const std::size_t stride : {1u, 3u}) {
        trainer::OrderedSum sum(terms);
        double looped = 0;
        for (int row = 0; row < 300; ++row) {
          std::vector<std::uint8_t> places(90);
          for (std::uint8_t& place : places) place = byte() % 3 == 0 ? 0 : byte();
          sum.add_row(places.data(), places.size() / stride, stride);
          for (std::size_t i = 0; i < places.size() / stride; ++i) looped += terms[places[i * stride]];
          REQUIRE(std::bit_cast<std::uint64_t>(sum.sum()) == std::bit_cast<std::uint64_t>(looped));
        }
      }
    }
}

TEST_CASE("a stratified split holds out of each class its share, and as many in all as a random one") {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i < 70 ? 0 : i < 95 ? 1 : 2);
  for (const std::uint64_t seed : {1u, 2u}) {
    const trainer::Split split = trainer::stratified_split(labels, 3, 0.1, seed);
    CHECK(of_classes(split.validation, labels) == std::vector<int>{7, 3, 0});  // 2.5 and 0.5: the lower class first
    CHECK(split.train.size() == 90);
    CHECK(std::is_sorted(split.train.begin(), split.train.end()));
  }
  CHECK(trainer::stratified_split(labels, 3, 0.1, 1).digest() != trainer::stratified_split(labels, 3, 0.1, 2).digest());
  CHECK(trainer::stratified_split(labels, 3, 0.1, 1).digest() == trainer::stratified_split(labels, 3, 0.1, 1).digest());
}

TEST_CASE("a stratified split leaves each class a sample to train on") {
  const std::vector<std::int32_t> labels{0, 0, 0, 0, 1, 2, 2};
  const trainer::Split split = trainer::stratified_split(labels, 3, 0.9, 5);
  CHECK(of_classes(split.train, labels) == std::vector<int>{1, 1, 1});
}

TEST_CASE("a stratified split that would hold out nothing is refused") {
  CHECK(message_of([] {
          trainer::stratified_split({0, 1}, 2, 0.5, 1);
        }) ==
        "config.split: stratified would hold out nothing: 2 samples in 2 classes, of which each keeps one to train on, "
        "use random or tail, or validation_fraction 0");
  CHECK(trainer::stratified_split({0, 1, 1}, 2, 0.5, 1).validation.size() == 1);
}

TEST_CASE("the tail of a data set is its last samples") {
  trainer::Dataset data;
  data.train = {1, {}, {0, 0, 0, 0, 0}, {0, 1, 0, 1, 0}};
  const trainer::Split split = trainer::split_dataset(data, trainer::SplitKind::kTail, 0.4, 1);
  CHECK(split.train == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(split.validation == std::vector<std::uint32_t>{3, 4});
}

TEST_CASE("a file of indices says what is held out, in whatever order it stands") {
  trainer::Dataset data;
  data.train = {1, {}, {0, 0, 0, 0, 0}, {0, 1, 0, 1, 0}};
  data.held_out = {"v", {4, 1}, {1, 2}};
  const trainer::Split split = trainer::split_dataset(data, trainer::SplitKind::kFile, 0.1, 1);
  CHECK(split.train == std::vector<std::uint32_t>{0, 2, 3});
  CHECK(split.validation == std::vector<std::uint32_t>{1, 4});
}

TEST_CASE("with fraction 0 nothing is held out, whatever the kind of split") {
  trainer::Dataset data;
  data.train = {1, {}, {0, 0}, {0, 1}};
  for (const auto kind : {trainer::SplitKind::kRandom, trainer::SplitKind::kStratified, trainer::SplitKind::kTail,
                          trainer::SplitKind::kFile})
    CHECK(trainer::split_dataset(data, kind, 0, 1).train == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("a split that the data set cannot have is refused") {
  trainer::Dataset data;
  data.task = trainer::Task::kRegression;
  data.train = {1, {}, {0, 0}, {}, {0.5, 1.5}};
  const auto refused = [&](trainer::SplitKind kind) {
    return message_of([&] { trainer::split_dataset(data, kind, 0.5, 1); });
  };
  CHECK(refused(trainer::SplitKind::kStratified) ==
        "config.split: stratified needs classes, and this data set has none, use random, tail or file");
  CHECK(refused(trainer::SplitKind::kFile) ==
        "config.split: the data set has no file of indices, put validation.indices into its folder, or use random, "
        "stratified or tail");
  data.held_out = {"v", {0, 2}, {1, 3}};
  CHECK(refused(trainer::SplitKind::kFile) == "v:3: index 2 is out of range, there are 2 samples, from 0 to 1");
  data.held_out = {"v", {0, 1}, {1, 2}};
  CHECK(refused(trainer::SplitKind::kFile) == "v: names every sample, leave some to train on");
}
