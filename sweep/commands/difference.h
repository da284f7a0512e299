// Two trials, or two sweeps, side by side: which fields differ, and where two records part. Called by diff.cpp. Pure.
//
// It gives no verdict: replay does, for one trial. Two trials may differ in what they are, and mostly do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/replay/compare.h"

namespace sweep {

/// A field that is not the same on both sides; nothing where a side lacks it.
struct FieldPair {
  std::string name;
  std::optional<core::Json> left, right;
};

/// What differs of one kind: fields, and sentences; `facts` says as JSON what the sentences say.
struct Section {
  std::string title;
  std::vector<FieldPair> fields;
  std::vector<std::string> sentences;
  core::Json facts = core::Json::object();
  std::string same = title;  ///< what is called the same on both sides where nothing differs
};

struct SideBySide {
  std::string left, right;  ///< a line each: what stands there
  std::vector<Section> sections;
};

/// The fields of two objects that differ, by dotted name. Anything but an object counts as an empty one. `same`: see
/// Section; empty: the title.
Section fields_section(const std::string& title, const core::Json& left, const core::Json& right,
                       const std::string& same = {});

/// Metrics by step, to the bit: how many values were compared, how many differ, the first that does.
Section metrics_section(const TrialRecord& left, const TrialRecord& right);

/// Fingerprints of the steps that both have: the first step at which the batch or a tensor differs, and which one.
Section fingerprints_section(const TrialRecord& left, const TrialRecord& right);

/// For people; what is the same on both sides is named in one line. Ends with a newline.
std::string to_text(const SideBySide& sides);
core::Json to_json(const SideBySide& sides);

}  // namespace sweep
