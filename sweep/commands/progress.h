// How a sweep goes, on stderr: on a terminal one live line, elsewhere one line a finished trial, under --json one JSON
// object a line; nothing under --quiet. Used by running.cpp.
//
// The JSON objects by their `progress`: started (trials, ended, slots), attempt (index, trial, attempt, reason),
// reopened (index, trial, reason), trial (index, trial, outcome, ended, value, detail, reused_from, surplus),
// busy_trials (trials: run by other sweeps), waits (for: texts), halt (halt: drain, stop or kill; who; running), note
// (text), end (exit_code, ended, wanted, go_on).
//
// A line of a trial is written once what it says is in the store: who reads it finds that there, also after `kill -9`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sweep/commands/command.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {

class Progress : public Observer {
 public:
  /// Something else is about to be written to the terminal.
  virtual void before_output() {}
  /// The last word. `go_on`: the command that goes on with the sweep; empty where nothing is left to run.
  virtual void on_end(const Study&, std::uint64_t trials, int exit_code, const std::string& go_on) {
    (void)trials, (void)exit_code, (void)go_on;
  }
};

std::unique_ptr<Progress> make_progress(const Globals& globals);

}  // namespace sweep
