// Labelled samples in memory, as the readers and generators of this folder give them and as training takes them.
// Values are raw: normalise.h makes them centred. Nothing here knows of a device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/data_set.h"

namespace trainer {

inline constexpr int kMaxClasses = 65536;

/// One part of a data set. Images keep their bytes, tables their numbers: one of the two vectors is empty.
struct Samples {
  int features = 0;
  std::vector<std::uint8_t> pixels;  ///< count() × features
  std::vector<float> values;         ///< count() × features
  std::vector<std::int32_t> labels;  ///< 0 … classes − 1

  std::size_t count() const { return labels.size(); }
  float value(std::size_t sample, int feature) const {
    const std::size_t i = sample * static_cast<std::size_t>(features) + static_cast<std::size_t>(feature);
    return pixels.empty() ? values[i] : static_cast<float>(pixels[i]);
  }
};

struct Dataset {
  Samples train;
  std::optional<Samples> test;
  int classes = 0;
  std::vector<std::string> class_names;  ///< empty where the labels are plain numbers
  bool image = false;                    ///< one mean and deviation for all features
};

/// Reads or generates what locate_data() found. Errors: UserError with file and line or offset for anything malformed.
Dataset load_dataset(const protocol::DataSet& source);

}  // namespace trainer
