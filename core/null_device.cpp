// See null_device.h.
#include "core/null_device.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace core {

int open_null() {
  int low = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (low < 0 && errno == ENOENT) low = ::memfd_create("null", MFD_CLOEXEC);
  if (low < 0 || low > STDERR_FILENO) return low;
  const int high = ::fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(low);
  return high;
}

}  // namespace core
