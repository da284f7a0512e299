// What a data set is on disk and how it is known: the files by role, and one digest over them. The controller finds
// data sets by digest and puts the digest into each trial's identity; the trainer computes it again and refuses
// another. Nothing here reads what stands in the files: trainer/data does. docs/data.md lists the forms.
//
// Digest: SHA-256 over the canonical JSON of {role: SHA-256 of that file's bytes, …}; of a builtin one over
// {"builtin": "NAME/VERSION"}, where the version is that of its generator. Options that were given stand in that object
// as "options".
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/known_digests.h"
#include "protocol/data_options.h"

namespace protocol {

inline constexpr char kBuiltinPrefix[] = "builtin:";

// Roles, as they stand in the digest.
inline constexpr char kTrainImages[] = "train_images";
inline constexpr char kTrainLabels[] = "train_labels";
inline constexpr char kTestImages[] = "test_images";
inline constexpr char kTestLabels[] = "test_labels";
inline constexpr char kTrainTable[] = "train";
inline constexpr char kTestTable[] = "test";
inline constexpr char kTrainText[] = "train_text";
inline constexpr char kTestText[] = "test_text";
inline constexpr char kArrays[] = "arrays";            ///< an .npz: both parts
inline constexpr char kTrainBatch[] = "train_batch_";  ///< 1 to 5 follows; CIFAR-10
inline constexpr char kTrainRecords[] = "train_records";
inline constexpr char kTestRecords[] = "test_records";
inline constexpr char kClassNames[] = "class_names";
inline constexpr char kTrainInputs[] = "train_x";
inline constexpr char kTrainTargets[] = "train_y";
inline constexpr char kTestInputs[] = "test_x";
inline constexpr char kTestTargets[] = "test_y";
inline constexpr char kValidationIndices[] = "validation_indices";  ///< of any form

enum class DataForm { kBuiltin, kIdx, kTable, kCifar10, kCifar100, kNpy, kNpz, kText };

struct DataFile {
  std::string role;
  std::filesystem::path file;
};

struct DataSet {
  DataForm form = DataForm::kBuiltin;
  std::string builtin;          ///< the name without the prefix; empty for files
  std::vector<DataFile> files;  ///< none for builtin
  DataOptions options{};

  /// The file of a role; null where the data set has none.
  const std::filesystem::path* file(std::string_view role) const;
};

/// A generated data set.
struct BuiltinData {
  std::string_view name;
  int version;  ///< grows with every change of what it generates
  bool predicts_number;
  std::string_view summary;
};
std::span<const BuiltinData> builtin_data();

const BuiltinData& builtin_named(std::string_view name);  ///< Errors: UserError with the nearest name.
bool is_builtin(std::string_view source);

/// Whether the samples of `source` have a number to predict: a builtin one that is so made, or the option task.
bool predicts_number(std::string_view source, const DataOptions& options);

/// The files of `source`: a path, or builtin:NAME. Errors: UserError that names what is missing and what would do, or
/// the option that this form of data set does not have.
DataSet locate_data(std::string_view source, const DataOptions& options = {});

/// No file of a data set is larger, packed or not: its samples have to fit into memory.
inline constexpr std::uint64_t kMaxDataFileBytes = std::uint64_t{4} << 30;

/// 64 hex digits. Reads every byte of every file. Errors: UserError that names the file: unreadable, no regular file,
/// or too large.
std::string data_digest(const DataSet& data);
/// The same; files that `known` has seen as they are now are not read.
std::string data_digest(const DataSet& data, core::KnownDigests& known);

/// A published data set that can be named without a path.
struct KnownFile {
  std::string_view role;
  std::string_view name;    ///< as published
  std::string_view sha256;  ///< as published
};
struct KnownData {
  std::string_view name;
  std::string_view origin;
  std::span<const KnownFile> files;
};
std::span<const KnownData> known_data();
const KnownData* find_known_data(std::string_view name);

/// Two lines a file: what is wanted. For the message where a known data set was found nowhere.
std::string wanted_files(const KnownData& known);

/// Compares each file that bears its published name with its published digest. (An unpacked file has another name and
/// other bytes; its contents are checked by the digest of each trial.) Errors: UserError with both digests, every file.
void check_published(const KnownData& known, const DataSet& data, core::KnownDigests& digests);

}  // namespace protocol
