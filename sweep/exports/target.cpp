// See target.h.
#include "sweep/exports/target.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/remedy.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

[[noreturn]] void fail(const fs::path& path, const char* action) {
  const int reason = errno;
  throw core::EnvironmentError(path.string(), std::string(action) + ": " + std::strerror(reason),
                               std::string(core::remedy_for(reason)));
}

bool is_export(const fs::path& path, ExportTarget::Kind kind) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return false;
  if (kind == ExportTarget::Kind::kFolder) return fs::is_regular_file(path / kExportFile, ignored);
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
  temporary_ = path_;
  temporary_ += ".tmp" + std::to_string(::getpid());
  fs::remove_all(temporary_, error);  // of a process that died and had our number
  if (kind_ == Kind::kFile) {
    file_ = std::make_unique<core::NewFile>(temporary_, path_);
    files_ = 1;
  } else if (!fs::create_directory(temporary_, error)) {
    throw core::EnvironmentError(temporary_.string(), "cannot be made: " + error.message());
  }
}

ExportTarget::~ExportTarget() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
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
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
    temporary_.clear();
    return;
  }
  if (errno == EEXIST) may_replace(path_, kind_, false);
  // Some network file systems cannot rename so; what came to be there since we looked is then not noticed.
  if (errno != EINVAL || ::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "cannot be renamed into place");
  temporary_.clear();
}

void ExportTarget::replace() {
  // The program that reads an export may have added to it, or the user: nothing of the old one is taken away.
  for (int number = 1; kept_.empty(); ++number) {
    fs::path old = path_;
    old += ".old" + (number == 1 ? std::string() : std::to_string(number));
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(old, ignored))) kept_ = old;
  }
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
    // The old one stands under the temporary name now.
    if (::rename(temporary_.c_str(), kept_.c_str()) != 0) fail(kept_, "cannot be renamed");
  } else if (errno != EINVAL || ::rename(path_.c_str(), kept_.c_str()) != 0 ||
             ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail(path_, "cannot be replaced");
  }
  temporary_.clear();
}

}  // namespace sweep
