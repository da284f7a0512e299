// augment_rows of the CPU back end, on every instruction set and number of threads, against its rules written out here.
#include <cmath>
#include <map>

#include "core/philox.h"
#include "kernels/augment_formula.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::Augmentation;
using kernels::cpu_backend;
using kernels::ImageShape;
using tests::Array;
using tests::cpu_contexts;

namespace {

constexpr std::uint64_t kSeed = 77;
constexpr float kFill[] = {-3.0f, -4.0f, -5.0f};

int size_of(const ImageShape& shape) { return shape.height * shape.width * shape.channels; }

/// Images whose pixels tell where they stand: sample, row, column and channel by the digits.
std::vector<float> images(const ImageShape& shape, int samples) {
  std::vector<float> values;
  for (int s = 0; s < samples; ++s)
    for (int i = 0; i < size_of(shape); ++i) values.push_back(static_cast<float>(1 + s * size_of(shape) + i));
  return values;
}

std::vector<float> augmented(kernels::Context& context, const std::vector<float>& source, const ImageShape& shape,
                             const Augmentation& how, const std::vector<std::uint32_t>& indices, std::uint32_t epoch) {
  std::vector<float> x;
  for (const std::uint32_t sample : indices) {
    const auto first = source.begin() + static_cast<std::ptrdiff_t>(sample) * size_of(shape);
    x.insert(x.end(), first, first + size_of(shape));
  }
  const Array<float> from(x), fill(std::vector<float>(std::begin(kFill), std::end(kFill)));
  const Array<std::uint32_t> chosen(indices);
  Array<float> out(indices.size() * static_cast<std::size_t>(size_of(shape)));
  const kernels::StepState state{9, epoch, 0, 0, 0};
  cpu_backend().augment_rows(context, out.data(), from.data(), chosen.data(), static_cast<int>(indices.size()), shape,
                             how, fill.data(), kSeed, &state);
  return out.values();
}

/// The rules word for word: the image is flipped, moved into a frame of `fill`, cut, and noise is added.
std::vector<float> expected(const float* image, const ImageShape& shape, const Augmentation& how, std::uint32_t sample,
                            std::uint32_t epoch) {
  const auto below = [](std::uint32_t word, int n) {
    return static_cast<int>(static_cast<std::uint64_t>(word) * static_cast<std::uint64_t>(n) >> 32);
  };
  const core::Philox4 moved = core::philox(core::Philox4{{0, epoch, sample, 4u << 24}}, kSeed);
  const bool flipped = how.flip && moved.word[0] >= 0x80000000u;
  const core::Philox4 cut = core::philox(core::Philox4{{1, epoch, sample, 4u << 24}}, kSeed);
  const int down = below(moved.word[1], 2 * how.shift + 1) - how.shift;
  const int right = below(moved.word[2], 2 * how.shift + 1) - how.shift;
  const int top = below(cut.word[0], shape.height) - how.cutout / 2;
  const int left = below(cut.word[1], shape.width) - how.cutout / 2;
  std::vector<float> out;
  for (int y = 0; y < shape.height; ++y)
    for (int x = 0; x < shape.width; ++x)
      for (int c = 0; c < shape.channels; ++c) {
        const int from_y = y - down, from_x = x - right;
        float value = kFill[c];
        if (from_y >= 0 && from_y < shape.height && from_x >= 0 && from_x < shape.width)
          value = image[(from_y * shape.width + (flipped ? shape.width - 1 - from_x : from_x)) * shape.channels + c];
        if (y >= top && y < top + how.cutout && x >= left && x < left + how.cutout) value = 0;
        out.push_back(value);
      }
  for (std::size_t i = 0; how.noise > 0 && i < out.size(); ++i) {
    const core::Philox4 drawn =
        core::philox(core::Philox4{{static_cast<std::uint32_t>(i / 4), epoch, sample, (4u << 24) + 1u}}, kSeed);
    const kernels::NormalPair pair = kernels::normal_pair(drawn.word[i % 4 / 2 * 2], drawn.word[i % 4 / 2 * 2 + 1]);
    out[i] = std::fma(how.noise, i % 2 == 0 ? pair.first : pair.second, out[i]);
  }
  return out;
}

}  // namespace

TEST_CASE("augmentation flips, shifts, cuts and adds noise as its rules say, for every thread and instruction set") {
  const std::pair<ImageShape, Augmentation> cases[] = {
      {{28, 28, 1}, {true, 0, 0, 0}},   {{7, 5, 3}, {false, 2, 0, 0}},  {{6, 9, 2}, {true, 20, 0, 0}},
      {{8, 8, 3}, {false, 0, 3, 0}},    {{5, 5, 1}, {false, 0, 11, 0}}, {{1, 37, 1}, {false, 0, 0, 0.5f}},
      {{13, 11, 3}, {true, 2, 4, 0.1f}}};
  const std::vector<std::uint32_t> indices = {3, 0, 7, 7, 1, 2, 9, 8, 4, 5, 6};
  for (const auto& [shape, how] : cases) {
    const std::vector<float> source = images(shape, 10);
    std::vector<float> wanted;
    for (const std::uint32_t sample : indices) {
      const std::vector<float> one =
          expected(source.data() + sample * static_cast<std::size_t>(size_of(shape)), shape, how, sample, 4);
      wanted.insert(wanted.end(), one.begin(), one.end());
    }
    for (kernels::Context* context : cpu_contexts()) {
      INFO(shape.height << "×" << shape.width << "×" << shape.channels << " on " << describe_device(*context));
      CHECK(tests::first_difference(augmented(*context, source, shape, how, indices, 4), wanted) == "");
    }
  }
}

TEST_CASE("a sample is augmented alike wherever it stands in a batch, and otherwise in another epoch") {
  const ImageShape shape{9, 9, 1};
  const Augmentation how{true, 3, 2, 0.2f};
  const std::vector<float> source = images(shape, 40);
  kernels::Context& context = *cpu_contexts().front();
  const std::size_t size = 81;
  std::vector<std::uint32_t> all(40), back(40);
  for (std::uint32_t i = 0; i < 40; ++i) all[i] = back[39 - i] = i;
  const std::vector<float> forward = augmented(context, source, shape, how, all, 2);
  const std::vector<float> backward = augmented(context, source, shape, how, back, 2);
  const std::vector<float> later = augmented(context, source, shape, how, all, 3);
  for (std::size_t i = 0; i < 40; ++i) {
    const auto row = [&](const std::vector<float>& values, std::size_t at) {
      return std::vector<float>(values.begin() + static_cast<std::ptrdiff_t>(at * size),
                                values.begin() + static_cast<std::ptrdiff_t>((at + 1) * size));
    };
    CHECK(row(forward, i) == row(backward, 39 - i));
    CHECK(row(forward, i) != row(later, i));
  }
}

TEST_CASE("half of the samples are flipped, every shift occurs, and the noise has its deviation") {
  constexpr int kSamples = 20000;
  const ImageShape shape{1, 7, 1};
  std::vector<float> source;
  for (int s = 0; s < kSamples; ++s)
    for (int x = 0; x < 7; ++x) source.push_back(static_cast<float>(x + 1));
  std::vector<std::uint32_t> all(kSamples);
  for (std::uint32_t i = 0; i < kSamples; ++i) all[i] = i;
  kernels::Context& context = *cpu_contexts().front();
  const auto at = [](const std::vector<float>& values, int sample, int x) {
    return values[static_cast<std::size_t>(sample * 7 + x)];
  };
  const std::vector<float> flipped = augmented(context, source, shape, {true, 0, 0, 0}, all, 0);
  int flips = 0;
  for (int s = 0; s < kSamples; ++s) flips += at(flipped, s, 0) == 7.0f;
  CHECK(std::abs(flips - kSamples / 2) < 350);

  const std::vector<float> shifted = augmented(context, source, shape, {false, 2, 0, 0}, all, 0);
  std::map<float, int> middles;
  for (int s = 0; s < kSamples; ++s) ++middles[at(shifted, s, 3)];
  int rows_inside = kSamples - middles[kFill[0]];  // a single row leaves the image with four of five shifts
  CHECK(std::abs(rows_inside - kSamples / 5) < 300);
  CHECK(middles.size() == 6);

  const std::vector<float> noisy = augmented(context, source, shape, {false, 0, 0, 0.5f}, all, 0);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < noisy.size(); ++i) {
    const double noise = static_cast<double>(noisy[i]) - static_cast<double>(source[i]);
    sum += noise;
    squares += noise * noise;
  }
  CHECK(std::abs(sum / static_cast<double>(noisy.size())) < 0.01);
  CHECK(std::sqrt(squares / static_cast<double>(noisy.size())) == Approx(0.5).epsilon(0.01));
}
