// The state of a sweep as a fold of its events: Study s; for (event) s.apply(event). No file, no clock, no process.
// Leaderboard, resume and replay all read this one state. dispatch/ applies an event only after store/ has recorded it.
// What happens next is decide.h; how one trial's numbers are folded is numbers.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "core/rare.h"
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
  bool asked_again = false;   ///< exit code 75 without having been stopped: the program wants another attempt
  std::uint32_t retries = 1;  ///< how many counted tries the sweep allowed beyond the first, when this one ended
  bool shared_gpu = false;    ///< another trial ran on its GPU at some time during it
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

/// A trial that had ended waits again, and those that repeat it. Its counted tries begin anew. One that crashed, failed
/// or was ended for what it took goes on from its checkpoint; one with a result, or without its metric, begins anew.
struct TrialReopened {
  std::uint64_t index = 0;
  std::string reason;  ///< in words, not empty
};

/// The guard (Study::guard) has spoken and is to be passed over: the sweep goes on.
struct GuardLifted {
  std::uint64_t index = 0;  ///< of the last trial that it looked at
};

using StudyEvent =
    std::variant<TrialPlanned, AttemptOrdered, TrainerSaid, AttemptEnded, TrialReused, TrialReopened, GuardLifted>;

std::uint64_t trial_index(const StudyEvent& event);

enum class Phase : unsigned char {
  kWaiting,  ///< planned, and not running now
  kRunning,  ///< an attempt was ordered and has not ended
  kEnded,    ///< has an outcome
};

/// As the store spells it.
std::string_view name(Phase phase);

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
  std::uint32_t retries = 1;            ///< see AttemptEnded
  bool shared_gpu = false;
};

/// Of a hundred thousand trials each cache line counts. What the rules ask of every trial comes first and shares one;
/// what a leaderboard asks of every trial beside that shares the next.
struct alignas(64) TrialState {
  std::uint64_t index = 0;
  std::optional<std::uint64_t> repeats_index;  ///< this trial never runs: it ends as, and with, that one
  Phase phase = Phase::kWaiting;
  std::optional<protocol::Outcome> outcome;  ///< when ended
  bool is_forgotten = false;                 ///< see Study::forget
  bool wrote_checkpoints = false;            ///< announced one of any kind; of a restored trial: it may have
  std::optional<double> value;  ///< of the sweep's metric, reduced: best (earliest step wins a tie) or last
  core::Json config;

  std::string trial;
  double seconds = 0;                                  ///< of all attempts
  core::Rare<std::string> reused_from;                 ///< sweep id; empty where the trial ran here
  core::Rare<std::map<std::string, double>> at_value;  ///< the other metrics of the step at which `value` was reached
  core::Rare<std::map<std::string, double>> final_values;  ///< last value of every metric (test_accuracy among them)

  std::uint32_t replicate = 0;
  std::uint32_t seed = 0;
  std::string detail;
  std::optional<std::uint64_t> epoch, step;  ///< where `value` was reached
  std::uint64_t last_step = 0;
  std::string weights_sha256;
  std::shared_ptr<const protocol::Checkpoint> checkpoint;  ///< newest `last` that the store holds: where a resume goes
                                                           ///< on; null: none
  std::vector<AttemptState> attempts;
  core::Rare<std::string> finding;   ///< where two attempts disagree: the first such place, in words
  core::Rare<std::string> reopened;  ///< why it was reopened last; empty where it never was
  std::uint64_t reused_index = 0;    ///< its index in the sweep `reused_from`
  std::size_t tries_from = 0;        ///< the attempt from which tries are counted
};

/// By what the trials of a sweep are judged.
struct Terms {
  std::optional<protocol::Metric> metric;
  std::optional<double> target;       ///< of the metric: the first trial by index that reaches it ends the sweep
  std::uint32_t repeats = 1;          ///< trials of one configuration, which stand beside each other by index
  std::optional<std::uint64_t> last;  ///< no later index counts, whatever its value: where the sweep ended by others
  std::optional<std::uint64_t> max_failures;  ///< so many trials that failed, by index, end the sweep
  std::uint64_t guarded = 0;                  ///< the guard looks at so many trials, the first ones; 0: there is none
  bool alone = false;  ///< of a sweep this is one trial: nobody knows whether it lay beyond the bound when it ended
};

/// How many trials the guard looks at. A sweep that has no more has none: there would be nothing left to save.
inline constexpr std::uint64_t kGuardedTrials = 5;

/// Why no trial beyond Study::bound counts.
enum class BoundCause {
  kTarget,    ///< the metric's target was reached
  kFailures,  ///< max_failures
  kGiven,     ///< Terms::last
};

/// What the guard says: the first trials all failed in one way.
struct GuardFinding {
  std::uint64_t trials = 0;  ///< how many
  std::uint64_t last = 0;    ///< index of the last of them
  protocol::Outcome outcome = protocol::Outcome::kFailed;
  std::string detail;  ///< of the first
};

/// Whether an ended trial counts towards max_failures: it has no rank. `diverged` is a result, and a repeat is no trial
/// of its own.
bool is_failure(const TrialState& trial);

class TrialNumbers;

/// By index. (A vector that grows holds all of them twice.)
using Trials = std::pmr::deque<TrialState>;

class Study {
 public:
  explicit Study(std::optional<protocol::Metric> metric);
  /// Requires: repeats ≥ 1.
  explicit Study(Terms terms);
  ~Study();
  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;

  /// Requires: the events of one sweep, in the order in which they were recorded.
  void apply(const StudyEvent& event);

  /// Of a trial that has ended, drops what no rule needs any more: configuration, attempts, metrics but the sweep's
  /// own, digest of the weights. A sweep of a hundred thousand trials then fits into little memory. Trials that failed
  /// or were ended stay whole: they may be reopened.
  void forget(std::uint64_t index);
  /// Takes an ended, forgotten trial as it stood, in the place of its events. Requires: it is the next index.
  void restore(TrialState&& trial);
  /// Takes the trial of `alone`, the fold of its events by themselves (Terms::alone), in the place of these. `outcome`:
  /// with which it ended, if it has. Requires: `alone` has one trial, which draws no earlier one again.
  void adopt(Study alone, std::optional<protocol::Outcome> outcome = {}, const std::string& detail = {});
  /// Gives a forgotten trial back what was dropped. Requires: `trial` is the same, whole.
  void fill(TrialState trial);

  const Terms& terms() const { return terms_; }
  const std::optional<protocol::Metric>& metric() const { return terms_.metric; }
  const Trials& trials() const;  ///< by index: trials()[i].index == i
  const TrialState* find(std::uint64_t index) const;

  /// What a trial that has not ended gave of the sweep's metric up to `step`, by step; empty where it has no attempts.
  std::map<std::uint64_t, double> metric_up_to(std::uint64_t index, std::uint64_t step) const;

  /// Planned trials that wait for a slot; by index. Repeats are not among them, nor what does not count.
  const std::set<std::uint64_t>& waiting() const { return waiting_; }
  const std::set<std::uint64_t>& running() const { return running_; }  ///< those that do not count among them
  std::uint64_t ended() const { return ended_; }        ///< how many of those that count, repeats among them
  std::uint64_t unranked() const { return unranked_; }  ///< how many of these with an outcome that is never ranked

  /// The smallest index that has reached the target or max_failures so far, with repeats the last one of its
  /// configuration. The sweep ends there or earlier. Only a trial that may be ranked reaches the target; of a
  /// configuration the mean, once all its trials have ended so. The n-th trial by index that failed (is_failure)
  /// reaches max_failures.
  std::optional<std::uint64_t> bound() const { return bound_; }
  BoundCause bound_cause() const { return bound_cause_; }  ///< Requires: bound()
  /// Whether the trial lies beyond the bound: it is kept, and stands in no table.
  bool is_surplus(std::uint64_t index) const { return bound_ && index > *bound_; }
  /// Of a sweep of `trials` trials those that are to end: all, or those up to the bound.
  std::uint64_t wanted(std::uint64_t trials) const;
  /// Whether all of these have ended.
  bool finished(std::uint64_t trials) const { return ended_ == wanted(trials); }
  /// The index at which the sweep ended: the bound, when all trials up to it have ended. It follows from file, seed and
  /// trainer, not from who finished first.
  std::optional<std::uint64_t> ended_at() const;
  /// Whether the first trials, by index, have all failed in the same way (signature.h); nothing once that was passed
  /// over. Then nothing new is to start. It is no bound: what runs goes on, and counts.
  const std::optional<GuardFinding>& guard() const { return guard_; }

  /// The index that first drew this trial.
  std::optional<std::uint64_t> index_of(const std::string& trial) const;
  /// The best ended trial that may be ranked; null where there is none. With repeats: the first trial of the best
  /// configuration.
  const TrialState* best() const;
  std::optional<double> best_value() const;  ///< with repeats the mean
  /// The trials that changed since the last call, by index.
  std::set<std::uint64_t> take_changed() { return std::exchange(changed_, {}); }

 private:
  struct Kept;  ///< the trials, and the memory in which they are

  void apply_planned(const TrialPlanned& event);
  void apply_ordered(const AttemptOrdered& event);
  void apply_said(const TrainerSaid& event);
  void apply_attempt_ended(const AttemptEnded& event);
  void apply_reused(const TrialReused& event);
  void apply_reopened(const TrialReopened& event);
  void apply_lifted(const GuardLifted& event);
  void wait_again(TrialState& trial);
  void end(TrialState& trial);
  void count_end(const TrialState& trial);
  void judge(std::uint64_t index);
  void judge_failure(std::uint64_t index);
  void look_at_guard();
  void lower_bound(std::uint64_t index, BoundCause cause);
  bool holds_bound(std::uint64_t index) const;
  void find_bound();
  void count_up_to_bound();
  void take_back(const TrialState& trial);
  void take_back_end(const TrialState& trial);
  void count_anew();
  void find_best() const;
  void consider_best(std::uint64_t index, double value) const;
  std::optional<double> configuration_value(std::uint64_t first) const;
  TrialState& at(std::uint64_t index);

  Terms terms_;
  std::unique_ptr<Kept> kept_;
  std::map<std::uint64_t, std::unique_ptr<TrialNumbers>> numbers_;  ///< of trials that may go on where they stand
  std::set<std::uint64_t> waiting_, running_;
  std::uint64_t ended_ = 0, unranked_ = 0;
  std::set<std::uint64_t> changed_;
  std::optional<std::uint64_t> bound_;
  BoundCause bound_cause_ = BoundCause::kGiven;
  std::set<std::uint64_t> failures_;  ///< by index, those that may reach max_failures: never more than that
  std::optional<GuardFinding> guard_;
  std::optional<std::uint64_t> guard_lifted_;  ///< up to this index
  mutable std::optional<std::uint64_t> best_;
  mutable std::optional<double> best_value_;
  mutable bool is_best_known_ = true;                                   ///< else who asks has it looked for
  mutable std::unordered_map<std::string, std::uint64_t> first_index_;  ///< by trial id, of the first `indexed_` trials
  mutable std::uint64_t indexed_ = 0;
  std::map<std::uint64_t, std::vector<std::uint64_t>> repeats_;  ///< all of them, by the index that runs for them
};

}  // namespace sweep
