// Finds the files of a data set in a folder, or knows a file by its ending; see data_set.h.
#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "protocol/data_set.h"

namespace protocol {
namespace {

namespace fs = std::filesystem;

constexpr char kWhatIsData[] =
    "expected train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or .gz), CIFAR's binary files, one .csv or "
    ".csv.gz, train.csv and test.csv, x_train.npy and y_train.npy, one .npz, or one .txt";
constexpr char kIndicesName[] = "validation.indices";

// The usual names of IDX files, without .gz; some copies write a dot for the second hyphen.
struct IdxName {
  const char* role;
  const char* name;
  const char* variant;
};
constexpr std::array kIdxNames{
    IdxName{kTrainImages, "train-images-idx3-ubyte", "train-images.idx3-ubyte"},
    IdxName{kTrainLabels, "train-labels-idx1-ubyte", "train-labels.idx1-ubyte"},
    IdxName{kTestImages, "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"},
    IdxName{kTestLabels, "t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"},
};

constexpr int kCifarBatches = 5;

bool has_ending(const fs::path& file, std::initializer_list<std::string_view> endings) {
  const std::string name = file.filename().string();
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return name.ends_with(e); });
}
bool is_csv(const fs::path& file) { return has_ending(file, {".csv", ".csv.gz"}); }
bool is_npz(const fs::path& file) { return has_ending(file, {".npz"}); }
bool is_text(const fs::path& file) { return has_ending(file, {".txt", ".txt.gz"}); }

// `folder/name` or `folder/name.gz`, the packed one first: both may lie there after an unpacking, and the packed one is
// the one that was published.
std::optional<fs::path> plain_or_packed(const fs::path& folder, const std::string& name) {
  for (const std::string& candidate : {name + ".gz", name})
    if (fs::is_regular_file(folder / candidate)) return folder / candidate;
  return std::nullopt;
}

// Adds the file where it is there; says whether it is.
bool add(DataSet& data, const std::string& role, const std::optional<fs::path>& file) {
  if (file) data.files.push_back({role, *file});
  return file.has_value();
}

std::vector<fs::path> files_that(const fs::path& folder, bool (*fits)(const fs::path&)) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && fits(entry.path())) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

DataSet idx_files(const fs::path& folder) {
  DataSet data{DataForm::kIdx, {}, {}};
  for (const IdxName& idx : kIdxNames)
    if (!add(data, idx.role, plain_or_packed(folder, idx.name)))
      add(data, idx.role, plain_or_packed(folder, idx.variant));
  if (data.files.empty()) return data;
  const auto require = [&](const char* role, const char* partner) {
    if (data.file(role) || !data.file(partner)) return;
    const auto idx = std::find_if(kIdxNames.begin(), kIdxNames.end(), [&](const IdxName& i) { return i.role == role; });
    throw core::UserError(folder.string(), std::string("has no ") + idx->name + " (nor .gz)",
                          "it belongs to " + data.file(partner)->filename().string());
  };
  require(kTrainImages, data.file(kTrainLabels) ? kTrainLabels : kTestImages);
  require(kTrainLabels, kTrainImages);
  require(kTestImages, kTestLabels);
  require(kTestLabels, kTestImages);
  require(kTrainImages, kTestImages);
  return data;
}

[[noreturn]] void missing(const fs::path& folder, const std::string& file, const fs::path& partner) {
  throw core::UserError(folder.string(), "has no " + file, "it belongs to " + partner.filename().string());
}

DataSet cifar10_files(const fs::path& folder) {
  DataSet data{DataForm::kCifar10, {}, {}};
  for (int i = 1; i <= kCifarBatches; ++i)
    add(data, kTrainBatch + std::to_string(i), plain_or_packed(folder, "data_batch_" + std::to_string(i) + ".bin"));
  if (data.files.empty()) return data;
  for (std::size_t i = 0; i < data.files.size(); ++i)  // one left out in the middle is a copy that went wrong
    if (const std::string number = std::to_string(i + 1); data.files[i].role != kTrainBatch + number)
      missing(folder, "data_batch_" + number + ".bin", data.files[i].file);
  add(data, kTestRecords, plain_or_packed(folder, "test_batch.bin"));
  add(data, kClassNames, plain_or_packed(folder, "batches.meta.txt"));
  return data;
}

DataSet cifar100_files(const fs::path& folder) {
  DataSet data{DataForm::kCifar100, {}, {}};
  if (!add(data, kTrainRecords, plain_or_packed(folder, "train.bin"))) return data;
  add(data, kTestRecords, plain_or_packed(folder, "test.bin"));
  add(data, kClassNames, plain_or_packed(folder, "fine_label_names.txt"));
  return data;
}

// The one file of a kind in a folder; `remedy` ends the message where there are several.
DataSet single(const fs::path& folder, DataSet data, const char* role, const std::vector<fs::path>& found,
               const std::string& kind, const std::string& remedy) {
  if (found.size() > 1)
    throw core::UserError(folder.string(),
                          "holds " + std::to_string(found.size()) + " " + kind +
                              " files: " + found[0].filename().string() + ", " + found[1].filename().string() +
                              (found.size() > 2 ? ", …" : ""),
                          remedy);
  if (!found.empty()) data.files.push_back({role, found.front()});
  return data;
}

DataSet tables(const fs::path& folder) {
  DataSet data{DataForm::kTable, {}, {}};
  if (add(data, kTrainTable, plain_or_packed(folder, "train.csv"))) {
    add(data, kTestTable, plain_or_packed(folder, "test.csv"));
    return data;
  }
  return single(folder, std::move(data), kTrainTable, files_that(folder, is_csv), "CSV",
                "name one of them, or call them train.csv and test.csv");
}

DataSet npy_files(const fs::path& folder) {
  DataSet data{DataForm::kNpy, {}, {}};
  for (const auto& [role, name] : {std::pair{kTrainInputs, "x_train.npy"},
                                   {kTrainTargets, "y_train.npy"},
                                   {kTestInputs, "x_test.npy"},
                                   {kTestTargets, "y_test.npy"}})
    add(data, role, plain_or_packed(folder, name));
  if (data.files.empty()) return data;
  if (!data.file(kTrainInputs)) missing(folder, "x_train.npy", data.files.front().file);
  if (!data.file(kTrainTargets)) missing(folder, "y_train.npy", *data.file(kTrainInputs));
  if (!data.file(kTestInputs) && data.file(kTestTargets)) missing(folder, "x_test.npy", *data.file(kTestTargets));
  if (!data.file(kTestTargets) && data.file(kTestInputs)) missing(folder, "y_test.npy", *data.file(kTestInputs));
  return data;
}

DataSet npz_file(const fs::path& folder) {
  return single(folder, {DataForm::kNpz, {}, {}}, kArrays, files_that(folder, is_npz), ".npz",
                "name one of them; one file holds both parts");
}

DataSet texts(const fs::path& folder) {
  DataSet data{DataForm::kText, {}, {}};
  if (add(data, kTrainText, plain_or_packed(folder, "train.txt"))) {
    add(data, kTestText, plain_or_packed(folder, "test.txt"));
    return data;
  }
  return single(folder, std::move(data), kTrainText, files_that(folder, is_text), "text",
                "name one of them, or call them train.txt and test.txt");
}

DataSet in_folder(const fs::path& folder) {
  for (const auto find : {idx_files, tables, cifar10_files, cifar100_files, npy_files, npz_file, texts}) {
    DataSet data = find(folder);
    if (data.files.empty()) continue;
    if (fs::is_regular_file(folder / kIndicesName)) data.files.push_back({kValidationIndices, folder / kIndicesName});
    return data;
  }
  throw core::UserError(folder.string(), "holds no data set", kWhatIsData);
}

DataSet by_ending(const fs::path& file) {
  if (is_csv(file)) return {DataForm::kTable, {}, {{kTrainTable, file}}};
  if (is_npz(file)) return {DataForm::kNpz, {}, {{kArrays, file}}};
  if (is_text(file)) return {DataForm::kText, {}, {{kTrainText, file}}};
  throw core::UserError(file.string(), "is not a .csv, .csv.gz, .npz, .txt or .txt.gz file",
                        "name one, or the folder that holds IDX, CIFAR or .npy files");
}

// An option that would do nothing is a mistake of the one who wrote it.
void check_options(const DataSet& data, const std::string& place) {
  const DataOptions& options = data.options;
  std::vector<core::Problem> problems;
  const auto refuse = [&](const char* option, const char* problem) {
    problems.push_back({place, "option '" + std::string(option) + "' " + problem, "remove it", {}});
  };
  const bool table = data.form == DataForm::kTable;
  if (!options.label.empty() && !table) refuse(kDataLabel, "is for tables");
  if (!options.categorical.empty() && !table) refuse(kDataCategorical, "is for tables");
  if (options.header && !table) refuse(kDataHeader, "is for tables");
  if (options.regression && !table && data.form != DataForm::kNpy && data.form != DataForm::kNpz)
    refuse(kDataTask, "regression is for tables and arrays");
  if (!options.image.empty() && !table && data.form != DataForm::kNpy && data.form != DataForm::kNpz)
    refuse(kDataImage, "is for tables and arrays");
  if (!problems.empty()) throw core::UserError(std::move(problems));
}

DataSet without_options(std::string_view source) {
  if (is_builtin(source)) {
    const BuiltinData& builtin = builtin_named(source.substr(std::string_view(kBuiltinPrefix).size()));
    return DataSet{DataForm::kBuiltin, std::string(builtin.name), {}};
  }
  const fs::path path(source);
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw core::UserError(path.string(), "there is no such data file or folder");
  if (!fs::is_directory(status)) return by_ending(path);
  try {
    return in_folder(path);
  } catch (const fs::filesystem_error& unreadable) {
    throw core::UserError(path.string(), "cannot be read: " + unreadable.code().message());
  }
}

}  // namespace

DataSet locate_data(std::string_view source, const DataOptions& options) {
  DataSet data = without_options(source);
  data.options = options;
  check_options(data, std::string(source));
  return data;
}

}  // namespace protocol
