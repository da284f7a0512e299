// A random story of a sweep, drawn from a fixed seed: all that may happen to trials, in an order in which it may
// happen. Every event is recorded in a store and folded, as the loop does it. For the tests of what a store says of a
// sweep.
#pragma once

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "sweep/dispatch/dispatcher.h"
#include "sweep/study/decide.h"
#include "tests/sweep/study/events.h"

class RandomStory {
 public:
  using Outcome = protocol::Outcome;

  RandomStory(sweep::Store& store, std::uint64_t seed) : store_(store), engine_(seed) {
    record_.id = "a1b2c3d4e5f60718";
    record_.method = "grid";
    record_.overrides = core::Json::object();
    record_.repeats = one_in(3) ? 2 + static_cast<std::uint32_t>(below(2)) : 1;
    record_.trials = record_.repeats * (2 + below(14));
    if (!one_in(6)) {
      const auto goal = one_in(2) ? protocol::Goal::kMaximize : protocol::Goal::kMinimize;
      record_.metric = protocol::Metric{"loss", goal, one_in(3) ? protocol::Reduce::kLast : protocol::Reduce::kBest};
      if (one_in(2)) record_.target = goal == protocol::Goal::kMaximize ? 6 : 2;
    }
    record_.text = R"({"method": "grid", "command": ["x"], "parameters": {"x": {"values": [1]}})";
    if (one_in(3)) record_.text += R"(, "resources": {"max_failures": )" + std::to_string(1 + below(4)) + "}";
    record_.text += "}";
    kind_of_end_ = below(3);
    has_traces_ = one_in(2);
    store_.add_sweep(record_);
    folds_.emplace_back(sweep::terms_of(record_));
  }

  const sweep::SweepRecord& record() const { return record_; }
  const sweep::Study& whole() const { return folds_.front(); }
  bool has_traces() const { return has_traces_; }
  /// Folds what comes from now on into this one as well, as another controller would that has just loaded it: it
  /// reopens only what it has run itself.
  sweep::Study& follow(sweep::Study loaded) {
    for (const sweep::TrialState& trial : whole().trials())
      if (trial.phase == sweep::Phase::kEnded) closed_.insert(trial.index);
    return folds_.emplace_back(std::move(loaded));
  }

  /// One thing happens, if it can.
  void happen() {
    switch (below(10)) {
      case 0:
        return plan();
      case 1:
      case 2:
        return order();
      case 3:
      case 4:
      case 5:
        return say();
      case 6:
      case 7:
        return end();
      case 8:
        return kind_of_end_ != 1 ? reuse() : one_in(4) ? pass_guard() : end();
      default:
        return one_in(3) ? reopen() : order();
    }
  }

 private:
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::uint64_t one_of(const std::set<std::uint64_t>& indices) {
    return *std::next(indices.begin(), static_cast<std::ptrdiff_t>(below(indices.size())));
  }
  const sweep::TrialState& trial(std::uint64_t index) const { return *whole().find(index); }

  void apply(const sweep::StudyEvent& event) {
    store_.append(record_.id, ++time_ms_, {event}, folds_.front());
    for (std::size_t i = 1; i < folds_.size(); ++i) folds_[i].apply(event);
  }

  // A configuration with all its replicates; it may draw an earlier one again.
  void plan() {
    const std::uint64_t first = whole().trials().size();
    if (first >= whole().wanted(record_.trials)) return;
    std::optional<std::uint64_t> earlier;
    if (first > 0 && one_in(4)) earlier = below(first / record_.repeats) * record_.repeats;
    if (earlier) earlier = trial(*earlier).repeats_index.value_or(*earlier);
    for (std::uint32_t replicate = 0; replicate < record_.repeats; ++replicate) {
      sweep::TrialPlanned event =
          earlier ? events::repeat(first + replicate, *earlier + replicate) : events::planned(first + replicate);
      event.replicate = replicate;
      event.seed = static_cast<std::uint32_t>(below(1000));
      if (earlier) event.seed = trial(*earlier + replicate).seed;
      event.config = {{"x", earlier.value_or(first)}};
      apply(event);
    }
  }

  void order() {
    if (whole().waiting().empty()) return plan();
    const std::uint64_t index = one_of(whole().waiting());
    sweep::AttemptOrdered event = events::ordered(index, static_cast<std::uint32_t>(trial(index).attempts.size()));
    if (trial(index).checkpoint && !one_in(4)) event.resume_file = trial(index).checkpoint->file;
    apply(event);
  }

  void say() {
    if (whole().running().empty()) return order();
    const std::uint64_t index = one_of(whole().running());
    const auto attempt = static_cast<std::uint32_t>(trial(index).attempts.size() - 1);
    const std::uint64_t step = trial(index).last_step + below(3);
    double value = static_cast<double>(below(9));
    if (one_in(12))
      value = one_in(2) ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    switch (below(12)) {
      case 0:
        return apply(events::started(index, attempt, trial(index).attempts.back().resumed_from));
      case 1:
      case 2:
        return apply(events::checkpoint(index, attempt, step));
      case 3:
        if (!has_traces_) return;
        return apply(events::trace(index, attempt, step + 1, step));
      case 4:
        return apply(events::printed(index, attempt, step, value));
      default:
        return apply(events::metric(index, attempt, step, value));
    }
  }

  void end() {
    if (whole().running().empty()) return order();
    const std::uint64_t index = one_of(whole().running());
    const auto attempt = static_cast<std::uint32_t>(trial(index).attempts.size() - 1);
    const bool fails_alike = kind_of_end_ == 1 && !one_in(20);
    if (!fails_alike && one_in(6)) {
      apply(events::asked_again(index, attempt));
      return;
    }
    // In some stories most trials end well, in some most fail alike.
    const auto& all = protocol::outcomes();
    Outcome outcome = all[below(all.size())].outcome;
    if (kind_of_end_ == 0 && !one_in(4)) outcome = Outcome::kCompleted;
    if (fails_alike) outcome = Outcome::kFailed;
    sweep::AttemptEnded event = events::ended(index, attempt, outcome);
    event.detail = fails_alike || (outcome == Outcome::kFailed && one_in(2)) ? "exit code 1"
                   : one_in(2)                                               ? ""
                                                                             : "another " + std::to_string(below(3));
    event.seconds = static_cast<double>(below(100)) / 7;
    event.retries = static_cast<std::uint32_t>(below(3));
    event.shared_gpu = one_in(3);
    apply(event);
  }

  void reuse() {
    if (whole().waiting().empty()) return plan();
    const std::uint64_t index = one_of(whole().waiting());
    if (!trial(index).attempts.empty() || !trial(index).reopened->empty()) return;
    sweep::TrialReused event;
    event.index = index;
    event.from_sweep = "b1b2c3d4e5f60718";
    event.from_index = below(5);
    event.outcome = one_in(4) ? Outcome::kDiverged : Outcome::kCompleted;
    event.value = static_cast<double>(below(9));
    event.step = event.last_step = below(9);
    event.final_values = {{"loss", *event.value}};
    apply(event);
  }

  void reopen() {
    std::set<std::uint64_t> may;
    for (const sweep::TrialState& one : whole().trials())
      if (one.phase == sweep::Phase::kEnded && !one.repeats_index && may_be_reopened(one)) may.insert(one.index);
    if (!may.empty()) apply(sweep::TrialReopened{one_of(may), "asked to"});
  }

  bool may_be_reopened(const sweep::TrialState& one) const {
    const bool has_result = protocol::info(*one.outcome).ranked || one.outcome == Outcome::kDiverged;
    return folds_.size() == 1 || (!has_result && !closed_.contains(one.index));
  }

  void pass_guard() {
    if (whole().guard()) apply(sweep::GuardLifted{whole().guard()->last});
  }

  sweep::Store& store_;
  std::mt19937_64 engine_;
  sweep::SweepRecord record_;
  std::vector<sweep::Study> folds_;
  std::set<std::uint64_t> closed_;
  std::uint64_t kind_of_end_ = 0;
  bool has_traces_ = false;
  std::int64_t time_ms_ = 100;
};
