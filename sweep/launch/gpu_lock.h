// Who has which slot of a GPU, among all sweeps of this machine, whoever's they are. A slot is an abstract Unix socket
// bound to a name: it leaves no file, and is free the moment its holder dies. Used by gpu_slots.cpp and `sweep doctor`.
//
// Such names are seen by every user, but not from one network namespace to another: sweeps in different containers know
// nothing of each other's slots, unless the containers share the host's network.
#pragma once

#include <string>
#include <vector>

#include "sweep/launch/start.h"

namespace sweep {

/// A trial of a sweep with `of` slots on each GPU takes one `of`-th of it.
struct SlotHolder {
  std::string gpu;  ///< UUID
  int number = 0;   ///< 0 … of − 1
  int of = 1;
  int pid = 0;  ///< of the controller
};

/// All slots that are held now, this process's included. Errors: EnvironmentError where /proc/net/unix cannot be read.
std::vector<SlotHolder> slot_holders();

struct SlotClaim {
  Descriptor lock;  ///< holds the slot until it is closed; not open: somebody stands in the way
  int holder = 0;   ///< the pid of who does; 0: somebody takes a slot of this GPU at this very moment
};

/// Takes slot `number` of `of`. No two holders have the same number, and the shares of all add up to one GPU at most:
/// who has one slot a GPU has it alone. Errors: EnvironmentError where sockets cannot be made.
SlotClaim claim_slot(const std::string& gpu, int number, int of);

}  // namespace sweep
