// Says which descriptors it has: "0 1 2 " and nothing else where all is well.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tests/children/say.h"

int main() {
  std::string open;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) open += std::to_string(fd) + " ";
  SAY("%s", open.c_str());
}
