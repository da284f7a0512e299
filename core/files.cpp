// See files.h and new_file.h.
#include "core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/new_file.h"
#include "core/plural.h"
#include "core/remedy.h"

namespace core {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;

[[noreturn]] void fail(const std::filesystem::path& file, const char* action) {
  const int reason = errno;
  throw EnvironmentError(file.string(), std::string(action) + ": " + std::strerror(reason),
                         std::string(remedy_for(reason)));
}

// Closes on every way out.
struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// False, with errno set, where not everything could be written.
bool write_all(int fd, std::string_view contents) {
  for (std::size_t done = 0; done < contents.size();) {
    const ssize_t written = ::write(fd, contents.data() + done, contents.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

// Renames, or takes away what cannot be renamed and fails.
void put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& file) {
  if (::rename(temporary.c_str(), file.c_str()) == 0) return;
  const int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  fail(file, "cannot be renamed into place");
}

// A file without a name until it is whole: whoever is killed before leaves nothing. False where the file system, or a
// machine without /proc, knows none; nothing is there then.
bool write_unnamed(const std::filesystem::path& file, const std::filesystem::path& folder,
                   const std::filesystem::path& temporary, std::string_view contents, unsigned mode) {
  const Descriptor made{::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode)};
  if (made.fd < 0) return false;
  if (!write_all(made.fd, contents)) fail(file, "cannot be written");
  if (::fsync(made.fd) != 0) fail(file, "cannot be synced");
  const std::string self = "/proc/self/fd/" + std::to_string(made.fd);
  const auto link_as = [&](const std::filesystem::path& name) {
    return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (link_as(file)) return true;
  if (errno != EEXIST || !link_as(temporary)) return false;
  put_in_place(temporary, file);
  return true;
}

// The same under a temporary name.
void write_renamed(const std::filesystem::path& file, const std::filesystem::path& temporary, std::string_view contents,
                   unsigned mode) {
  try {
    NewFile made(temporary, file, mode);
    made.write(contents);
    made.sync();
  } catch (const EnvironmentError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  put_in_place(temporary, file);
}

}  // namespace

NewFile::NewFile(const std::filesystem::path& file, std::filesystem::path called, unsigned mode)
    : called_(called.empty() ? file : std::move(called)),
      fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) {
  if (fd_ < 0) fail(file, "cannot be created");
}

NewFile::~NewFile() { ::close(fd_); }

void NewFile::write(std::string_view contents) {
  if (!write_all(fd_, contents)) fail(called_, "cannot be written");
}

void NewFile::sync() {
  if (::fsync(fd_) != 0) fail(called_, "cannot be synced");
}

void sync_folder(const std::filesystem::path& folder) {
  Descriptor descriptor{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (descriptor.fd < 0 || ::fsync(descriptor.fd) != 0) fail(folder, "cannot sync the folder");
}

void read_pieces(const std::filesystem::path& file, std::uint64_t limit_bytes,
                 const std::function<void(std::string_view)>& take) {
  const auto refuse = [&](const std::string& problem, const char* remedy = "") {
    throw UserError(file.string(), problem, remedy);
  };
  // Opening a pipe would wait for somebody who writes to it.
  Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (descriptor.fd < 0 && (errno == EMFILE || errno == ENFILE)) fail(file, "cannot be read");
  if (descriptor.fd < 0 || ::fstat(descriptor.fd, &status) != 0)
    refuse(std::string("cannot be read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) refuse("is a folder", "name a file");
  if (!S_ISREG(status.st_mode)) refuse("is a device, a pipe or a socket", "name a regular file");
  const std::string at_most = std::to_string(limit_bytes) + " bytes are allowed here";
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes)
    refuse("has " + counted(status.st_size, "byte") + ", at most " + at_most);

  std::vector<char> block(kBlockBytes);
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::read(descriptor.fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) return;
    total += static_cast<std::uint64_t>(got);
    if (total > limit_bytes) refuse("grows while it is read, at most " + at_most);
    take({block.data(), static_cast<std::size_t>(got)});
  }
}

std::string file_uri(const std::filesystem::path& path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file://";
  for (const char c : std::filesystem::absolute(path).string()) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("/-_.~").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain)
      uri += c;
    else
      uri.append({'%', kDigits[byte / 16], kDigits[byte % 16]});
  }
  return uri;
}

std::string read_file(const std::filesystem::path& file, std::uint64_t limit_bytes) {
  std::string contents;
  read_pieces(file, limit_bytes, [&](std::string_view piece) { contents += piece; });
  return contents;
}

void write_file_durably(const std::filesystem::path& name, std::string_view contents, unsigned mode) {
  // A link is followed, not replaced; a device or a pipe is written to, and nothing is renamed onto it.
  std::filesystem::path file = name;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(file); ++links)
    file = file.parent_path() / std::filesystem::read_symlink(file);
  if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file)) {
    Descriptor descriptor{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    if (descriptor.fd < 0 || !write_all(descriptor.fd, contents)) fail(file, "cannot be written");
    return;
  }
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw EnvironmentError(folder.string(), "cannot be made: " + error.message());
  std::filesystem::path temporary = file;
  temporary += ".tmp" + std::to_string(::getpid());
  ::unlink(temporary.c_str());  // of a process that died and had our number
  if (!write_unnamed(file, folder, temporary, contents, mode)) write_renamed(file, temporary, contents, mode);
  sync_folder(folder);
}

}  // namespace core
