// What augmentation makes of one number of one sample. Callers: augment_* of each back end, tests. Promise: portable.
// Every decision compares integers; a sample draws its own, by its index and the epoch, so that neither the batch it
// falls into nor a resume changes it. Order: flip, shift, cutout, noise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"
#include "core/math_float.h"
#include "core/philox.h"
#include "kernels/initialise_formula.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// What the numbers of a sample are drawn for; `tensor` of core::random_bits.
inline constexpr std::uint32_t kAugmentPlace = 0;
inline constexpr std::uint32_t kAugmentNoise = 1;

/// A sample in an epoch.
struct AugmentKey {
  std::uint64_t seed;
  std::uint32_t epoch;
  std::uint32_t sample;
};

/// Where a sample's pixels come from.
struct AugmentPlace {
  bool flipped;
  int down, right;        ///< the shift
  int cut_top, cut_left;  ///< of the cutout, which may reach beyond the image
};

/// 0 … n − 1, each as likely as the other to within 2^-32 · n.
SWEEP_HOST_DEVICE inline int draw_below(std::uint32_t word, int n) {
  return static_cast<int>(std::uint64_t{word} * static_cast<std::uint32_t>(n) >> 32);
}

SWEEP_HOST_DEVICE inline AugmentPlace augment_place(const Augmentation& how, const ImageShape& shape,
                                                    const AugmentKey& key) {
  const auto words = [&](std::uint32_t quad) {
    return core::random_bits(key.seed, core::Purpose::kAugmentation, kAugmentPlace, key.epoch, quad, key.sample);
  };
  const core::Philox4 moved = words(0), cut = words(1);
  AugmentPlace place{};
  place.flipped = how.flip && moved.word[0] >> 31 != 0u;
  place.down = draw_below(moved.word[1], 2 * how.shift + 1) - how.shift;
  place.right = draw_below(moved.word[2], 2 * how.shift + 1) - how.shift;
  place.cut_top = draw_below(cut.word[0], shape.height) - how.cutout / 2;
  place.cut_left = draw_below(cut.word[1], shape.width) - how.cutout / 2;
  return place;
}

/// The number at (row, column, channel), before the noise. Shapes: image height × width × channels; fill channels.
SWEEP_HOST_DEVICE inline float augmented_pixel(const Augmentation& how, const ImageShape& shape,
                                               const AugmentPlace& place, const float* image, const float* fill,
                                               int row, int column, int channel) {
  const int below = row - place.cut_top, beside = column - place.cut_left;
  if (below >= 0 && below < how.cutout && beside >= 0 && beside < how.cutout) return 0.0f;
  const int from_row = row - place.down, shifted = column - place.right;
  if (from_row < 0 || from_row >= shape.height || shifted < 0 || shifted >= shape.width) return fill[channel];
  const int from_column = place.flipped ? shape.width - 1 - shifted : shifted;
  return image[(static_cast<std::ptrdiff_t>(from_row) * shape.width + from_column) * shape.channels + channel];
}

/// The standard normal numbers of elements 4·quad … 4·quad+3 of a sample.
SWEEP_HOST_DEVICE inline InitialQuad augment_noise(const core::Philox4& words) {
  return initial_weights(Initialisation::kHe, words, 1.0f);
}

SWEEP_HOST_DEVICE inline float add_noise(const Augmentation& how, float value, float normal) {
  return core::portable::fma(how.noise, normal, value);
}

}  // namespace SWEEP_ISA
}  // namespace kernels
