// How long an attempt may run and stay silent: the timers of timeout_s and stall_timeout_s. AttemptLimits is the rule,
// a function of the times it is told; LimitsWatch waits beside a running attempt and acts. Used by life.cpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/outcome.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/clock.h"

namespace sweep {

struct LimitReached {
  protocol::Outcome outcome = protocol::Outcome::kTimedOut;  ///< or kStalled
  std::string detail;
};

class AttemptLimits {
 public:
  AttemptLimits(LimitTimes times, double begun_s) : times_(times), begun_s_(begun_s), heard_s_(begun_s) {}

  /// It gave a sign of life.
  void heard(double now_s) { heard_s_ = now_s; }
  /// The limit that is reached by now; where both are, the one that was reached first.
  std::optional<LimitReached> reached(double now_s) const;
  /// The earliest time at which one could be; nothing: never.
  std::optional<double> due_s() const;

 private:
  LimitTimes times_;
  double begun_s_, heard_s_;
};

/// Asks the rule whenever it may have become true, and calls `on_reached` once, at the first limit. Nothing is called
/// after destruction.
class LimitsWatch {
 public:
  /// `heard_since`: asked before a limit is taken for reached, whether there was a sign of life that nobody told of
  /// (output without a line end). Requires: the clock outlives it.
  LimitsWatch(boost::asio::any_io_executor executor, const Clock& clock, AttemptLimits limits,
              std::function<bool()> heard_since, std::function<void(const LimitReached&)> on_reached);
  ~LimitsWatch();
  LimitsWatch(const LimitsWatch&) = delete;
  LimitsWatch& operator=(const LimitsWatch&) = delete;

  void heard();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sweep
