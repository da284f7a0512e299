// Chooses the reader or generator for a data set; see dataset.h.
#include "trainer/data/dataset.h"

#include <algorithm>

#include "core/error.h"
#include "trainer/data/builtin.h"
#include "trainer/data/idx.h"
#include "trainer/data/table.h"

namespace trainer {
namespace {

namespace fs = std::filesystem;

Samples read_idx_part(const fs::path& images_file, const fs::path& labels_file) {
  IdxImages images = read_idx_images(images_file);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_file);
  if (images.count != labels.size())
    throw core::UserError(labels_file.string(), "holds " + std::to_string(labels.size()) + " labels for the " +
                                                    std::to_string(images.count) + " images of " +
                                                    images_file.filename().string());
  return Samples{images.rows * images.columns, std::move(images.pixels), {}, {labels.begin(), labels.end()}};
}

Dataset load_idx(const protocol::DataSet& source) {
  Dataset data;
  data.image = true;
  data.train = read_idx_part(*source.file(protocol::kTrainImages), *source.file(protocol::kTrainLabels));
  data.classes = *std::max_element(data.train.labels.begin(), data.train.labels.end()) + 1;
  const fs::path* test_images = source.file(protocol::kTestImages);
  if (!test_images) return data;

  const fs::path& test_labels = *source.file(protocol::kTestLabels);
  data.test = read_idx_part(*test_images, test_labels);
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

}  // namespace trainer
