// The program `sweep`: finds the verb in the table, runs it, and turns errors into messages and exit codes. The only
// place that catches UserError and EnvironmentError, and what a library says of the machine (a system call that failed,
// no memory); anything unknown is our mistake and aborts.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include "core/error.h"
#include "core/remedy.h"
#include "protocol/outcome.h"
#include "sweep/commands/usage.h"
#include "sweep/report/display.h"

namespace {

// Names and texts from outside stand in messages: they must not act on the terminal.
int fail(const std::string& text, int code) {
  std::fprintf(stderr, "%s\n", sweep::printable_lines(text).c_str());
  return code;
}

// A system call that failed where no code of ours says more of it.
int fail_call(const std::string& what, int error) {
  const std::string_view remedy = core::remedy_for(error);
  return fail(what + (remedy.empty() ? "" : ", " + std::string(remedy)), protocol::kExitUnsuitable);
}

// What was written to stdout must have arrived, or a full disk would pass for success. A reader who has seen enough
// (`sweep report | head`) is no error.
int finish(int code) {
  const bool is_flushed = std::fflush(stdout) == 0;
  const int reason = errno;
  if (is_flushed && std::ferror(stdout) == 0) return code;
  pollfd out{STDOUT_FILENO, 0, 0};
  if ((!is_flushed && reason == EPIPE) || (::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)) return code;
  return fail(std::string("stdout: cannot be written") + (is_flushed ? "" : ": " + std::string(std::strerror(reason))),
              protocol::kExitUnsuitable);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed stdout or stderr must not end a sweep; children get the default again
  std::signal(SIGXFSZ, SIG_IGN);  // nor a limit on the size of files: the write says so
  std::signal(SIGCHLD, SIG_DFL);  // whoever started this may ignore it: then no exit code would be left to ask for
  try {
    sweep::Globals globals;
    const auto action = sweep::parse_command_line(argc, argv, globals);
    return finish(action());
  } catch (const core::UserError& error) {
    return fail(error.what(), protocol::kExitUsage);
  } catch (const core::EnvironmentError& error) {
    return fail(error.what(), protocol::kExitUnsuitable);
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(error.path1().string() + ": " + error.code().message(), protocol::kExitUnsuitable);
  } catch (const std::system_error& error) {
    return fail_call(error.what(), error.code().value());
  } catch (const std::bad_alloc&) {
    return fail("out of memory", protocol::kExitUnsuitable);
  }
}
