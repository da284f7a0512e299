// See loop_threads.h.
#include "sweep/launch/loop_threads.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/detail/reactor.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace sweep {
namespace {

namespace asio = boost::asio;
using asio::detail::epoll_reactor;

// Asio does not show the descriptor on which it waits. An explicit instantiation may name a private member: where
// another version of Asio has none of this name and type, this does not compile.
int epoll_descriptor_of(epoll_reactor& reactor);

template <int epoll_reactor::*kMember>
struct Shown {
  friend int epoll_descriptor_of(epoll_reactor& reactor) { return reactor.*kMember; }
};
template struct Shown<&epoll_reactor::epoll_fd_>;

Descriptor make_eventfd() {
  Descriptor made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made.is_open()) throw core::EnvironmentError("eventfd", std::string("cannot be made: ") + std::strerror(errno));
  return made;
}

void write_to(const Descriptor& eventfd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(eventfd.get(), &one, sizeof one);
}

void empty(const Descriptor& eventfd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(eventfd.get(), &count, sizeof count);
}

// Until one of both is readable, or a signal came. Whether it was the second.
bool wait_for(int one, int other) {
  pollfd waits[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
  return ::poll(waits, 2, -1) > 0 && waits[1].revents != 0;
}

}  // namespace

std::size_t threads_worth_having(std::size_t slots, std::size_t processors) {
  return slots == 2 && processors == 2 ? slots : 0;
}

LoopThreads::LoopThreads(asio::io_context& context, std::size_t waiting)
    : context_(context),
      ready_(epoll_descriptor_of(asio::use_service<epoll_reactor>(context))),
      nudges_(make_eventfd()),
      stop_(make_eventfd()),
      waiting_(waiting) {
  // Signals are for the thread that calls run(); but one that is blocked is kept, even where nobody asks for it, and
  // each process that ends sends a SIGCHLD.
  sigset_t most, before;
  ::sigfillset(&most);
  ::sigdelset(&most, SIGCHLD);
  ::pthread_sigmask(SIG_SETMASK, &most, &before);
  std::string problem;
  try {
    for (Waiting& self : waiting_) self.thread = std::thread([this, &self] { wait(self); });
  } catch (const std::system_error& error) {
    problem = error.code().message();
    end();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!problem.empty()) throw core::EnvironmentError("threads", "cannot be started: " + problem);
}

LoopThreads::~LoopThreads() { end(); }

void LoopThreads::run() {
  std::unique_lock lock(mutex_);
  for (go_on(); !context_.stopped(); go_on()) {
    lock.unlock();
    wait_for(nudges_.get(), ready_);
    empty(nudges_);
    lock.lock();
  }
  lock.unlock();
  end();
  if (failure_) std::rethrow_exception(failure_);
}

bool LoopThreads::await_exit(Descriptor& pidfd, std::function<void()> on_exit) {
  Waiting* free = current_;
  for (auto other = waiting_.begin(); free == nullptr || free->pidfd.is_open(); ++other) {
    if (other == waiting_.end()) return false;
    free = &*other;
  }
  free->pidfd = std::move(pidfd);
  free->on_exit = std::move(on_exit);
  if (free != current_) given_.notify_all();
  return true;
}

void LoopThreads::nudge() const { write_to(nudges_); }

void LoopThreads::wait(Waiting& self) {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (!self.pidfd.is_open()) {
      given_.wait(lock);
      continue;
    }
    const int process = self.pidfd.get();
    lock.unlock();
    const bool has_ended = wait_for(stop_.get(), process);
    lock.lock();
    if (!has_ended || ends_) continue;
    self.pidfd.reset();
    current_ = &self;
    go_on(std::exchange(self.on_exit, nullptr));
    current_ = nullptr;
    if (context_.stopped()) nudge();
  }
  self.on_exit = nullptr;
}

// Until no handler is ready.
void LoopThreads::go_on(const std::function<void()>& first) {
  try {
    if (first) first();
    context_.poll();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    context_.stop();
  }
}

void LoopThreads::end() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  write_to(stop_);
  given_.notify_all();
  for (Waiting& self : waiting_)
    if (self.thread.joinable()) self.thread.join();
}

}  // namespace sweep
