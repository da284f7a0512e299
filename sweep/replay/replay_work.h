// Many replays in the slots of a sweep: of a whole sweep (`sweep replay --all`), or of a sample while it runs (`sweep
// run --audit`). The loop of dispatch/ runs them (dispatch/spare.h); each verdict is recorded as it comes. Audits run
// where no trial would, on another GPU than the trial where there are several, and write nothing that a table is made
// of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/permutation.h"
#include "sweep/dispatch/spare.h"
#include "sweep/replay/replay.h"

namespace sweep {

/// The first `size` of the numbers 0 … count−1 in an order that follows from `seed` alone.
std::vector<std::uint64_t> sample(std::uint64_t seed, std::uint64_t count, std::uint64_t size);

/// Called with each verdict as it is known; may be empty.
using OnReplayed = std::function<void(const Replayed&)>;

/// What both have in common: a list of trials, each replayed once.
class ReplayWork : public SpareWork {
 public:
  bool wants(const Study& study, const Slot& slot, bool last) override;
  SpareJob take(const Study& study, const Slot& slot, bool last) override;

  /// In the order in which they came.
  const std::vector<Replayed>& replayed() const { return replayed_; }
  /// How many trials were not replayed.
  std::size_t left() const { return due_.size(); }

 protected:
  ReplayWork(Store& store, OnReplayed on_replayed) : store_(store), on_replayed_(std::move(on_replayed)) {}

  /// The due trial that may run in this slot now.
  virtual std::optional<std::uint64_t> choose(const Study& study, const Slot& slot, bool last) = 0;
  virtual PendingReplay make(const Study& study, std::uint64_t index) = 0;
  void add(Replayed replayed);
  void add_due(std::uint64_t index) { due_.insert(index); }
  void drop_due(std::uint64_t index) { due_.erase(index); }
  const std::set<std::uint64_t>& due() const { return due_; }
  Store& store() const { return store_; }

 private:
  Store& store_;
  OnReplayed on_replayed_;
  std::set<std::uint64_t> due_;  ///< by index
  std::vector<Replayed> replayed_;
};

/// Every trial of a recorded sweep that has ended, or a seeded sample of them; of those that draw the same trial again
/// the first. Results that the sweep took from another one are replayed against the record there.
class ReplayOfSweep : public ReplayWork {
 public:
  /// `size`: of the sample; nothing: all. `only`: of these trials, by index; empty: of all. Trials whose own sweep
  /// cannot be prepared here (its data is gone) are `not comparable` at once.
  ReplayOfSweep(Store& store, const SweepRecord& sweep, const Study& study, const ReplayOptions& options,
                std::optional<std::uint64_t> size, OnReplayed on_replayed, const std::set<std::uint64_t>& only = {});

  /// Of the sweep itself, for the loop. Errors: as prepare_recorded().
  const Prepared& prepared() { return sweeps_.prepared(sweep_); }
  /// Trials of the sweep that have not ended.
  std::uint64_t unended() const { return unended_; }

 private:
  std::optional<std::uint64_t> choose(const Study& study, const Slot& slot, bool last) override;
  PendingReplay make(const Study& study, std::uint64_t index) override;
  void refuse_unprepared(const Study& study);
  std::string problem_with(const std::string& sweep);

  SweepRecord sweep_;
  ReplayOptions options_;
  RecordedSweeps sweeps_;
  std::uint64_t unended_ = 0;
};

/// A seeded sample of a running sweep's trials, each after it has ended with a result, which may be one that another
/// sweep made. What was audited before is not audited again. Where nothing of the sample has a result, another trial
/// that has one stands for it when the sweep is over.
class Audit : public ReplayWork {
 public:
  /// `share`: of the sweep's trials, 0 < share ≤ 1; at least one. `prepared` outlives it.
  Audit(Store& store, const Prepared& prepared, double share, std::filesystem::path runs, OnReplayed on_replayed);

  /// Of the sample, the trials that have ended so that they can be audited, and were not yet.
  std::size_t left(const Study& study);

 private:
  bool is_done(const TrialState& trial) const;
  void find_due(const Study& study);
  void find_one_due(const Study& study);
  std::size_t ready(const Study& study) const;  // due trials that can be audited now
  Origin origin_of(const Study& study, std::uint64_t index);
  std::optional<std::uint64_t> choose(const Study& study, const Slot& slot, bool last) override;
  PendingReplay make(const Study& study, std::uint64_t index) override;
  const std::string& recorded_gpu(const Study& study, std::uint64_t index);

  const Prepared& prepared_;
  std::filesystem::path runs_;
  RecordedSweeps sweeps_;    ///< those that made results which this one took
  core::Permutation order_;  ///< of the sweep's trials: the first ones are the sample
  std::uint64_t size_;       ///< of the sample
  /// Audited before: the sweep that made the record, and the trial.
  std::set<std::pair<std::string, std::string>> done_;
  bool has_begun_ = false;                     ///< an audit of this run
  std::uint64_t looked_until_ = 0;             ///< trials that were planned when find_due() looked last
  std::map<std::uint64_t, std::string> gpus_;  ///< on which trials ran, once asked
};

}  // namespace sweep
