// See lock.h.
#include "sweep/dispatch/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "protocol/files.h"

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

}  // namespace

SweepLock::SweepLock(const std::filesystem::path& runs, const std::string& sweep) {
  const std::filesystem::path folder = runs / protocol::kLocksFolder;
  make_folder(folder);
  const std::filesystem::path file = folder / (sweep + ".lock");
  file_ = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock(file_, file)) {
    const std::string pid = core::read_file(file);
    throw core::EnvironmentError("sweep " + sweep, "is being run by process " + (pid.empty() ? "?" : pid),
                                 "wait for it or stop it");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file_.get(), 0) != 0 || ::write(file_.get(), pid.data(), pid.size()) < 0)
    throw core::EnvironmentError(file.string(), std::string("cannot be written: ") + std::strerror(errno));
}

std::optional<Descriptor> lock_trial(const std::filesystem::path& trial_folder) {
  make_folder(trial_folder);
  Descriptor folder(::open(trial_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock(folder, trial_folder)) return std::nullopt;
  return folder;
}

}  // namespace sweep
