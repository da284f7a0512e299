// A small process beside the controller that outlives it, for as long as it takes to end what it left: when the
// controller dies, however it dies, the warden kills every process group and every carrier of a marker that it was told
// of, and ends. Owned by LocalLauncher. It does nothing while the controller lives.
#pragma once

#include <sys/types.h>

#include <string>

#include "sweep/launch/start.h"

namespace sweep {

class Warden {
 public:
  /// Forks. Requires: the process has one thread. Errors: EnvironmentError.
  Warden();
  ~Warden();
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;

  void watch(const std::string& marker);               ///< before the attempt's process starts
  void watch(const std::string& marker, pid_t group);  ///< once it has started
  void forget(const std::string& marker);              ///< after nothing of it lives

 private:
  void tell(std::string message);

  Descriptor pipe_;
  pid_t pid_ = -1;
};

}  // namespace sweep
