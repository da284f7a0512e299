// The table of what is recorded of an attempt and of its sweep, and what each field means for a comparison. The verdict
// of a replay, docs/reproducibility.md and the tests read this one table. It reads no machine and decides no verdict.
//
// An attempt's fields are those of `environment` in the trainer's `started`; a sweep's those of its provenance. A name
// stands for what lies below it as well, as far as no longer name does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace sweep {

enum class FieldPlace { kAttempt, kSweep };

enum class FieldUse {
  kAlways,      ///< follows from what a trial is: where it differs, so does the trial
  kInFast,      ///< under `fast-1` the bits are promised only where it is the same
  kInformative  ///< for people; never compared
};
std::string_view name(FieldPlace place);  ///< "attempt", "sweep": in the docs' table
std::string_view name(FieldUse use);      ///< "always", "in fast", "informative"

struct RecordedField {
  std::string_view name;  ///< dotted: "gpu.name"
  FieldPlace place;
  FieldUse use;
  std::string_view what;
};

/// By place, in the order of the docs' table.
std::span<const RecordedField> recorded_fields();

/// The row that a dotted path falls under; null where none does.
const RecordedField* find_field(FieldPlace place, std::string_view path);

/// A field that two records do not agree in.
struct FieldDifference {
  std::string name;                ///< dotted, as far down as there are objects
  FieldUse use;                    ///< kInformative where the table has no row for it
  std::string recorded, replayed;  ///< canonical JSON; "absent"

  /// "gpu.name: recorded "A", replayed "B""
  std::string text() const;
};

/// What differs between two environments, by name. Anything but an object counts as an empty one.
std::vector<FieldDifference> differing_fields(FieldPlace place, const core::Json& recorded, const core::Json& replayed);

/// Whether it is a kAlways field, and both records have it: the replay trained something else.
bool makes_another_trial(const FieldDifference& difference);

/// Whether a promise of these numerics ("portable-1", "fast-1", "external") holds only where this field is the same.
/// `external` is a user's program: whatever it says of its environment counts. Else a field that only one of the two
/// records has says nothing: an older trainer did not know it.
bool forbids_claim(const FieldDifference& difference, std::string_view numerics);

}  // namespace sweep
