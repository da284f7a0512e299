// See data_set.h.
#include "protocol/data_set.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/suggest.h"

namespace protocol {
namespace {

namespace fs = std::filesystem;

constexpr std::array kBuiltins{
    BuiltinData{"spirals", 1, "3 spiral arms in the plane, with noise: 3,000 points and 600 to test"},
    BuiltinData{"images", 1,
                "10 classes of drawn 14×14 digits, moved, turned and noisy: 4,000 images and 1,000 to test"},
};

// Sources: github.com/zalandoresearch/fashion-mnist (files of the repository, MIT); MNIST as mirrored by
// ossci-datasets and cvdf-datasets, digests as TensorFlow Datasets and others publish them.
constexpr std::array kFashionMnistFiles{
    KnownFile{kTrainImages, "train-images-idx3-ubyte.gz",
              "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
    KnownFile{kTrainLabels, "train-labels-idx1-ubyte.gz",
              "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
    KnownFile{kTestImages, "t10k-images-idx3-ubyte.gz",
              "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
    KnownFile{kTestLabels, "t10k-labels-idx1-ubyte.gz",
              "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
};
constexpr std::array kMnistFiles{
    KnownFile{kTrainImages, "train-images-idx3-ubyte.gz",
              "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    KnownFile{kTrainLabels, "train-labels-idx1-ubyte.gz",
              "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    KnownFile{kTestImages, "t10k-images-idx3-ubyte.gz",
              "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    KnownFile{kTestLabels, "t10k-labels-idx1-ubyte.gz",
              "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
};
constexpr std::array kKnown{
    KnownData{"fashion-mnist", "https://github.com/zalandoresearch/fashion-mnist", kFashionMnistFiles},
    KnownData{"mnist", "http://yann.lecun.com/exdb/mnist/", kMnistFiles},
};

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

const BuiltinData& builtin_named(std::string_view name) {
  std::vector<std::string> names;
  for (const BuiltinData& builtin : kBuiltins) {
    if (builtin.name == name) return builtin;
    names.emplace_back(builtin.name);
  }
  std::string listed;
  for (const std::string& each : names) listed += (listed.empty() ? "" : ", ") + each;
  const std::optional<std::string> nearest = core::nearest_word(name, names);
  throw core::UserError("data", "there is no builtin data set '" + std::string(name) + "'",
                        nearest ? "did you mean 'builtin:" + *nearest + "'?" : "there are: " + listed);
}

bool is_csv(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".csv") || name.ends_with(".csv.gz");
}

// `folder/name` or `folder/name.gz`, the packed one first: both may lie there after an unpacking, and the packed one is
// the one that was published.
std::optional<fs::path> plain_or_packed(const fs::path& folder, const std::string& name) {
  for (const std::string& candidate : {name + ".gz", name})
    if (fs::is_regular_file(folder / candidate)) return folder / candidate;
  return std::nullopt;
}

DataSet idx_files(const fs::path& folder) {
  DataSet data{DataForm::kIdx, {}, {}};
  for (const IdxName& idx : kIdxNames) {
    std::optional<fs::path> file = plain_or_packed(folder, idx.name);
    if (!file) file = plain_or_packed(folder, idx.variant);
    if (file) data.files.push_back({idx.role, *file});
  }
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

DataSet tables(const fs::path& folder) {
  DataSet data{DataForm::kTable, {}, {}};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && is_csv(entry.path())) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  const std::optional<fs::path> train = plain_or_packed(folder, "train.csv");
  const std::optional<fs::path> test = plain_or_packed(folder, "test.csv");
  if (train) {
    data.files.push_back({kTrainTable, *train});
    if (test) data.files.push_back({kTestTable, *test});
    return data;
  }
  if (found.size() == 1) {
    data.files.push_back({kTrainTable, found.front()});
    return data;
  }
  if (found.empty())
    throw core::UserError(folder.string(), "holds no data set",
                          "expected train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or .gz), one .csv or "
                          ".csv.gz, or train.csv and test.csv");
  throw core::UserError(folder.string(),
                        "holds " + std::to_string(found.size()) + " CSV files: " + found[0].filename().string() + ", " +
                            found[1].filename().string() + (found.size() > 2 ? ", …" : ""),
                        "name one of them, or call them train.csv and test.csv");
}

}  // namespace

const fs::path* DataSet::file(std::string_view role) const {
  for (const DataFile& entry : files)
    if (entry.role == role) return &entry.file;
  return nullptr;
}

std::span<const BuiltinData> builtin_data() { return kBuiltins; }

bool is_builtin(std::string_view source) { return source.starts_with(kBuiltinPrefix); }

DataSet locate_data(std::string_view source) {
  if (is_builtin(source)) {
    const BuiltinData& builtin = builtin_named(source.substr(std::string_view(kBuiltinPrefix).size()));
    return DataSet{DataForm::kBuiltin, std::string(builtin.name), {}};
  }
  const fs::path path(source);
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw core::UserError(path.string(), "there is no such data file or folder");
  if (fs::is_directory(status)) {
    try {
      DataSet data = idx_files(path);
      return data.files.empty() ? tables(path) : data;
    } catch (const fs::filesystem_error& unreadable) {
      throw core::UserError(path.string(), "cannot be read: " + unreadable.code().message());
    }
  }
  if (!is_csv(path))
    throw core::UserError(path.string(), "is not a .csv or .csv.gz file",
                          "name a CSV file, or the folder that holds the IDX files");
  return DataSet{DataForm::kTable, {}, {{kTrainTable, path}}};
}

std::string data_digest(const DataSet& data) {
  core::Json source = core::Json::object();
  if (data.form == DataForm::kBuiltin) {
    const BuiltinData& builtin = builtin_named(data.builtin);
    source["builtin"] = std::string(builtin.name) + "/" + std::to_string(builtin.version);
  } else {
    for (const DataFile& entry : data.files) source[entry.role] = core::sha256_file(entry.file, kMaxDataFileBytes);
  }
  return core::sha256_hex(core::canonical_json(source));
}

std::span<const KnownData> known_data() { return kKnown; }

const KnownData* find_known_data(std::string_view name) {
  const auto found = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownData& k) { return k.name == name; });
  return found == kKnown.end() ? nullptr : &*found;
}

std::string wanted_files(const KnownData& known) {
  std::string text;
  for (const KnownFile& file : known.files)
    text += (text.empty() ? "  " : "\n  ") + std::string(known.name) + "/" + std::string(file.name) + "\n    sha256 " +
            std::string(file.sha256);
  return text;
}

void check_published(const KnownData& known, const DataSet& data) {
  std::vector<core::Problem> problems;
  for (const KnownFile& published : known.files) {
    const fs::path* file = data.file(published.role);
    if (!file) {
      problems.push_back({std::string(known.name), "has no " + std::string(published.name), {}, {}});
      continue;
    }
    if (file->filename() != published.name) continue;
    const std::string digest = core::sha256_file(*file);
    if (digest != published.sha256)
      problems.push_back({file->string(),
                          "is not the published " + std::string(known.name) + ": sha256 " + digest + ", published " +
                              std::string(published.sha256),
                          "fetch it again, or name its folder by path to use it as it is",
                          {}});
  }
  if (!problems.empty()) throw core::UserError(std::move(problems));
}

}  // namespace protocol
