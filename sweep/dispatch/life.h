// The life of an attempt as a coroutine, for loop.cpp and attempt.cpp. Reads top to bottom in life.cpp.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/clock.h"
#include "sweep/launch/launcher.h"

namespace sweep {

/// Stops an attempt from outside; lives as long as the coroutine.
class AttemptControl {
 public:
  /// The ladder of Process::stop. Also before the process is there: it is then stopped as soon as it is.
  void stop(double grace_s);
  bool stopped() const { return stopped_; }
  void attach(Process* process);

 private:
  Process* process_ = nullptr;
  bool stopped_ = false;
  double grace_s_ = 0;
};

/// Puts together what the start needs of `request`, ahead of live(), which else does it. Touches no file.
void put_together(AttemptRequest& request);

/// Writes the files of the attempt, starts the process, gives its events to `on_events`, and says how it ended.
/// Everything passed by reference outlives the coroutine. `prepared`: of `request.order`, by `launcher`.
boost::asio::awaitable<AttemptResult> live(Launcher& launcher, const Clock& clock, const AttemptRequest& request,
                                           const OnEvents& on_events, AttemptControl& control,
                                           std::unique_ptr<Process> prepared = nullptr);

/// "SWEEP_MARKER=…": what every process of the attempt carries in its environment, and no other: it follows from the
/// attempt's folder.
std::string attempt_marker(const std::filesystem::path& attempt_folder);

/// The outcome of an attempt that ran to its end, under a metric: `no_metric` where it was never seen, `diverged` where
/// its last value is not finite.
protocol::Outcome judge_metric(protocol::Outcome said, const std::optional<protocol::Metric>& metric,
                               std::optional<double> last_value);
/// What a person is told of `diverged` where the program did not say it, and of `no_metric`.
std::string diverged_detail(const protocol::Metric& metric);
std::string no_metric_detail(const protocol::Metric& metric);

}  // namespace sweep
