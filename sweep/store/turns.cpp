// See turns.h.
#include "sweep/store/turns.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace sweep {
namespace {

using Clock = std::chrono::steady_clock;

// From 5 to 15 ms before the next look, another one for each process and look: those that wait do not look all at once.
std::chrono::microseconds pause(unsigned look) {
  const unsigned spread = static_cast<unsigned>(::getpid()) * 7919u + look * 3571u;
  return std::chrono::microseconds(5000 + spread % 10000);
}

}  // namespace

ReadingTurns::ReadingTurns(const std::filesystem::path& folder, std::chrono::milliseconds patience)
    : patience_(patience), folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

ReadingTurns::~ReadingTurns() { give_up(); }

void ReadingTurns::begin() {
  if (depth_++ > 0 || folder_ < 0) return;
  const auto until = Clock::now() + patience_;
  for (unsigned look = 0; !(has_turn_ = take()); ++look) {
    const bool others_have_it = errno == EWOULDBLOCK || errno == EINTR;
    if (!others_have_it || Clock::now() >= until) return give_up();
    std::this_thread::sleep_for(pause(look));
  }
}

void ReadingTurns::end() {
  if (--depth_ > 0 || !has_turn_) return;
  ::flock(folder_, LOCK_UN);
  has_turn_ = false;
}

bool ReadingTurns::take() const { return ::flock(folder_, LOCK_EX | LOCK_NB) == 0; }

void ReadingTurns::give_up() {
  if (folder_ >= 0) ::close(folder_);
  folder_ = -1;
}

}  // namespace sweep
