// Chooses the reader or generator for a data set; see dataset.h.
#include "trainer/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "trainer/data/builtin.h"
#include "trainer/data/idx.h"
#include "trainer/data/table.h"

namespace trainer {
namespace {

namespace fs = std::filesystem;

// Sets the shape of `data`: that of the part read last, which test images share with the training ones.
Samples read_idx_part(Dataset& data, const fs::path& images_file, const fs::path& labels_file) {
  IdxImages images = read_idx_images(images_file);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_file);
  if (images.count != labels.size())
    throw core::UserError(labels_file.string(), "holds " + std::to_string(labels.size()) + " labels for the " +
                                                    std::to_string(images.count) + " images of " +
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
  data.test = read_idx_part(data, *test_images, test_labels);
  if (data.test->features != data.train.features)
    throw core::UserError(test_images->string(), "has images of " + std::to_string(data.test->features) +
                                                     " pixels, those of the training file have " +
                                                     std::to_string(data.train.features));
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
        fmt::format("the {} text has {} characters, {} of context {} need {}", part, samples.tokens.size(),
                    windows == 1 ? "a window" : "two windows", context, needed),
        "take a smaller context or a longer text");
}

}  // namespace

Dataset load_dataset(const protocol::DataSet& source) {
  Dataset data;
  switch (source.form) {
    case protocol::DataForm::kBuiltin:
      data = generate(source.builtin);
      break;
    case protocol::DataForm::kIdx:
      data = load_idx(source);
      break;
    case protocol::DataForm::kTable:
      data = load_tables(source);
      break;
  }
  if (data.classes < 2) {
    const std::string place = source.files.empty() ? source.builtin : source.files.front().file.string();
    throw core::UserError(place, "has a single class", "there must be two or more to tell apart");
  }
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
