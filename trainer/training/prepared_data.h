// A data set as training needs it: split, normalised and on the device. Images stay the bytes that they are, and are
// normalised as a batch wants them: what a split changes is a list of rows. Callers: training/, locate/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "trainer/data/dataset.h"
#include "trainer/data/pixel_counts.h"
#include "trainer/data/split_kind.h"
#include "trainer/nn/layer.h"

namespace trainer {

/// Samples on the device: images in `pixels` and `rows`, other numbers in x, a text in tokens. Of a text tokens and
/// labels have a row of `features` a window, a label being the token that follows. Labels or targets are empty by the
/// task.
struct DevicePart {
  std::uint32_t count = 0;
  kernels::Buffer<float> x;              ///< count × features, normalised
  const std::uint8_t* pixels = nullptr;  ///< of the data set's file (PixelsOnDevice); null where there is x
  kernels::Buffer<std::uint32_t> rows;   ///< of `pixels`, one a sample
  kernels::Buffer<std::int32_t> tokens;  ///< count × features
  kernels::Buffer<std::int32_t> labels;  ///< count, of a text count × features
  kernels::Buffer<float> targets;        ///< count, normalised
  double target_squares = 0;             ///< Σ (target − the part's mean)², in double, in order
};

/// The bytes of images as the files have them, whatever the split.
struct PixelsOnDevice {
  kernels::Buffer<std::uint8_t> train, test;  ///< samples × features; empty where the data is not bytes of images
  PixelCounts counts;                         ///< of `train`
};

struct PreparedData {
  Task task = Task::kClassification;
  bool image = false;
  int features = 0;
  InputShape shape;  ///< of a sample: features numbers; of a text that of its tokens, features × 1 × 1
  int classes = 0;
  std::vector<float> background{};  ///< of each channel: what a raw 0 became
  double target_mean = 0;           ///< regression: of the training part; a target t became (t − mean) / deviation
  double target_deviation = 1;
  DevicePart train;
  DevicePart validation;  ///< count 0 where nothing is held out
  DevicePart test;        ///< count 0 where there is no test file
  PixelsOnDevice pixels;
  kernels::Buffer<float> pixel_values;  ///< channels × 256: what a byte of an image becomes
  std::string split_sha256;
  std::string normalisation_sha256;  ///< empty for a text
};

/// What is held out; see split_dataset().
struct Holdout {
  double fraction = 0;
  SplitKind kind = SplitKind::kRandom;

  bool operator==(const Holdout&) const = default;
};

/// What a network for the data takes. Requires: windows of a text are cut (set_context).
InputShape shape_of(const Dataset&);

/// Splits by `seed`, fits the normalisation on the training part, applies it to all. Requires: windows of a text are
/// cut (set_context). `before`: what was prepared of this data set on this device and nobody needs any more; its memory
/// is used again, and so are the bytes of images.
/// Errors: kernels::OutOfMemory; those of split_dataset().
PreparedData prepare_data(const Dataset&, Holdout, std::uint64_t seed, const kernels::Backend&, kernels::Context&,
                          PreparedData before = {});

/// out[i, :] = sample indices[i] of the part (device). Shapes: out count × features. Requires: no text.
void gather_samples(const kernels::Backend&, kernels::Context&, const PreparedData&, const DevicePart&, float* out,
                    const std::uint32_t* indices, int count);

/// The samples from `first` on, one after another: the part's own memory, or `scratch` (count × features; made where it
/// is empty).
const float* samples_from(const kernels::Backend&, kernels::Context&, const PreparedData&, const DevicePart&,
                          std::uint32_t first, int count, kernels::Buffer<float>& scratch);

/// Gives the part its x also where it has pixels. For who changes single numbers of it.
void unfold(const kernels::Backend&, kernels::Context&, const PreparedData&, DevicePart&);

}  // namespace trainer
