// Looks at something again and again and shows it until it is over: on a terminal in place, elsewhere one text below
// the other. Called by `sweep report --watch`. It draws, and knows neither stores nor signals: tests bring their own.
#pragma once

#include <optional>
#include <string>

#include "sweep/commands/terminal.h"
#include "sweep/dispatch/clock.h"

namespace sweep {

/// What is watched.
class Watched {
 public:
  struct Look {
    std::string text;  ///< lines, each with its newline
    bool is_over = false;
  };

  virtual ~Watched() = default;
  /// `room`: of a terminal that the text should not exceed.
  virtual Look look(const std::optional<TerminalSize>& room) = 0;
};

/// Why a wait ended.
enum class Wake {
  kTime,         ///< it was long enough
  kResized,      ///< the terminal has another size
  kSuspended,    ///< Ctrl-Z
  kInterrupted,  ///< Ctrl-C, or a request to end
};

class Waker {
 public:
  virtual ~Waker() = default;
  virtual Wake wait(double seconds) = 0;
  /// Sleeps until it is gone on with, after Ctrl-Z.
  virtual void suspend() = 0;
};

/// Draws in place on the other screen of the terminal; what was seen last stays on its own screen at the end. A look
/// every second, fewer where a look is slow: looking takes a tenth of the time at most. Returns whether it was watched
/// to its end.
bool watch_on_terminal(Watched& watched, Terminal& terminal, Waker& waker, const Clock& clock);

/// Writes each text that differs from the one before, below a line with the time. Ends as well where nobody reads.
bool watch_elsewhere(Watched& watched, Terminal& output, Waker& waker, const Clock& clock);

}  // namespace sweep
