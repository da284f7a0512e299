// A data set as training needs it: split, normalised and on the device. Callers: training/.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/backends.h"
#include "trainer/data/dataset.h"
#include "trainer/nn/layer.h"

namespace trainer {

/// Samples on the device. Shapes: x count × features; labels count.
struct DevicePart {
  std::uint32_t count = 0;
  kernels::Buffer<float> x;
  kernels::Buffer<std::int32_t> labels;
};

struct PreparedData {
  int features = 0;
  Shape shape;  ///< of a sample: features numbers
  int classes = 0;
  DevicePart train;
  DevicePart validation;  ///< count 0 where nothing is held out
  DevicePart test;        ///< count 0 where there is no test file
  std::string split_sha256;
  std::string normalisation_sha256;
};

/// Splits by `seed`, fits the normalisation on the training part, applies it to all. Errors: kernels::OutOfMemory.
PreparedData prepare_data(const Dataset&, double validation_fraction, std::uint64_t seed, const kernels::Backend&,
                          kernels::Context&);

}  // namespace trainer
