// Who holds a lock: what a controller writes into the file of its sweep's lock, so that others can name it, and reach
// it without ever meeting a stranger who was given the same process number later. Written by lock.cpp, read by
// controller.cpp.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sweep {

/// A process, for all time: a process number comes again, and means something else on another machine and in another
/// container.
struct Holder {
  pid_t pid = 0;
  std::uint64_t start = 0;  ///< when it was started, in the kernel's ticks since it booted; 0: not known
  std::string host;         ///< its name
  std::string boot;         ///< an id that the kernel draws each time it boots
  std::string pid_space;    ///< where the process number is valid: "pid:[4026531836]"

  bool operator==(const Holder&) const = default;

  /// Whether the process number is meant on this machine, since it booted, where this process can see it.
  bool is_reachable() const;
  /// "process 123", and where it is not reachable the reason: "process 123 on host a", "… in another container".
  std::string words() const;

  /// One line of canonical JSON.
  std::string text() const;
  /// A bare number (as older locks have it) is a holder of which only that is known. Nothing where it is neither.
  static std::optional<Holder> from_text(std::string_view text);
};

Holder this_process();

/// When the process was started, as in Holder::start; 0 where there is no such process.
std::uint64_t start_of_process(pid_t pid);

}  // namespace sweep
