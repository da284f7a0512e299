// Chooses the reader or generator for a data set; see dataset.h.
#include "trainer/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/plural.h"
#include "trainer/data/arrays.h"
#include "trainer/data/builtin.h"
#include "trainer/data/cifar.h"
#include "trainer/data/idx.h"
#include "trainer/data/indices.h"
#include "trainer/data/table.h"
#include "trainer/data/text.h"

namespace trainer {
namespace {

namespace fs = std::filesystem;

// Sets the shape of `data`: that of the part read last.
Samples read_idx_part(Dataset& data, const fs::path& images_file, const fs::path& labels_file) {
  IdxImages images = read_idx_images(images_file);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_file);
  if (images.count != labels.size())
    throw core::UserError(labels_file.string(), "holds " + core::counted(labels.size(), "label") + " for the " +
                                                    core::counted(images.count, "image") + " of " +
                                                    images_file.filename().string());
  data.height = images.rows;
  data.width = images.columns;
  data.channels = 1;
  return Samples{images.rows * images.columns, std::move(images.pixels), {}, {labels.begin(), labels.end()}};
}

Dataset load_idx(const protocol::DataSet& source) {
  Dataset data;
  data.image = true;
  data.train = read_idx_part(data, *source.file(protocol::kTrainImages), *source.file(protocol::kTrainLabels));
  data.classes = *std::max_element(data.train.labels.begin(), data.train.labels.end()) + 1;
  const fs::path* test_images = source.file(protocol::kTestImages);
  if (!test_images) return data;

  const fs::path& test_labels = *source.file(protocol::kTestLabels);
  const int height = data.height, width = data.width;
  data.test = read_idx_part(data, *test_images, test_labels);
  if (data.height != height || data.width != width)
    throw core::UserError(test_images->string(),
                          fmt::format("has images of {}×{}, those of the training file are {}×{}", data.height,
                                      data.width, height, width));
  const auto& labels = data.test->labels;
  const auto beyond = std::find_if(labels.begin(), labels.end(), [&](int label) { return label >= data.classes; });
  if (beyond != labels.end())
    throw core::UserError(test_labels.string(), "label " + std::to_string(*beyond) + " at byte " +
                                                    std::to_string(kIdxLabelHeaderBytes + (beyond - labels.begin())) +
                                                    " is out of range, the training labels go from 0 to " +
                                                    std::to_string(data.classes - 1));
  return data;
}

void check_length(const Samples& samples, int context, std::size_t windows, const char* part,
                  const std::string& place) {
  const std::size_t needed = windows * static_cast<std::size_t>(context) + 1;
  if (samples.tokens.size() < needed)
    throw core::UserError(
        place,
        fmt::format("the {} text has {}, {} of context {} {}", part, core::counted(samples.tokens.size(), "character"),
                    windows == 1 ? "a window" : "two windows", context,
                    (windows == 1 ? "needs " : "need ") + std::to_string(needed)),
        "take a smaller context or a longer text");
}

Dataset load_form(const protocol::DataSet& source) {
  switch (source.form) {
    case protocol::DataForm::kBuiltin:
      return generate(source.builtin);
    case protocol::DataForm::kIdx:
      return load_idx(source);
    case protocol::DataForm::kTable:
      return load_tables(source);
    case protocol::DataForm::kCifar10:
    case protocol::DataForm::kCifar100:
      return load_cifar(source);
    case protocol::DataForm::kNpy:
    case protocol::DataForm::kNpz:
      return load_arrays(source);
    case protocol::DataForm::kText:
      return load_text(source);
  }
  core::check(false, "a form of data without a reader");
  return {};
}

// Rows of numbers are taken as images where an option says so.
void take_image_option(Dataset& data, const std::vector<int>& image, const std::string& place) {
  const int height = image[0], width = image[1], channels = image.size() == 3 ? image[2] : 1;
  if (const std::int64_t wanted = std::int64_t{height} * width * channels; wanted != data.train.features)
    throw core::UserError(place,
                          fmt::format("has samples of {}, an image of {}×{}×{} has {}",
                                      core::counted(data.train.features, "number"), height, width, channels, wanted),
                          "correct the option 'image'");
  data.image = true;
  data.height = height;
  data.width = width;
  data.channels = channels;
}

}  // namespace

Dataset load_dataset(const protocol::DataSet& source) {
  Dataset data = load_form(source);
  const std::string place = source.files.empty() ? source.builtin : source.files.front().file.string();
  if (data.task == Task::kClassification && data.classes < 2)
    throw core::UserError(place, "has a single class", "there must be two or more to tell apart");
  if (data.task != Task::kText && data.train.count() < 2) throw core::UserError(place, "has a single sample");
  if (!source.options.image.empty()) take_image_option(data, source.options.image, place);
  if (const fs::path* file = source.file(protocol::kValidationIndices)) data.held_out = read_indices(*file);
  return data;
}

void set_context(Dataset& data, int context, const std::string& place) {
  core::check(data.task == Task::kText && context >= 1, "windows are cut from a text");
  check_length(data.train, context, 2, "training", place);
  data.train.features = context;
  if (!data.test) return;
  check_length(*data.test, context, 1, "test", place);
  data.test->features = context;
}

}  // namespace trainer
