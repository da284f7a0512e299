// Leaves a process behind, which holds the event pipe; with the argument `setsid` in a session of its own.
#include <unistd.h>

#include <cstring>

#include "tests/children/say.h"

int main(int argc, char** argv) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (argc > 1 && std::strcmp(argv[1], "setsid") == 0) ::setsid();
    for (;;) ::pause();
  }
  SAY("{\"event\":\"started\",\"pid\":%d,\"seq\":0}", static_cast<int>(child));
  if (argc > 2) ::pause();  // stays, until it is ended
}
