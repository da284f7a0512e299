// See lock.h.
#include "sweep/dispatch/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "protocol/files.h"
#include "sweep/dispatch/holder.h"

namespace sweep {
namespace {

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw core::EnvironmentError(folder.string(), "cannot be created: " + error.message());
}

bool lock(const Descriptor& descriptor, const std::filesystem::path& place) {
  if (!descriptor.is_open())
    throw core::EnvironmentError(place.string(), std::string("cannot be opened: ") + std::strerror(errno));
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  throw core::EnvironmentError(place.string(), std::string("cannot be locked: ") + std::strerror(errno));
}

// Ids are hex digits; two trials whose first fifteen are the same would wait for each other, and no more.
struct flock byte_of(const std::string& trial, short type) {
  struct flock byte {};
  byte.l_type = type;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(std::strtoull(trial.substr(0, 15).c_str(), nullptr, 16));
  byte.l_len = 1;
  return byte;
}

// Whoever only looks whether a lock is held (controller.cpp) holds it for a moment.
bool lock_patiently(const Descriptor& descriptor, const std::filesystem::path& place) {
  constexpr int kTries = 5;
  for (int i = 1; i < kTries; ++i) {
    if (lock(descriptor, place)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return lock(descriptor, place);
}

}  // namespace

SweepLock::SweepLock(const std::filesystem::path& runs, const std::string& sweep) {
  const std::filesystem::path folder = runs / protocol::kLocksFolder;
  make_folder(folder);
  const std::filesystem::path file = place_ = folder / (sweep + ".lock");
  file_ = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock_patiently(file_, file)) {
    const Holder holder = Holder::from_text(core::read_file(file)).value_or(Holder());
    throw core::EnvironmentError("sweep " + sweep, "is being run by " + holder.words(), "wait for it or stop it");
  }
  const std::string text = this_process().text();
  if (::ftruncate(file_.get(), 0) != 0 || ::write(file_.get(), text.data(), text.size()) < 0)
    throw core::EnvironmentError(file.string(), std::string("cannot be written: ") + std::strerror(errno));
}

void SweepLock::require_in_place() const {
  struct stat held {
  }, named{};
  const bool is_there = ::fstat(file_.get(), &held) == 0 && ::stat(place_.c_str(), &named) == 0 &&
                        held.st_ino == named.st_ino && held.st_dev == named.st_dev;
  if (!is_there)
    throw core::EnvironmentError(place_.string(), "was deleted or replaced while the sweep ran",
                                 "it keeps a second controller away; go on with `sweep resume`");
}

TrialLocks::TrialLocks(const std::filesystem::path& runs) : place_(runs / protocol::kLocksFolder / "trials.lock") {
  make_folder(place_.parent_path());
  file_ = Descriptor(::open(place_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_.is_open())
    throw core::EnvironmentError(place_.string(), std::string("cannot be opened: ") + std::strerror(errno));
}

bool TrialLocks::take(const std::string& trial) {
  struct flock byte = byte_of(trial, F_WRLCK);
  if (::fcntl(file_.get(), F_OFD_SETLK, &byte) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw core::EnvironmentError(place_.string(), std::string("cannot be locked: ") + std::strerror(errno));
}

void TrialLocks::leave(const std::string& trial) {
  struct flock byte = byte_of(trial, F_UNLCK);
  ::fcntl(file_.get(), F_OFD_SETLK, &byte);
}

}  // namespace sweep
