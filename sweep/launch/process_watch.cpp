// See process_watch.h.
#include "sweep/launch/process_watch.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace sweep {

namespace asio = boost::asio;

namespace {

constexpr auto kListenAfter = std::chrono::milliseconds(5);
constexpr auto kKeepAfter = std::chrono::seconds(1);

}  // namespace

ProcessWatch::ProcessWatch(asio::any_io_executor executor, const Order& order, Descriptor document_file,
                           Pipe events_pipe, Descriptor out_end, Descriptor err_end)
    : document(std::move(document_file)),
      events_writer(std::move(events_pipe.write_end)),
      kept_out(order.stdout_file),
      kept_err(order.stderr_file),
      reads_out(order.read_stdout),
      pidfd(executor),
      events(executor, std::move(events_pipe.read_end)),
      out(executor, std::move(out_end), &kept_out),
      err(executor, std::move(err_end), &kept_err),
      grace(executor),
      keep(executor),
      wake(executor, asio::steady_timer::time_point::max()) {
  err.ignore_lines();
  if (!reads_out) out.ignore_lines();
}

void ProcessWatch::await_exit(LoopThreads* threads) {
  const auto fail = [&](int error) {
    throw core::EnvironmentError(program, std::string("cannot be watched: ") + std::strerror(error));
  };
  Descriptor opened(static_cast<int>(::syscall(SYS_pidfd_open, pid(), 0)));
  if (!opened.is_open()) fail(errno);
  if (threads != nullptr && threads->await_exit(opened, [self = shared_from_this()] { self->reap(); })) return;
  boost::system::error_code error;
  pidfd.assign(opened.get(), error);
  if (error) fail(error.value());
  opened.release();
  wait_for_exit();
}

// Not before it has run for a moment: what a process that is gone by then wrote is read at its end.
void ProcessWatch::listen() {
  listens = true;
  if (!reads_out) follow(out);
  follow(err);
}

void ProcessWatch::wait_for_exit() {
  pidfd.async_wait(asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](const boost::system::error_code& error) {
                     if (error || self->exited) return;
                     if (self->is_zombie())
                       self->reap();
                     else
                       self->wait_for_exit();
                   });
}

// Asio may report a descriptor ready that is not: it reuses the record of one that was just closed, with an event
// still queued for that. Believing it would kill a healthy trial.
bool ProcessWatch::is_zombie() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid();
}

void ProcessWatch::signal(int number) {
  ::kill(-pid(), number);
  ::kill(pid(), number);
}

// The group dies before its leader is reaped: until then no other group can have this number. (Boost.Process reaps
// before it tells.)
void ProcessWatch::reap() {
  if (exited) return;
  on_end();
  ::kill(-pid(), SIGKILL);
  int status = 0;
  while (::waitpid(pid(), &status, 0) < 0 && errno == EINTR) {
  }
  how = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  if (const int error = child->error(); error != 0)
    how.never_began = program + ": cannot be started: " + std::strerror(error) +
                      (error == E2BIG ? ", ${args_json_file} passes values of any size" : "");
  exited = true;
  grace.cancel();
  on_exit();
  wake.cancel();
}

// A stream of which only the bytes are wanted.
void ProcessWatch::follow(LinePipe& pipe) {
  pipe.wait([self = shared_from_this(), &pipe] {
    if (self->exited) return;
    pipe.read();
    self->keep_soon();
    self->follow(pipe);
  });
}

// Who follows a log reads the file.
void ProcessWatch::keep_soon() {
  if (keeps_soon || !(kept_out.is_ahead_of_file() || kept_err.is_ahead_of_file())) return;
  keeps_soon = true;
  keep.expires_after(kKeepAfter);
  keep.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->keeps_soon = false;
    if (error || self->exited) return;
    self->kept_out.write_file();
    self->kept_err.write_file();
  });
}

void ProcessWatch::begin_output(const Order& order) {
  out.read();  // what came before is not this order's
  err.read();
  kept_out = KeptOutput(order.stdout_file);
  kept_err = KeptOutput(order.stderr_file);
}

Output ProcessWatch::end_output() {
  out.read();
  err.read();
  Output output{kept_out.take(), kept_err.take()};
  kept_out = KeptOutput({});  // a file without a name: what comes between two orders is nobody's
  kept_err = KeptOutput({});
  return output;
}

bool ProcessWatch::is_silent() {
  events.read();
  return events.take_lines().empty() && events.take_rest().empty();
}

asio::awaitable<void> ProcessWatch::something() {
  const auto look = [self = shared_from_this()] { self->wake.cancel(); };
  if (listens || reads_at_once) events.wait(look);
  if (listens && reads_out) out.wait(look);
  if (listens)
    wake.expires_at(asio::steady_timer::time_point::max());
  else
    wake.expires_after(kListenAfter);
  co_await wake.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!listens && !exited && wake.expiry() <= asio::steady_timer::clock_type::now()) listen();
}

Written ProcessWatch::take() {
  Written written;
  events.read();
  written.events = events.take_lines();
  if (exited) err.read();
  if (exited || (listens && reads_out)) out.read();
  written.printed = out.take_lines();
  if (!exited) keep_soon();
  return written;
}

Written ProcessWatch::take_rest() {
  Written written;
  if (how.code != 0 || how.signal != 0) return written;
  if (std::string rest = events.take_rest(); !rest.empty()) written.events.push_back(std::move(rest));
  if (std::string rest = out.take_rest(); !rest.empty()) written.printed.push_back(std::move(rest));
  return written;
}

void ProcessWatch::close() {
  boost::system::error_code ignored;
  pidfd.close(ignored);
  events.close();
  out.close();
  err.close();
  document.reset();
  events_writer.reset();
  keep.cancel();
}

}  // namespace sweep
