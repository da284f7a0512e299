// See orphans.h.
#include "sweep/launch/orphans.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace sweep {
namespace {

constexpr auto kLookAfter = std::chrono::milliseconds(500);

bool adopts_orphans() {
  int adopts = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &adopts) == 0 && adopts != 0);
}

}  // namespace

Orphans::Orphans(boost::asio::any_io_executor executor, IsOwn is_own)
    : executor_(std::move(executor)), is_own_(std::move(is_own)) {
  if (adopts_orphans()) look_later();
}

// The timer is its handler's, and goes with the context.
void Orphans::look_later() {
  const auto timer = std::make_shared<boost::asio::steady_timer>(executor_, kLookAfter);
  timer->async_wait([this, timer](const boost::system::error_code& error) {
    if (error) return;
    reap_orphans(is_own_);
    look_later();
  });
}

// Another thread's children are that one's to wait for (gpu_watch.h); orphans come to the first thread of all. Where
// another thread runs the loop just now (loop_threads.h) it sees none of them, and the next look does.
void reap_orphans(const IsOwn& is_own) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) != 0) return;
    if (ended.si_pid == 0 || is_own(ended.si_pid)) return;
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace sweep
