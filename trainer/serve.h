// A worker: trial after trial in one process, for `sweep-trainer --serve`. Each comes as a line
// (protocol/assignment.h); behind the events of one that went well stands the word that it is done. It keeps the
// workspace from trial to trial and nothing else. Caller: main.cpp.
#pragma once

#include <functional>
#include <string>

#include "protocol/assignment.h"
#include "trainer/training/workspace.h"

namespace trainer {

struct Service {
  int orders = 0;  ///< descriptor that the assignments are read from
  /// Runs one trial, gives its exit code. Where that is 0, `done` stands behind its last event.
  std::function<int(const protocol::Assignment&, Workspace&, const std::string& done)> train;
  std::function<bool()> stop_requested;
};

/// Returns 0 at the end of the orders or when a stop was requested between two trials; else the exit code of the trial
/// that did not end with 0, which is the last. Errors: UserError for a line that is no assignment, EnvironmentError
/// where none can be read, and what `train` throws.
int serve(const Service& service);

}  // namespace trainer
