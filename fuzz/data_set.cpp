// Whatever lies in the files of a data set is a data set or a UserError, in every form. The first byte of an input
// chooses the form; of two files the next two bytes are the length of the first.
#include <stdlib.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/error.h"
#include "fuzz/fuzz_target.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace {

namespace fs = std::filesystem;
using core::check;

struct Form {
  char letter;
  const char* first;
  const char* second;  // null where the form has one file
  protocol::DataOptions options{};
};
const std::array kForms{
    Form{'i', "train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    Form{'t', "train.csv", "test.csv"},
    Form{'r', "a.csv", nullptr, {.label = "y", .categorical = {"c"}, .header = {}, .regression = true, .image = {}}},
    Form{'g', "a.csv.gz", nullptr},
    Form{'c', "data_batch_1.bin", "batches.meta.txt"},
    Form{'h', "train.bin", nullptr},
    Form{'n', "x_train.npy", "y_train.npy"},
    Form{'z', "a.npz", nullptr},
    Form{'x', "train.txt", "test.txt"},
    Form{'v', "a.csv", "validation.indices"},
};

// A folder of this process, emptied for each input.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "sweep-fuzz-XXXXXX").string();
    check(::mkdtemp(name.data()) != nullptr, "no temporary folder can be made");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void write(const Form& form, std::string_view bytes) const {
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove(entry.path());
    std::size_t length = bytes.size();
    if (form.second) {
      if (bytes.size() < 2) return;
      length = static_cast<unsigned char>(bytes[0]) | std::size_t{static_cast<unsigned char>(bytes[1])} << 8;
      bytes.remove_prefix(2);
      length = std::min(length, bytes.size());
      if (length < bytes.size()) std::ofstream(path_ / form.second, std::ios::binary) << bytes.substr(length);
    }
    std::ofstream(path_ / form.first, std::ios::binary) << bytes.substr(0, length);
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

void check_part(const trainer::Dataset& data, const trainer::Samples& part) {
  if (data.task == trainer::Task::kText) {
    for (const std::int32_t token : part.tokens) check(token >= 0 && token < data.classes, "a token out of range");
    return;
  }
  const std::size_t numbers = part.count() * static_cast<std::size_t>(part.features);
  check(part.features > 0 && part.features == data.train.features, "parts of different width");
  check(part.pixels.size() + part.values.size() == numbers, "a part with another number of values");
  for (const float value : part.values) check(std::isfinite(value), "a value that is not finite");
  for (const float target : part.targets) check(std::isfinite(target), "a target that is not finite");
  for (const std::int32_t label : part.labels) check(label >= 0 && label < data.classes, "a label out of range");
  check((data.task == trainer::Task::kRegression ? part.targets : std::vector<float>()).size() + part.labels.size() ==
            part.count(),
        "a sample without label or target");
}

// What training does first with any data set.
void use(trainer::Dataset& data) {
  check_part(data, data.train);
  if (data.test) check_part(data, *data.test);
  if (data.task == trainer::Task::kText) trainer::set_context(data, 2, "fuzz");
  const trainer::PixelCounts counts(data);
  for (const auto kind : {trainer::SplitKind::kRandom, trainer::SplitKind::kTail, trainer::SplitKind::kStratified}) {
    if (kind == trainer::SplitKind::kStratified && data.task != trainer::Task::kClassification) continue;
    const trainer::Split split = trainer::split_dataset(data, kind, 0.3, 1);
    check(split.train.size() + split.validation.size() == data.train.count() && !split.train.empty(), "a split loses");
    if (data.task != trainer::Task::kText)
      trainer::normalised(data.train, trainer::fit_normalisation(data, counts, split.train), split.validation);
  }
  if (!data.held_out.indices.empty()) trainer::split_dataset(data, trainer::SplitKind::kFile, 0.3, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Form& form : kForms) {
    if (form.letter != text[0]) continue;
    try {
      folder.write(form, text.substr(1));
      trainer::Dataset set = trainer::load_dataset(protocol::locate_data(folder.path(), form.options));
      use(set);
    } catch (const core::UserError&) {
    }
  }
  return 0;
}
