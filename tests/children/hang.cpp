// Says that it started and sleeps until it is ended.
#include <unistd.h>

#include "tests/children/say.h"

int main() {
  SAY("{\"event\":\"started\",\"seq\":0}");
  for (;;) ::pause();
}
