// Augmentation of one sample on one thread, compiled once for each instruction set. Equals augmented_pixel and
// augment_noise of augment_formula.h; here a row of the image is copied at a time.
#include "kernels/augment_formula.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/philox_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

constexpr int kStrip = 256;  // elements whose random words are drawn at once

int least(int a, int b) { return a < b ? a : b; }
int most(int a, int b) { return a > b ? a : b; }

void fill_pixels(float* out, int first, int last, const float* fill, int channels) {
  for (int column = first; column < last; ++column) {
    for (int c = 0; c < channels; ++c) out[column * channels + c] = fill[c];
  }
}

/// One row of pixels; `from` is null where all of it comes from outside.
void place_row(float* out, const float* from, const ImageShape& shape, const AugmentPlace& place, const float* fill) {
  const int width = shape.width, channels = shape.channels;
  const int first = from == nullptr ? width : least(width, most(0, place.right));
  const int last = from == nullptr ? width : most(first, least(width, width + place.right));
  fill_pixels(out, 0, first, fill, channels);
  if (place.flipped) {
    for (int column = first; column < last; ++column) {
      const float* const pixel = from + (width - 1 - (column - place.right)) * channels;
      for (int c = 0; c < channels; ++c) out[column * channels + c] = pixel[c];
    }
  } else if (first < last) {
    const float* const start = from - place.right * channels;
    for (int i = first * channels; i < last * channels; ++i) out[i] = start[i];
  }
  fill_pixels(out, last, width, fill, channels);
}

void cut(float* out, const ImageShape& shape, const AugmentPlace& place, int side) {
  const int bottom = least(shape.height, place.cut_top + side), right = least(shape.width, place.cut_left + side);
  const int left = most(0, place.cut_left);
  for (int row = most(0, place.cut_top); row < bottom; ++row) {
    float* const pixels = out + static_cast<std::ptrdiff_t>(row) * shape.width * shape.channels;
    for (int i = left * shape.channels; i < right * shape.channels; ++i) pixels[i] = 0.0f;
  }
}

void add_noise_to(float* out, int count, const Augmentation& how, const AugmentKey& key) {
  std::uint32_t words[kStrip];
  float normals[kStrip];
  for (int start = 0; start < count; start += kStrip) {
    const int width = least(kStrip, count - start);
    draw_words(words, key.seed, core::Purpose::kAugmentation, kAugmentNoise, key.epoch,
               static_cast<std::uint32_t>(start / 4), (width + 3) / 4, key.sample);
    for (int at = 0; at < kStrip; at += 4) {
      const core::Philox4 drawn{{words[at], words[at + 1], words[at + 2], words[at + 3]}};
      const InitialQuad quad = augment_noise(drawn);
      for (int i = 0; i < 4; ++i) normals[at + i] = quad.weight[i];
    }
    for (int i = 0; i < width; ++i) out[start + i] = add_noise(how, out[start + i], normals[i]);
  }
}

}  // namespace

void augment_sample(float* out, const float* image, const ImageShape& shape, const Augmentation& how, const float* fill,
                    std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample) {
  const AugmentKey key{seed, epoch, sample};
  const AugmentPlace place = augment_place(how, shape, key);
  const std::ptrdiff_t pitch = static_cast<std::ptrdiff_t>(shape.width) * shape.channels;
  for (int row = 0; row < shape.height; ++row) {
    const int from = row - place.down;
    const bool outside = from < 0 || from >= shape.height;
    place_row(out + row * pitch, outside ? nullptr : image + from * pitch, shape, place, fill);
  }
  if (how.cutout > 0) cut(out, shape, place, how.cutout);
  if (how.noise > 0) add_noise_to(out, static_cast<int>(shape.height * pitch), how, key);
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
