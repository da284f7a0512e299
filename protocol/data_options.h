// How a data set is to be read where its files alone do not say it: the object form of `data` in a sweep file. Part of
// the data set's digest, so that another reading of the same files is another data set. Callers: dispatch/ writes it
// into the trial document, trainer/data reads by it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace protocol {

struct DataOptions {
  std::string label;                     ///< of a table: the name of the label's column; empty: found by rule
  std::vector<std::string> categorical;  ///< of a table: columns whose numbers are names of categories
  std::optional<bool> header;            ///< of a table: whether its first line has names; nothing: found by rule
  bool regression = false;               ///< what stands for a label is a number to predict
  std::vector<int> image;                ///< height and width, or these and channels, of rows that are images

  bool operator==(const DataOptions&) const = default;
  bool empty() const { return *this == DataOptions(); }
  /// Only what differs from the default.
  core::Json to_json() const;
  /// Errors: UserError naming `place` and the field.
  static DataOptions from_json(const core::Json& json, std::string_view place);
};

// The words of the sweep file, of the trial document and of the digest.
inline constexpr char kDataLabel[] = "label";
inline constexpr char kDataCategorical[] = "categorical";
inline constexpr char kDataHeader[] = "header";
inline constexpr char kDataTask[] = "task";
inline constexpr char kDataImage[] = "image";
inline constexpr char kTaskClassification[] = "classification";
inline constexpr char kTaskRegression[] = "regression";

inline constexpr int kMaxImageSide = 4096;
inline constexpr int kMaxImageChannels = 64;

}  // namespace protocol
