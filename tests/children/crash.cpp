// Ends itself by a signal, after a word on stderr.
#include <csignal>

#include "tests/children/say.h"

int main() {
  SAY("{\"event\":\"started\",\"seq\":0}");
  std::fputs("about to crash\n", stderr);
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
}
