// Which slots are open to which trial: those that nobody has, of a GPU that is not in quarantine, and where a trial
// must have a GPU for itself, all of one GPU's. Called by the loop. Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweep/launch/launcher.h"

namespace sweep {

/// A trial that runs now.
struct Occupied {
  Slot slot;
  bool alone = false;  ///< its GPU takes no other
};

class SlotChoice {
 public:
  /// `closed`: slots that another controller has, and those of GPUs in quarantine, by name. `waits_alone`: a trial
  /// waits for a GPU of its own; one GPU, the one with the fewest trials, then takes no other.
  SlotChoice(const std::vector<Slot>& slots, std::vector<Occupied> occupied, std::set<std::string> closed,
             bool waits_alone);

  /// For a trial that shares, in the order in which slots are filled.
  const std::vector<Slot>& open() const { return open_; }
  /// All slots of a GPU on which nothing runs, for a trial that does not share; empty while there is none.
  const std::vector<Slot>& whole_gpu() const { return whole_gpu_; }

 private:
  std::vector<Slot> open_, whole_gpu_;
};

}  // namespace sweep
