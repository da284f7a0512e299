// The shortest trial there is: three events, then the end. The scripts here start thousands of it. Its loss follows from
// the trial's index. NOOP_STAMP names a file that gets the time at which it began, in nanoseconds of the monotonic clock;
// with NOOP_SLEEP_MS it sleeps so long before it speaks.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int write_stamp(const char* path) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  return out >= 0 && dprintf(out, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec) > 0;
}

static void sleep_ms(long ms) {
  const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

int main(void) {
  const char* const stamp = getenv("NOOP_STAMP");
  if (stamp && !write_stamp(stamp)) return 1;
  const char* const pause = getenv("NOOP_SLEEP_MS");
  if (pause) sleep_ms(atol(pause));
  const char* const index = getenv("SWEEP_TRIAL_INDEX");
  const unsigned long long loss = (index ? strtoull(index, NULL, 10) : 0) * 2654435761u % 999983;
  char events[256];
  const int size = snprintf(events, sizeof events,
                            "{\"event\":\"started\",\"seq\":0,\"protocol\":1,\"trainer\":\"noop\"}\n"
                            "{\"event\":\"metric\",\"seq\":1,\"step\":1,\"values\":{\"loss\":0.%06llu}}\n"
                            "{\"event\":\"finished\",\"seq\":2,\"outcome\":\"completed\"}\n",
                            loss);
  const char* const path = getenv("SWEEP_EVENTS");
  const int out = path ? open(path, O_WRONLY) : 1;  // the others' trials print them
  return write(out, events, (size_t)size) == size ? 0 : 1;
}
