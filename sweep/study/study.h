// The state of a sweep as a fold of its events: Study s; for (event) s.apply(event). No file, no clock, no process.
// Leaderboard, resume and replay all read this one state. dispatch/ applies an event only after store/ has recorded it.
// What happens next is decide.h; how one trial's numbers are folded is numbers.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "protocol/event.h"
#include "protocol/outcome.h"
#include "protocol/trial_document.h"

namespace sweep {

/// Trial `index` has these values; the first event of every trial. Trials are planned in index order, 0, 1, 2, …
struct TrialPlanned {
  std::uint64_t index = 0;
  std::uint32_t replicate = 0;
  std::string trial;  ///< id
  core::Json config;
  std::uint32_t seed = 0;
  std::optional<std::uint64_t> repeats_index;  ///< the earlier index that drew the same trial
};

/// An attempt was ordered; it may or may not have started when the controller died.
struct AttemptOrdered {
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;  ///< 0, 1, 2, … within the trial
  std::string slot;           ///< "cpu:0", "GPU-5f3c…/0"
  std::string device;         ///< "cpu" or "cuda"
  std::string resume_file;    ///< checkpoint's file name; empty for the beginning
  std::string reason;         ///< why now, in words
};

struct TrainerSaid {
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  protocol::Event event;
};

struct AttemptEnded {
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  protocol::Outcome outcome = protocol::Outcome::kFailed;
  std::string detail;  ///< one line for people: exit code or signal, last line of stderr
  double seconds = 0;
  bool asked_again = false;  ///< exit code 75 without having been stopped: the program wants another attempt
};

/// The trial's result is known from another sweep of this store; it does not run. The result is folded anew under this
/// sweep's metric and kept here, so that a sweep can be read without the others.
struct TrialReused {
  std::uint64_t index = 0;
  std::string from_sweep;
  std::uint64_t from_index = 0;
  protocol::Outcome outcome = protocol::Outcome::kCompleted;
  std::string detail;
  std::optional<double> value;
  std::optional<std::uint64_t> epoch, step;
  std::map<std::string, double> at_value, final_values;
  std::uint64_t last_step = 0;
  std::string weights_sha256;
};

using StudyEvent = std::variant<TrialPlanned, AttemptOrdered, TrainerSaid, AttemptEnded, TrialReused>;

std::uint64_t trial_index(const StudyEvent& event);

enum class Phase {
  kWaiting,  ///< planned, and not running now
  kRunning,  ///< an attempt was ordered and has not ended
  kEnded,    ///< has an outcome
};

/// One attempt, for `sweep show`.
struct AttemptState {
  std::uint32_t attempt = 0;
  std::string slot, device;
  std::uint64_t resumed_from = 0;
  core::Json environment;  ///< as the trainer said in `started`
  std::optional<protocol::Outcome> outcome;
  std::string detail, reason;
  double seconds = 0;
  std::uint64_t checkpoint_before = 0;  ///< step of the checkpoint that was there when it was ordered
  bool asked_again = false;             ///< see AttemptEnded
};

struct TrialState {
  std::uint64_t index = 0;
  std::uint32_t replicate = 0;
  std::string trial;
  core::Json config;
  std::uint32_t seed = 0;
  std::optional<std::uint64_t> repeats_index;  ///< this trial never runs: it ends as, and with, that one

  Phase phase = Phase::kWaiting;
  std::optional<protocol::Outcome> outcome;  ///< when ended
  std::string detail;
  std::optional<double> value;  ///< of the sweep's metric, reduced: best (earliest step wins a tie) or last
  std::optional<std::uint64_t> epoch, step;    ///< where `value` was reached
  std::map<std::string, double> at_value;      ///< the other metrics of that step
  std::map<std::string, double> final_values;  ///< last value of every metric (test_accuracy among them)
  std::uint64_t last_step = 0;
  std::string weights_sha256;
  std::optional<protocol::Checkpoint> checkpoint;  ///< newest `last` that the store holds: where a resume goes on
  std::vector<AttemptState> attempts;
  std::string finding;             ///< where two attempts disagree: the first such place, in words
  std::string reused_from;         ///< sweep id; empty where the trial ran here
  std::uint64_t reused_index = 0;  ///< its index there
  double seconds = 0;              ///< of all attempts
};

class TrialNumbers;

class Study {
 public:
  explicit Study(std::optional<protocol::Metric> metric);
  ~Study();
  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;

  /// Requires: the events of one sweep, in the order in which they were recorded.
  void apply(const StudyEvent& event);

  const std::optional<protocol::Metric>& metric() const { return metric_; }
  const std::vector<TrialState>& trials() const { return trials_; }  ///< by index: trials()[i].index == i
  const TrialState* find(std::uint64_t index) const;

  /// Planned trials that wait for a slot, repeats not among them; by index.
  const std::set<std::uint64_t>& waiting() const { return waiting_; }
  const std::set<std::uint64_t>& running() const { return running_; }
  std::uint64_t ended() const { return ended_; }  ///< how many, repeats among them
  /// The index that first drew this trial.
  std::optional<std::uint64_t> index_of(const std::string& trial) const;
  /// The best ended trial that may be ranked; null where there is none.
  const TrialState* best() const;
  /// The trials that changed since the last call, by index.
  std::set<std::uint64_t> take_changed() { return std::exchange(changed_, {}); }

 private:
  void apply_planned(const TrialPlanned& event);
  void apply_ordered(const AttemptOrdered& event);
  void apply_said(const TrainerSaid& event);
  void apply_attempt_ended(const AttemptEnded& event);
  void apply_reused(const TrialReused& event);
  void end(TrialState& trial);
  TrialState& at(std::uint64_t index);

  std::optional<protocol::Metric> metric_;
  std::vector<TrialState> trials_;
  std::map<std::uint64_t, std::unique_ptr<TrialNumbers>> numbers_;  ///< of trials that have started and not ended
  std::set<std::uint64_t> waiting_, running_;
  std::uint64_t ended_ = 0;
  std::set<std::uint64_t> changed_;
  std::optional<std::uint64_t> best_;
  std::map<std::string, std::uint64_t> first_index_;             ///< by trial id
  std::map<std::uint64_t, std::vector<std::uint64_t>> repeats_;  ///< by the index that runs for them
};

}  // namespace sweep
