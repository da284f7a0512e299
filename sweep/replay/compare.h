// Two records of one trial, compared bit for bit: metrics, every step's fingerprints, the final weights' digest. Called
// by replay/replay.h while the second one is being made, and by tests. Pure: no process, no file, no clock.
//
// How the events were cut into lines, in how many attempts they came, and checkpoints (they follow the clock) are no
// part of a comparison.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "protocol/event.h"
#include "sweep/study/study.h"

namespace sweep {

/// Metrics by step; a program that comes to a step again gives another line of it (metric_lines.h).
using MetricLines = std::map<std::uint64_t, std::vector<std::map<std::string, double>>>;

/// The stream of events of a trial that counts: the last attempt's, continued backwards from the step that its
/// `started` names in resumed_from. Ordered by what happened, not by attempt.
struct TrialRecord {
  std::string trainer;                              ///< identity, as the last attempt said it
  core::Json environment = core::Json::object();    ///< as the last attempt said it
  std::string numerics = "portable-1";              ///< set by the caller
  std::optional<protocol::Outcome> outcome;         ///< of the trial; set by the caller, nothing while it goes on
  std::map<std::uint64_t, protocol::Trace> traces;  ///< by first step; they do not overlap
  MetricLines metrics;
  std::optional<protocol::Finished> finished;
  bool printed = false;  ///< its metrics were read from what the program prints
  bool cut = false;      ///< set by the caller: it was stopped because two of its attempts disagreed

  /// Requires: `said` by attempt, and in each as it came. Printed metrics that were overruled do not count.
  static TrialRecord from_attempts(const std::vector<TrainerSaid>& said);
  /// The trace that holds `step`, or nullptr.
  const protocol::Trace* trace_at(std::uint64_t step) const;
  /// Whether the record goes to the trial's end, so that less than it is a difference.
  bool complete() const { return outcome && protocol::info(*outcome).determined && !cut; }
  /// Whether more than it is a difference, too. Not where the program died: how much of what it had done was out by
  /// then is no part of the result.
  bool closed() const { return complete() && outcome != protocol::Outcome::kFailed; }

 private:
  void add(const protocol::Event& event);
  void forget_after(std::uint64_t step);
};

enum class Verdict { kIdentical, kDifferent, kNotComparable, kIncomplete };
std::string_view name(Verdict verdict);  ///< "identical", "different", "not comparable", "incomplete": on disk
int exit_code(Verdict verdict);

/// One thing that is not the same.
struct Difference {
  enum class Kind { kBatch, kWeights, kMetric, kEnd };  ///< in the order in which one causes the other

  std::uint64_t step = 0;
  Kind kind = Kind::kEnd;
  std::string what;                  ///< "batch", "weights of fc1.weight", "metric val_loss", "weights_sha256", …
  std::string recorded, replayed;    ///< in full; "absent" where one side has nothing
  std::optional<std::uint64_t> ulp;  ///< metrics, both finite: how many doubles lie between them

  /// "step 12: metric val_loss: recorded …, replayed …, 3 ulp apart"
  std::string text() const;
};

/// What was looked at.
struct Compared {
  std::uint64_t steps = 0;         ///< with fingerprints
  std::uint64_t tensors = 0;       ///< fingerprinted at each of them
  std::uint64_t fingerprints = 0;  ///< of weights and batches
  std::uint64_t metrics = 0;       ///< values
  std::uint64_t digests = 0;       ///< final weights: 0 or 1
};

struct Comparison {
  Verdict verdict = Verdict::kIncomplete;
  Compared compared;
  std::vector<Difference> differences;  ///< by step; the first only, unless all were asked for
  std::vector<std::string> reasons;     ///< why not comparable or incomplete, a sentence each

  core::Json to_json() const;
};

/// Compares a stream of replayed events with a record as they arrive.
class Comparator {
 public:
  /// `all`: go on after the first difference.
  Comparator(TrialRecord recorded, bool all) : recorded_(std::move(recorded)), all_(all) {}

  /// False once nothing more needs to be replayed: the first difference is known (and `all` is off), no claim is
  /// possible, or the record goes no further. A difference counts as the first only when the fingerprints of every step
  /// before it have been seen.
  bool add(const protocol::Event& replayed);

  /// The last replayed step with fingerprints.
  std::uint64_t traced_until() const { return traced_until_; }

  /// The verdict. `ended`: how the replay ended; nothing where it was stopped from outside. Requires: called once,
  /// last.
  Comparison finish(std::optional<protocol::Outcome> ended, const std::string& detail);

 private:
  void compare(const protocol::Event& replayed);
  void add_started(const protocol::Started& replayed);
  void add_trace(const protocol::Trace& replayed);
  void compare_step(std::uint64_t step, const protocol::Trace* recorded, const protocol::Trace& replayed);
  void add_metrics(const protocol::MetricValues& replayed);
  void add_finished(const protocol::Finished& replayed);
  void find_missing(protocol::Outcome ended);
  void differ(Difference difference);

  TrialRecord recorded_;
  bool all_;
  std::uint64_t traced_until_ = 0;
  MetricLines replayed_metrics_;
  std::vector<protocol::Event> printed_;  ///< not compared yet: an event of the program's own would overrule them
  bool replayed_finished_ = false;
  bool past_record_ = false;  ///< the record, which has no end, has been compared whole
  Comparison comparison_;
};

/// How many representable doubles lie between two finite ones, in steps: 0 for the same value (also 0.0 and -0.0).
std::uint64_t ulp_distance(double a, double b);

}  // namespace sweep
