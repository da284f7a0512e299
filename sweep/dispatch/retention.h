// Which checkpoints stay when a trial has ended: the rule of `keep`. A trial that failed may go on and keeps its own.
// Called by the loop. It removes files and records nothing: a checkpoint that is gone is no part of a result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "sweep/spec/spec.h"
#include "sweep/store/store.h"
#include "sweep/study/study.h"

namespace sweep {

class Retention {
 public:
  /// `runs` is absolute. Requires: store outlives it.
  Retention(const Keep& keep, const Store& store, std::string sweep, std::filesystem::path runs);

  /// What has ended before this controller came is known, and which trials have folders; nothing is removed.
  void remember(const Study& study);
  /// Whether there may be files that should have gone with the end of this trial or of a better one: the controller of
  /// then may have been killed before. Looks at the trial's folder alone, if remember() saw one. Requires: remember().
  bool may_have_left(const Study& study, std::uint64_t index) const;
  /// Removes them, unless the trial ran in another sweep as well: they may be that one's. Requires: the trial is
  /// locked.
  void remove_left(const Study& study, std::uint64_t index) const;
  /// Trial `index` has just ended: removes what is not to be kept, of it and of a trial that it drove from the best.
  void ended(const Study& study, std::uint64_t index);

 private:
  bool keeps_last(const TrialState& trial) const;
  bool is_best(const Study& study, const TrialState& trial) const;
  std::filesystem::path folder_of(const TrialState& trial) const;
  bool ran_elsewhere(const std::string& trial) const;
  void remove(const TrialState& trial, const std::string& kind) const;
  /// Takes the trial among the best; returns the one that is no longer one of them.
  std::optional<std::uint64_t> place(const Study& study, const TrialState& trial);

  Keep keep_;
  const Store& store_;
  std::string sweep_;
  std::filesystem::path runs_;
  std::set<std::pair<double, std::uint64_t>> best_;  ///< (value, smaller is better; index), at most keep_.best
  std::set<std::string> with_folder_;  ///< trials, when remember() looked: a look for each would take 0.4 s of 100,000
};

}  // namespace sweep
