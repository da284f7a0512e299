// Does not end when asked to.
#include <unistd.h>

#include <csignal>

#include "tests/children/say.h"

int main() {
  std::signal(SIGTERM, SIG_IGN);
  SAY("{\"event\":\"started\",\"seq\":0}");
  for (;;) ::pause();
}
