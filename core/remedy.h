// What mends a system call that failed because of a limit of the shell. For messages of both programs.
#pragma once

#include <cerrno>
#include <string_view>

namespace core {

/// `error`: an errno. Empty where nothing is known to help.
inline std::string_view remedy_for(int error) {
  switch (error) {
    case EMFILE:
      return "raise the limit of open files (`ulimit -n`)";
    case EAGAIN:
      return "raise the limit of processes (`ulimit -u`)";
    case EFBIG:
      return "raise the limit on the size of files (`ulimit -f`)";
    default:
      return "";
  }
}

}  // namespace core
