// Put before the C library (LD_PRELOAD): from the write number FULL_DISK_AT on, the disk is full. Counts the writes of
// this process to files whose path holds FULL_DISK_NAME; without it what SQLite does to sweeps.db and the files beside.
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool is_full(int fd) {
  static long done = 0, at = -1;
  char link[64], path[4096];
  if (at < 0) at = getenv("FULL_DISK_AT") ? atol(getenv("FULL_DISK_AT")) : 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (at == 0 || length <= 0) return false;
  path[length] = '\0';
  const char* name = getenv("FULL_DISK_NAME");
  return std::strstr(path, name ? name : "sweeps.db") != nullptr && ++done >= at;
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  static const auto real = reinterpret_cast<decltype(&pwrite64)>(::dlsym(RTLD_NEXT, "pwrite64"));
  if (is_full(fd)) return errno = ENOSPC, -1;
  return real(fd, bytes, count, offset);
}

extern "C" int ftruncate64(int fd, off64_t length) {
  static const auto real = reinterpret_cast<decltype(&ftruncate64)>(::dlsym(RTLD_NEXT, "ftruncate64"));
  if (is_full(fd)) return errno = ENOSPC, -1;
  return real(fd, length);
}

extern "C" ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto real = reinterpret_cast<decltype(&write)>(::dlsym(RTLD_NEXT, "write"));
  if (getenv("FULL_DISK_NAME") && is_full(fd)) return errno = ENOSPC, -1;
  return real(fd, bytes, count);
}
