// See target.h.
#include "sweep/exports/target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/remedy.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

// Between the target's name and a number: what is not whole yet. No other program names its files so, for what has such
// a name and no lock is taken away.
constexpr char kUnfinished[] = ".sweep-export-";

[[noreturn]] void fail(const fs::path& path, const char* action) {
  const int reason = errno;
  throw core::EnvironmentError(path.string(), std::string(action) + ": " + std::strerror(reason),
                               std::string(core::remedy_for(reason)));
}

bool is_export(const fs::path& path, ExportTarget::Kind kind) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return false;
  if (kind == ExportTarget::Kind::kFolder) return fs::is_regular_file(path / protocol::kExportFile, ignored);
  if (!fs::is_regular_file(path, ignored)) return false;
  std::string begin(kExportFileBegin.size(), '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t got = ::read(fd, begin.data(), begin.size());
  ::close(fd);
  return got == static_cast<ssize_t>(begin.size()) && begin == kExportFileBegin;
}

// Whether something is to be replaced. Errors: UserError where it must not be.
bool may_replace(const fs::path& path, ExportTarget::Kind kind, bool force) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(path, ignored))) return false;
  if (!force)
    throw core::UserError(path.string(), "is there already", "name another path with -o, or replace it with --force");
  const bool is_folder = kind == ExportTarget::Kind::kFolder;
  if (!is_export(path, kind))
    throw core::UserError(path.string(),
                          std::string("is no ") + (is_folder ? "folder" : "file") +
                              " that an export wrote, and --force replaces nothing else",
                          "name another path with -o");
  return true;
}

// A descriptor that holds the lock of a file or folder; -1 where another one holds it, or it is gone; kNoLocks where it
// cannot be locked.
constexpr int kNoLocks = -2;
int lock_of(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return errno == ENOENT ? -1 : kNoLocks;
  const int error = ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  struct stat held {
  }, named{};
  const bool is_there = ::fstat(fd, &held) == 0 && ::lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
                        held.st_dev == named.st_dev;
  if (error == 0 && is_there) return fd;
  ::close(fd);
  return error == 0 || error == EWOULDBLOCK ? -1 : kNoLocks;
}

// Whether it has the new name, which nothing had; else errno says why not. Some network file systems cannot rename so:
// what comes to be there while we look is then not noticed.
bool move_to_free(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL) return false;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(to, ignored))) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from.c_str(), to.c_str()) == 0;
}

// What exports to this path left behind that were killed: it is no longer locked.
void remove_abandoned(const fs::path& path) {
  const std::string begin = path.filename().string() + kUnfinished;
  std::error_code ignored;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(path.has_parent_path() ? path.parent_path() : fs::path("."), ignored)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = name.starts_with(begin) && name.size() > begin.size() &&
                         name.find_first_not_of("0123456789-", begin.size()) == std::string::npos;
    if (!is_ours || fs::is_symlink(entry.symlink_status(ignored))) continue;
    const int lock = lock_of(entry.path());
    if (lock < 0) continue;
    fs::remove_all(entry.path(), ignored);
    ::close(lock);
  }
}

}  // namespace

ExportTarget::ExportTarget(fs::path path, Kind kind, bool force) : path_(std::move(path)), kind_(kind) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "mlruns/"
  const std::string last = path_.filename().string();
  if (last.empty() || last == "." || last == "..")
    throw core::UserError("--output", "'" + path_.string() + "' is no name of a new file or folder", "");
  replaces_ = may_replace(path_, kind_, force);
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) throw core::EnvironmentError(path_.parent_path().string(), "cannot be made: " + error.message());
  remove_abandoned(path_);
  make_temporary();
}

ExportTarget::~ExportTarget() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

// Whoever sees it before it is locked may take it for abandoned, and take it away: then another one is made.
void ExportTarget::make_temporary() {
  for (int number = 0; lock_ < 0; ++number) {
    temporary_ = path_;
    temporary_ += fmt::format("{}{}-{}", kUnfinished, ::getpid(), number);
    std::error_code error;
    if (fs::exists(fs::symlink_status(temporary_, error))) continue;
    if (kind_ == Kind::kFile) {
      file_ = std::make_unique<core::NewFile>(temporary_, path_);
    } else if (!fs::create_directory(temporary_, error)) {
      throw core::EnvironmentError(temporary_.string(), "cannot be made: " + error.message());
    }
    lock_ = lock_of(temporary_);
    if (lock_ == kNoLocks) break;
  }
  files_ = kind_ == Kind::kFile ? 1 : 0;
}

void ExportTarget::add_folder(const std::string& name) {
  if (!folders_.insert(name).second) return;
  std::error_code error;
  fs::create_directories(temporary_ / name, error);
  if (error) throw core::EnvironmentError((path_ / name).string(), "cannot be made: " + error.message());
}

void ExportTarget::add(const std::string& name, std::string_view contents) {
  core::check(kind_ == Kind::kFolder, "a file in a file");
  if (const std::size_t slash = name.rfind('/'); slash != name.npos) add_folder(name.substr(0, slash));
  core::NewFile(temporary_ / name, path_ / name).write(contents);
  ++files_;
  bytes_ += contents.size();
}

void ExportTarget::append(std::string_view contents) {
  core::check(file_ != nullptr, "more of no file");
  buffer_ += contents;
  bytes_ += contents.size();
  if (buffer_.size() < kBufferBytes) return;
  file_->write(buffer_);
  buffer_.clear();
}

void ExportTarget::commit() {
  if (file_) {
    file_->write(buffer_);
    file_->sync();
    file_.reset();
  } else {
    // All at once: a sync for each of many thousand small files takes minutes. It also gives the error of a disk that
    // took the bytes and could not keep them.
    const int fd = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = fd >= 0 && ::syncfs(fd) == 0;
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    errno = reason;
    if (!is_synced) fail(path_, "cannot be synced");
  }
  put_in_place();
  core::sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

void ExportTarget::put_in_place() {
  if (replaces_) return replace();
  if (!move_to_free(temporary_, path_)) {
    const int reason = errno;
    if (reason == EEXIST) may_replace(path_, kind_, false);
    errno = reason;
    fail(path_, "cannot be renamed into place");
  }
  temporary_.clear();
}

void ExportTarget::replace() {
  // The program that reads an export may have added to it, or the user: nothing of the old one is taken away.
  // Under the temporary name the old one would be taken away by the next export, if we were killed now: they change
  // places under the name that it keeps.
  fs::path old;
  for (int number = 1; old.empty(); ++number) {
    fs::path name = path_;
    name += ".old" + (number == 1 ? std::string() : std::to_string(number));
    if (move_to_free(temporary_, name))
      old = name;
    else if (errno != EEXIST)
      fail(name, "cannot be renamed into place");
  }
  const fs::path first = std::exchange(temporary_, old);
  bool is_replaced = ::renameat2(AT_FDCWD, old.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0;
  if (!is_replaced && errno == EINVAL && ::rename(old.c_str(), first.c_str()) == 0) {
    temporary_ = first;
    is_replaced = ::rename(path_.c_str(), old.c_str()) == 0 && ::rename(first.c_str(), path_.c_str()) == 0;
  }
  if (!is_replaced) fail(path_, "cannot be replaced");
  temporary_.clear();
  kept_ = old;
}

}  // namespace sweep
