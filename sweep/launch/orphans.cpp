// See orphans.h.
#include "sweep/launch/orphans.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace sweep {
namespace {

constexpr auto kLookAfter = std::chrono::milliseconds(500);

bool adopts_orphans() {
  int adopts = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &adopts) == 0 && adopts != 0);
}

}  // namespace

Orphans::Orphans(boost::asio::any_io_executor executor, IsOwn is_own) : is_own_(std::move(is_own)), timer_(executor) {
  if (adopts_orphans()) look_later();
}

void Orphans::look_later() {
  timer_.expires_after(kLookAfter);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    reap_orphans(is_own_);
    look_later();
  });
}

// Another thread's children are that one's to wait for (gpu_watch.h); orphans come to the first thread of all.
void reap_orphans(const IsOwn& is_own) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) != 0) return;
    if (ended.si_pid == 0 || is_own(ended.si_pid)) return;
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace sweep
