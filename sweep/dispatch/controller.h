// The controller of a sweep as another process on this machine sees it: whether one runs, who it is, and how it is
// asked to halt. Called by commands/. It changes nothing in the store and holds no lock for longer than a look at it
// takes.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sweep/dispatch/halt.h"
#include "sweep/dispatch/holder.h"
#include "sweep/launch/start.h"

namespace sweep {

class Controller {
 public:
  /// Nothing where nobody holds the sweep's lock. Errors: EnvironmentError where the lock cannot be looked at.
  static std::optional<Controller> of_sweep(const std::filesystem::path& runs, const std::string& sweep);

  /// The sweeps of this folder that a controller runs now, here or elsewhere; by id. Errors: as above.
  static std::vector<std::string> running_sweeps(const std::filesystem::path& runs);

  const Holder& holder() const { return holder_; }

  /// Sends what asks for `halt`. The process that gets it is the one that holds the lock, or nobody. False: it has
  /// ended meanwhile. Requires: not kNone. Errors: EnvironmentError where it runs on another machine or in another
  /// container, or belongs to another user.
  bool ask(Halt halt) const;

  /// Waits at most so long; whether it has ended. Requires: ask() was true.
  bool ended_within(std::chrono::milliseconds patience) const;

 private:
  Controller(std::string sweep, Holder holder, Descriptor process)
      : sweep_(std::move(sweep)), holder_(std::move(holder)), process_(std::move(process)) {}

  std::string sweep_;
  Holder holder_;
  Descriptor process_;  ///< a pidfd; closed where the holder is not reachable
};

}  // namespace sweep
