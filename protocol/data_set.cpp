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
    BuiltinData{"spirals", 1, false, "3 spiral arms in the plane, with noise: 3,000 points and 600 to test"},
    BuiltinData{"surface", 1, true,
                "a number to predict from 10 features, 5 of them idle: 2,000 points and 500 to test"},
    BuiltinData{"sums", 1, false, "a text: 4,000 lines such as 17+25=42, and 400 to test"},
    BuiltinData{"images", 1, false,
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

}  // namespace

const fs::path* DataSet::file(std::string_view role) const {
  for (const DataFile& entry : files)
    if (entry.role == role) return &entry.file;
  return nullptr;
}

std::span<const BuiltinData> builtin_data() { return kBuiltins; }

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

bool is_builtin(std::string_view source) { return source.starts_with(kBuiltinPrefix); }

bool predicts_number(std::string_view source, const DataOptions& options) {
  const auto is_it = [&](const BuiltinData& builtin) {
    return builtin.predicts_number && source == kBuiltinPrefix + std::string(builtin.name);
  };
  return options.regression || std::any_of(kBuiltins.begin(), kBuiltins.end(), is_it);
}

std::string data_digest(const DataSet& data) {
  core::KnownDigests none;
  return data_digest(data, none);
}

std::string data_digest(const DataSet& data, core::KnownDigests& known) {
  core::Json source = core::Json::object();
  if (data.form == DataForm::kBuiltin) {
    const BuiltinData& builtin = builtin_named(data.builtin);
    source["builtin"] = std::string(builtin.name) + "/" + std::to_string(builtin.version);
  } else {
    for (const DataFile& entry : data.files) source[entry.role] = known.of(entry.file, kMaxDataFileBytes);
  }
  if (!data.options.empty()) source["options"] = data.options.to_json();
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

void check_published(const KnownData& known, const DataSet& data, core::KnownDigests& digests) {
  std::vector<core::Problem> problems;
  for (const KnownFile& published : known.files) {
    const fs::path* file = data.file(published.role);
    if (!file) {
      problems.push_back({std::string(known.name), "has no " + std::string(published.name), {}, {}});
      continue;
    }
    if (file->filename() != published.name) continue;
    const std::string digest = digests.of(*file);
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
