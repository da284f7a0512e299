// The numbers of one trial that has not ended: which metric lines count, and whether attempts that overlap agree to the
// bit. A part of study.h; nobody else includes it but its tests.
//
// The stream that counts is the last attempt's, continued backwards from the step that its `started` names. What was
// read from a program's output counts until the program sends an event of its own (printed.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event.h"
#include "sweep/study/study.h"

namespace sweep {

class TrialNumbers {
 public:
  explicit TrialNumbers(std::optional<protocol::Metric> metric) : metric_(std::move(metric)) {}

  /// Another attempt has been ordered.
  void begin_attempt() {
    before_printed_.reset();
    has_gone_on_ = false;
  }
  /// Before each event of the attempt: whether it was read from what the program prints. The first one that was not
  /// takes back all that were.
  void hear(bool printed);
  /// An attempt goes on from `resumed_from`: what earlier ones gave after that step counts no more, and is what this
  /// one must give again.
  void go_on(std::uint64_t resumed_from);
  /// Whether go_on() was called in the present attempt, by what counts of it: what was printed and overruled does not.
  bool has_gone_on() const { return has_gone_on_; }
  void add(const protocol::MetricValues& values);
  void add(const protocol::Trace& trace);

  /// The first disagreement between two attempts, in words; empty for none.
  const std::string& finding() const { return finding_; }
  /// Of the sweep's metric, by step, what counts up to `step`: the last value of each.
  std::map<std::uint64_t, double> values_up_to(std::uint64_t step) const;
  /// Writes value, epoch, step, at_value, final_values and last_step.
  void write(TrialState& trial) const;

 private:
  /// A program may count its steps anew, with each epoch say: what names a metric of this step again is another line of
  /// it.
  struct Place {
    std::uint64_t step = 0;
    std::size_t occurrence = 0;
    auto operator<=>(const Place&) const = default;
  };
  struct Line {
    std::optional<std::uint64_t> epoch;
    std::map<std::string, double> values;
  };
  Place place_of(const protocol::MetricValues& values) const;
  void consider(Place place, double value);
  void find_value();
  void disagree(std::uint64_t step, const std::string& what);
  std::uint64_t& fingerprint(std::uint64_t step);

  std::optional<protocol::Metric> metric_;
  std::map<Place, Line> lines_;                 ///< those that count
  std::map<std::string, double> final_values_;  ///< of those
  std::optional<Place> value_place_;
  double value_ = 0;
  std::uint64_t last_step_ = 0;

  std::uint64_t furthest_step_ = 0;  ///< that any attempt gave
  std::uint64_t overlap_until_ = 0;  ///< the present attempt repeats earlier ones up to here
  std::map<std::pair<Place, std::string>, double> given_metrics_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> given_steps_;  ///< in blocks; 0 where nothing was given
  std::string finding_;

  bool has_gone_on_ = false;
  std::shared_ptr<const TrialNumbers> before_printed_;  ///< as all stood when the attempt's first printed event came
};

}  // namespace sweep
