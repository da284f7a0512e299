// Samples in memory, as the readers and generators of this folder give them and as training takes them: labelled,
// with numbers to predict, or a text to go on with. Values are raw: normalise.h makes them centred. Nothing here knows
// of a device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/data_set.h"

namespace trainer {

inline constexpr int kMaxClasses = 65536;

/// One part of a data set. Images keep their bytes, tables their numbers, texts their tokens: one of `pixels`, `values`
/// and `tokens` is filled, and of `labels` and `targets` one (for a text none: its labels are the tokens that follow).
struct Samples {
  int features = 0;                    ///< of a text: the length of a window, 0 before set_context()
  std::vector<std::uint8_t> pixels;    ///< count() × features; an image row by row, a pixel's channels side by side
  std::vector<float> values;           ///< count() × features; an image as above
  std::vector<std::int32_t> labels;    ///< classification: 0 … classes − 1
  std::vector<float> targets{};        ///< regression: one finite number a sample
  std::vector<std::int32_t> tokens{};  ///< a text: indices into the vocabulary, 0 … classes − 1

  /// Of a text: its whole windows. Window i has the inputs tokens[i·features … (i + 1)·features) and, for labels, the
  /// tokens one further on; windows share no input.
  std::size_t count() const {
    if (tokens.empty()) return std::max(labels.size(), targets.size());
    return features == 0 ? 0 : (tokens.size() - 1) / static_cast<std::size_t>(features);
  }
  float value(std::size_t sample, int feature) const {
    const std::size_t i = sample * static_cast<std::size_t>(features) + static_cast<std::size_t>(feature);
    return pixels.empty() ? values[i] : static_cast<float>(pixels[i]);
  }
};

/// The samples that a file of indices holds out, in its order, no index twice; empty where the data set has no such
/// file.
struct HeldOut {
  std::string file{};
  std::vector<std::uint32_t> indices{};
  std::vector<std::size_t> lines{};  ///< of each, for messages
};

enum class Task { kClassification, kRegression, kText };

struct Dataset {
  Samples train;
  std::optional<Samples> test{};
  Task task = Task::kClassification;
  int classes = 0;                         ///< regression: 0; text: the size of the vocabulary
  std::vector<std::string> class_names{};  ///< empty where the labels are plain numbers
  std::vector<char32_t> vocabulary{};      ///< text: its distinct code points, ascending
  HeldOut held_out{};
  bool image = false;                       ///< one mean and deviation for all features of a channel
  int height = 0, width = 0, channels = 0;  ///< of an image: features = height × width × channels; else 0
};

/// Reads or generates what locate_data() found. Errors: UserError with file and line or offset for anything malformed.
Dataset load_dataset(const protocol::DataSet& source);

/// Cuts the parts of a text into windows of `context` tokens. Requires: task kText, context ≥ 1. Errors: UserError
/// where a part is shorter than one window and the token after it, or the training part than two of them.
void set_context(Dataset& data, int context, const std::string& place);

}  // namespace trainer
