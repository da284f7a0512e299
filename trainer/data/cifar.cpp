// See cifar.h.
#include "trainer/data/cifar.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/plural.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32, kChannels = 3;
constexpr std::size_t kPlane = std::size_t{kSide} * kSide;

struct Form {
  int classes;
  std::size_t label_bytes;  // the last of them is the class
};

void read_records(Samples& samples, const fs::path& file, Form form) {
  const std::string bytes = read_plain_or_gzip(file);
  const std::size_t record = form.label_bytes + kChannels * kPlane;
  if (bytes.empty() || bytes.size() % record != 0)
    throw core::UserError(
        file.string(),
        fmt::format("holds {}, expected whole records of {} bytes", core::counted(bytes.size(), "byte"), record),
        bytes.empty() ? "" : "the file is cut off, or of another kind");
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const std::size_t label_at = at + form.label_bytes - 1;
    const int label = static_cast<unsigned char>(bytes[label_at]);
    if (label >= form.classes)
      throw core::UserError(file.string(), fmt::format("label {} at byte {} is out of range, expected 0 to {}", label,
                                                       label_at, form.classes - 1));
    samples.labels.push_back(label);
    const char* planes = bytes.data() + label_at + 1;
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel)
      for (std::size_t channel = 0; channel < kChannels; ++channel)
        samples.pixels.push_back(static_cast<std::uint8_t>(planes[channel * kPlane + pixel]));
  }
}

std::vector<std::string> read_names(const fs::path& file, int classes) {
  std::vector<std::string> names;
  const std::string text = read_plain_or_gzip(file);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string name = text.substr(at, end - at);
    if (name.ends_with('\r')) name.pop_back();
    if (!name.empty()) names.push_back(std::move(name));
    at = end + 1;
  }
  if (names.size() != static_cast<std::size_t>(classes))
    throw core::UserError(
        file.string(), fmt::format("names {}, expected {}", core::counted(names.size(), "class", "classes"), classes));
  return names;
}

}  // namespace

Dataset load_cifar(const protocol::DataSet& source) {
  const Form form = source.form == protocol::DataForm::kCifar10 ? Form{10, 1} : Form{100, 2};
  Dataset data;
  data.classes = form.classes;
  data.image = true;
  data.height = data.width = kSide;
  data.channels = kChannels;
  data.train.features = kSide * kSide * kChannels;
  for (const protocol::DataFile& entry : source.files)
    if (entry.role.starts_with(protocol::kTrainBatch) || entry.role == protocol::kTrainRecords)
      read_records(data.train, entry.file, form);
  if (const fs::path* test = source.file(protocol::kTestRecords)) {
    data.test.emplace().features = data.train.features;
    read_records(*data.test, *test, form);
  }
  if (const fs::path* names = source.file(protocol::kClassNames)) data.class_names = read_names(*names, form.classes);
  return data;
}

}  // namespace trainer
