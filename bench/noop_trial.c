// The shortest trial there is: three events, then the end. run_throughput.py starts thousands of it.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  static const char events[] =
      "{\"event\":\"started\",\"seq\":0,\"protocol\":1,\"trainer\":\"noop\"}\n"
      "{\"event\":\"metric\",\"seq\":1,\"step\":1,\"values\":{\"loss\":0.5}}\n"
      "{\"event\":\"finished\",\"seq\":2,\"outcome\":\"completed\"}\n";
  const char* path = getenv("SWEEP_EVENTS");
  const int out = path ? open(path, O_WRONLY) : 1;  // the others' trials print them
  return write(out, events, sizeof events - 1) == (ssize_t)sizeof events - 1 ? 0 : 1;
}
