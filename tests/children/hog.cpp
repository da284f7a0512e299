// Takes memory, a megabyte at a time, until somebody ends it; with the argument `child` a process that it starts does,
// with `full` it prints a line when it has all.
#include <unistd.h>

#include <cstring>

#include "tests/children/say.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "child") == 0 && ::fork() != 0)
    for (;;) ::pause();
  for (int megabytes = 0; megabytes < 512; ++megabytes) {
    char* block = static_cast<char*>(std::malloc(1 << 20));
    if (block == nullptr) return 9;
    std::memset(block, megabytes, 1 << 20);
  }
  if (argc > 1 && std::strcmp(argv[1], "full") == 0 && ::write(1, "\n", 1) != 1) return 9;
  for (;;) ::pause();
}
