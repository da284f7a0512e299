// A data set as training needs it: split, normalised and on the device. Callers: training/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "trainer/data/dataset.h"
#include "trainer/data/split_kind.h"
#include "trainer/nn/layer.h"

namespace trainer {

/// Samples on the device. Of a text x is empty, tokens and labels have a row of `features` a window, a label being the
/// token that follows; else tokens is empty. Labels or targets are empty by the task.
struct DevicePart {
  std::uint32_t count = 0;
  kernels::Buffer<float> x;              ///< count × features
  kernels::Buffer<std::int32_t> tokens;  ///< count × features
  kernels::Buffer<std::int32_t> labels;  ///< count, of a text count × features
  kernels::Buffer<float> targets;        ///< count, normalised
  double target_squares = 0;             ///< Σ (target − the part's mean)², in double, in order
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
  std::string split_sha256;
  std::string normalisation_sha256;  ///< empty for a text
};

/// What is held out; see split_dataset().
struct Holdout {
  double fraction = 0;
  SplitKind kind = SplitKind::kRandom;

  bool operator==(const Holdout&) const = default;
};

/// Splits by `seed`, fits the normalisation on the training part, applies it to all. Requires: windows of a text are
/// cut (set_context). `before`: what was prepared on this device and nobody needs any more; memory of it is used again.
/// Errors: kernels::OutOfMemory; those of split_dataset().
PreparedData prepare_data(const Dataset&, Holdout, std::uint64_t seed, const kernels::Backend&, kernels::Context&,
                          PreparedData before = {});

}  // namespace trainer
