// See log_sync.h.
#include "sweep/store/log_sync.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <system_error>

namespace sweep {

// A signal is for those who wait for it: none may come to this thread.
LogSync::LogSync(const std::string& file, int (*sync)(int))
    : file_(::open(file.c_str(), O_RDWR | O_CLOEXEC)), sync_(sync) {
  if (file_ < 0) return;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // then the checkpoint waits for all
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogSync::~LogSync() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (file_ >= 0) ::close(file_);
}

void LogSync::begin() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    asked_ = true;
  }
  changed_.notify_one();
}

void LogSync::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return asked_ || ends_; });
    if (ends_) return;
    asked_ = false;
    lock.unlock();
    sync_(file_);
    lock.lock();
  }
}

}  // namespace sweep
