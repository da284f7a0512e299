// One attempt of one trial, from start to outcome: the document is written, the process started, its events read and
// checked, its exit understood. The sweep's loop and replay/ go through the same code; replay/ calls run_attempt().
// Knows no store and no study.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "protocol/outcome.h"
#include "protocol/trial_document.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/launch/launcher.h"

namespace sweep {

/// Seconds of one attempt; nothing: without a limit.
struct LimitTimes {
  std::optional<double> timeout_s;        ///< the longest that it may run
  std::optional<double> stall_timeout_s;  ///< the longest that it may give no sign of life
};

struct AttemptRequest {
  std::vector<std::string> argv;                   ///< argv[0] is a path
  std::string trainer;                             ///< who the program must say it is; empty: anybody
  std::filesystem::path working_folder;            ///< empty: the controller's
  std::map<std::string, std::string> environment;  ///< above what every trainer gets
  std::map<std::string, std::string> files;        ///< name in `folder` → contents, written before it starts
  std::optional<ReadMetrics> read_metrics;         ///< of what it prints; nothing: standard output is only kept
  protocol::TrialDocument document;                ///< device and gpu say where it runs
  std::uint32_t attempt = 0;
  std::filesystem::path folder;         ///< gets `files`, and what it prints where that is much; made when it must be
  std::filesystem::path checkpoints;    ///< SWEEP_CHECKPOINT_DIR
  bool wants_checkpoint_folder = true;  ///< make it before the start; the built-in trainer does that itself
  std::string resume_file;              ///< name inside `checkpoints`; empty for the beginning
  LimitTimes limits;
  double grace_s = 10;                 ///< between SIGTERM and SIGKILL, whoever stops it
  std::uint64_t memory_bytes = 0;      ///< of all its processes; 0: without a limit
  std::shared_ptr<const Order> order;  ///< as put_together() makes it; null: not yet
  std::optional<Slot> shared_process;  ///< its slot, where it may run in a process of the slot's earlier trials
  std::optional<double> stop_after_s;  ///< run_attempt() asks it to stop then; nothing: never
  std::map<std::uint64_t, double> metric_before;  ///< by step, what the metric was up to `resume_file`
};

struct AttemptResult {
  protocol::Outcome outcome = protocol::Outcome::kFailed;
  std::string detail;        ///< one line for people; empty where all went well
  bool asked_again = false;  ///< exit code 75 without having been stopped
  double seconds = 0;
  bool without_finished = false;     ///< it sent events, ended with exit code 0, and never said `finished`
  bool ignored_sigterm = false;      ///< it was asked to stop and had to be killed
  Output output;                     ///< what it printed, where that is little
  std::shared_ptr<Process> process;  ///< that has ended; letting it go takes a while
  bool unsuitable = false;  ///< exit code 4: the machine's fault (no device, disk full), so no result; the sweep stops
};

/// runs/trials/TRIAL/SWEEP/attempt-N: a trial that runs in two sweeps leaves two records.
std::filesystem::path attempt_folder(const std::filesystem::path& runs, const std::string& trial,
                                     const std::string& sweep, std::uint32_t attempt);

/// What every attempt of this trial is given: the built-in trainer, or the user's program with its command for this
/// configuration. `folder` is the attempt's. Errors: UserError (an environment variable of the command is not set).
AttemptRequest make_attempt(const Prepared& prepared, const PlannedTrial& trial, std::filesystem::path folder,
                            std::filesystem::path checkpoints);

/// Called with the events that arrived together, in order. False: stop the attempt; its outcome is then `cancelled`.
using OnEvents = std::function<bool(const std::vector<protocol::Event>&)>;

/// Runs the attempt on this machine and returns when it has ended. SIGINT, SIGTERM and SIGHUP stop it (`cancelled`).
/// Errors: EnvironmentError where the folder cannot be written. A program that cannot be started is an outcome.
AttemptResult run_attempt(const AttemptRequest& request, const OnEvents& on_events);

}  // namespace sweep
