// A small process beside the controller that outlives it, for as long as it takes to end what it left: when the
// controller dies, however it dies, the warden kills every process group and every carrier of a marker that it was told
// of, and ends. Owned by LocalLauncher. It does nothing while the controller lives.
//
// What is watched stands in memory that the two share, so that telling it costs no system call and wakes nobody.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sweep/launch/start.h"

namespace sweep {

class Warden {
 public:
  /// Forks. Requires: the process has one thread, and beside it at most those that hold no lock but their own, as that
  /// which syncs a store's log. Errors: EnvironmentError.
  Warden();
  ~Warden();
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;

  /// Before the attempt's process starts. Requires: a marker of at most kMaxMarkerBytes.
  void watch(const std::string& marker);
  void watch(const std::string& marker, pid_t group);  ///< once it has started
  void forget(const std::string& marker);              ///< after nothing of it lives

  static constexpr std::size_t kMaxMarkerBytes = 103;

 private:
  struct Entry;

  Entry* entries_ = nullptr;
  std::map<std::string, std::uint32_t> places_;  ///< marker → its entry
  std::vector<std::uint32_t> free_;              ///< entries that were used and are not any more
  std::uint32_t used_ = 0;                       ///< entries that were ever used
  Descriptor pipe_;
  pid_t pid_ = -1;
};

}  // namespace sweep
