// See loop_threads.h.
#include "sweep/launch/loop_threads.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/detail/reactor.hpp>
#include <cerrno>
#include <chrono>
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

constexpr auto kAtOnce = std::chrono::milliseconds(2);  // a trial's end and the start of the next take a fifth of it

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

// Until one is readable, or a signal came. Whether it was the first.
bool wait_for(int descriptor, int other = -1) {
  pollfd waits[] = {{descriptor, POLLIN, 0}, {other, POLLIN, 0}};
  return ::poll(waits, 2, -1) > 0 && waits[0].revents != 0;
}

}  // namespace

std::size_t threads_worth_having(std::size_t slots, std::size_t processors) {
  return slots == 2 && processors == 2 ? slots : 0;
}

LoopThreads::LoopThreads(asio::io_context& context, std::size_t waiting)
    : context_(context),
      ready_(epoll_descriptor_of(asio::use_service<epoll_reactor>(context))),
      stop_(make_eventfd()),
      waiting_(waiting) {
  // Signals are for the thread that calls run(); but one that is blocked is kept, even where nobody asks for it, and
  // each process that ends sends a SIGCHLD.
  sigset_t most, before;
  ::sigfillset(&most);
  ::sigdelset(&most, SIGCHLD);
  ::pthread_sigmask(SIG_SETMASK, &most, &before);
  try {
    for (Waiting& self : waiting_) self.thread = std::thread([this, &self] { wait(self); });
  } catch (const std::system_error&) {  // a limit on processes: then as without them
    end();
    waiting_.clear();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoopThreads::~LoopThreads() { end(); }

void LoopThreads::run() {
  std::unique_lock lock(mutex_);
  for (bool has_more = go_on(); !context_.stopped(); has_more = go_on()) {
    lock.unlock();
    if (!has_more) wait_for(ready_);
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

void LoopThreads::nudge() const { asio::use_service<epoll_reactor>(context_).interrupt(); }

void LoopThreads::wait(Waiting& self) {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (!self.pidfd.is_open()) {
      given_.wait(lock);
      continue;
    }
    const int process = self.pidfd.get();
    lock.unlock();
    const bool has_ended = wait_for(process, stop_.get());
    lock.lock();
    if (!has_ended || ends_) continue;
    self.pidfd.reset();
    current_ = &self;
    const bool has_more = go_on(std::exchange(self.on_exit, nullptr));
    current_ = nullptr;
    if (has_more || context_.stopped()) nudge();
  }
  self.on_exit = nullptr;
}

// Until no handler is ready, or others are to have their turn. Whether one may still be ready.
bool LoopThreads::go_on(const std::function<void()>& first) {
  try {
    if (first) first();
    for (const auto until = std::chrono::steady_clock::now() + kAtOnce; std::chrono::steady_clock::now() < until;)
      if (context_.poll_one() == 0) return false;
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    context_.stop();
  }
  return true;
}

void LoopThreads::end() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
  given_.notify_all();
  for (Waiting& self : waiting_)
    if (self.thread.joinable()) self.thread.join();
}

void LoopThreads::FairLock::lock() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = asked_++;
  next_.wait(lock, [&] { return served_ == mine; });
}

void LoopThreads::FairLock::unlock() {
  bool is_awaited = false;
  {
    const std::lock_guard lock(mutex_);
    is_awaited = ++served_ != asked_;
  }
  if (is_awaited) next_.notify_all();
}

}  // namespace sweep
