// Names of metrics and parameters that another program takes: foreign names may be anything, and a name that is a path
// must not lead anywhere else. Called by the writers. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/exports/exports.h"

namespace sweep {

enum class NameRule {
  /// A label: printable, not empty, at most kMaxNameBytes, and not one of TensorBoard's own (`_hparams_/…`).
  kTag,
  /// A path below a folder, as MLflow takes it: letters and digits of ASCII, `_`, `-`, `.`, space and `/`; what the
  /// path
  /// would resolve to is itself; no two names differ in case alone, and none is a folder of another.
  kPath,
};

inline constexpr std::size_t kMaxNameBytes = 250;  ///< MLflow's limit

/// Gives each name one that fits. A name that fits stays as it is, unless an earlier one stands in its way; of another
/// one the characters that do not fit are replaced, and the first digits of its SHA-256 follow.
/// Determinism: the names, and the order in which they come.
class SafeNames {
 public:
  /// `reserved`: a name that no other may take.
  explicit SafeNames(NameRule rule, const std::string& reserved = {});
  const std::string& of(const std::string& name);
  /// As written, by the name as it is.
  std::vector<std::string> all() const;
  /// Those that are not written as they are: as written → as they are.
  Renamed renamed() const;

 private:
  bool is_free(const std::string& name) const;
  void take(const std::string& name);

  NameRule rule_;
  std::map<std::string, std::string> given_;  // as it is → as written
  std::set<std::string> taken_;               // in lower case where the rule is kPath
  std::set<std::string> folders_;             // that a taken path leads through
};

}  // namespace sweep
