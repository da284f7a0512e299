// How a running sweep is asked to end early, and the signals that ask it: from the terminal, from `kill`, and from
// `sweep stop` and `sweep cancel` (controller.h), which put into the signal what they want. Read by dispatcher.cpp;
// what is done about it is the loop's business.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "sweep/launch/start.h"

namespace sweep {

/// What is to end early; each includes those before it.
enum class Halt {
  kNone,
  kDrain,  ///< no new trial starts, those that run go on to their end
  kStop,   ///< those that run are asked to end: checkpoint, then the ladder
  kKill,   ///< those that run are killed
};

struct HaltRequest {
  std::optional<Halt> halt;  ///< nothing: as far as the first signal goes, or one step further than the last
  int signal = 0;            ///< that brought it
  std::string who;           ///< in words: who sent it; empty where nobody knows
};

/// The signal that asks for `halt`, with what sigqueue(3) calls its value. Requires: not kNone.
siginfo_t signal_for(Halt halt);

/// Takes SIGINT, SIGTERM, SIGHUP (each asks to stop, again to kill) and SIGUSR1 (asks to drain) for as long as it
/// lives; what comes before read() is called waits. SIGUSR1 stays ignored afterwards: who asks too late must end
/// nobody. Requires: made before any other thread is.
class HaltSignals {
 public:
  HaltSignals();
  ~HaltSignals();
  HaltSignals(const HaltSignals&) = delete;
  HaltSignals& operator=(const HaltSignals&) = delete;

  /// Readable when a signal is there.
  int descriptor() const { return signals_.get(); }
  /// What has arrived; empty for nothing.
  std::vector<HaltRequest> read();

 private:
  sigset_t before_;
  Descriptor signals_;
};

}  // namespace sweep
