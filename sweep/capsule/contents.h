// What a capsule says of a trial, as parts and back: the record of its sweep, the sweep file, the trial document, its
// events, the digests that it claims. Called by export.cpp and open.cpp, and fuzzed. Pure: what it reads may come from
// a stranger, and is checked against itself: the sweep file gives this trial, the document and the digests follow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/capsule/archive.h"
#include "sweep/search/trials.h"
#include "sweep/store/store.h"

namespace sweep {

/// One trial and what was recorded of it, without a path of the machine.
struct CapsuleRecord {
  SweepRecord sweep;
  std::uint64_t index = 0;
  std::vector<StoredEvent> events;  ///< of the trial, in the order in which they were recorded
};

/// A capsule's record with what follows from it.
struct CapsuleContents {
  CapsuleRecord record;
  TrialPlan plan;
  PlannedTrial planned;
  TrialState trial;                  ///< the fold of its events
  protocol::TrialDocument document;  ///< as its last attempt had it, without paths
};

/// `record` without what belongs to a machine or a user: host, folders; of texts the folders that stand in them, of an
/// absolute path of the data set its last step (in the sweep file too, where the file then still gives this sweep).
CapsuleRecord without_paths(CapsuleRecord record);

/// Folds the events and plans the trial. Errors: UserError that names `place` and the part which does not fit: the
/// sweep file read differently by this version, a trial that is not the one at its index, events that contradict.
CapsuleContents understand(CapsuleRecord record, const std::string& place);

/// The parts that are always there. Determinism: a function of the contents.
Parts to_parts(const CapsuleContents& contents);

/// The inverse. Errors: UserError that names `place` and the part that is damaged, that is not what to_parts() makes of
/// the others, or of which they say nothing (a source, a checkpoint). `trial`: the id that the manifest names.
CapsuleContents from_parts(const Parts& parts, const std::string& trial, const std::string& place);

/// {"command", "files": {path: sha256}} of a user's program: what a replay needs. Null for the built-in trainer.
core::Json needed_program(const SweepRecord& sweep);

}  // namespace sweep
