// See named_files.h.
#include "sweep/launch/named_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/error.h"
#include "core/files.h"

namespace sweep {
namespace {

[[noreturn]] void cannot(const std::string& file) {
  throw core::EnvironmentError(file, std::string("cannot be made: ") + std::strerror(errno),
                               "mount /proc, or name a folder with TMPDIR");
}

}  // namespace

std::string path_of(int fd) { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd); }

Descriptor make_document(const std::string& text) {
  Descriptor file(::memfd_create("sweep-trial", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto size = static_cast<ssize_t>(text.size());
  if (!file.is_open() || ::write(file.get(), text.data(), text.size()) != size)
    throw core::EnvironmentError("trial document", std::string("cannot be made: ") + std::strerror(errno));
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}

bool NamedFiles::are_needed() {
  static const bool are_needed = ::access("/proc/self/fd", X_OK) != 0;
  return are_needed;
}

NamedFiles::NamedFiles(const std::string& document_text) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  std::string name = ((error ? std::filesystem::path("/") : parent) / "sweep-trial-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) cannot(name);
  folder_ = name;
  core::write_file_durably(document(), document_text);
  if (::mkfifo(events().c_str(), 0600) != 0) cannot(events());
}

NamedFiles::~NamedFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// The read end first, and without waiting for somebody who writes.
Pipe NamedFiles::open_events() const {
  Descriptor read_end(::open(events().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Descriptor write_end(::open(events().c_str(), O_WRONLY | O_CLOEXEC));
  if (!read_end.is_open() || !write_end.is_open()) cannot(events());
  return {std::move(read_end), std::move(write_end)};
}

}  // namespace sweep
