// A process of its own for what a test cannot take back: limits, refused system calls. What it says comes back.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "sweep/launch/start.h"
#include "tests/skip.h"

inline constexpr char kNoFilters[] = "this kernel has no filters";

/// What `does` says there; of kNoFilters the test is skipped. Empty: nothing within half a minute.
inline std::string in_a_process(const std::function<std::string()>& does) {
  sweep::Pipe pipe = sweep::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = does();
    const bool written = ::write(pipe.write_end.get(), text.data(), text.size()) >= 0;
    ::_exit(written ? 0 : 1);
  }
  pipe.write_end.reset();
  std::string said(4096, '\0');
  pollfd waits{pipe.read_end.get(), POLLIN, 0};
  const ssize_t got = ::poll(&waits, 1, 30'000) > 0 ? ::read(pipe.read_end.get(), said.data(), said.size()) : 0;
  if (got <= 0) ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  if (said == kNoFilters) skip(kNoFilters);
  return said;
}
