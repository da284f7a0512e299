// What a controller cannot do better than: a loop of posix_spawn, a pipe and waitpid that keeps nothing.
// spawn_limit PROGRAM COUNT SLOTS prints how many processes it ran a second.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

enum { kMostSlots = 64 };

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct child {
  pid_t pid;  // 0: the slot is free
  int out;
};

static void start(struct child* child, char* program) {
  int ends[2];
  posix_spawn_file_actions_t actions;
  char* arguments[] = {program, NULL};
  if (pipe2(ends, O_CLOEXEC) != 0) exit(1);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  if (posix_spawn(&child->pid, program, &actions, NULL, arguments, environ) != 0) exit(1);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  child->out = ends[0];
}

int main(int count, char** arguments) {
  struct child children[kMostSlots] = {{0}};
  if (count != 4) return 2;
  const int all = atoi(arguments[2]), slots = atoi(arguments[3]);
  if (slots < 1 || slots > kMostSlots) return 2;
  const double begun = now_s();
  for (int started = 0, ended = 0; ended < all;) {
    struct pollfd waits[kMostSlots];
    for (int i = 0; i < slots; ++i) {
      if (children[i].pid == 0 && started < all) start(&children[i], arguments[1]), ++started;
      waits[i].fd = children[i].pid ? children[i].out : -1;
      waits[i].events = POLLIN;
    }
    poll(waits, (nfds_t)slots, -1);
    for (int i = 0; i < slots; ++i) {
      static char block[65536];
      if (waits[i].fd < 0 || waits[i].revents == 0 || read(children[i].out, block, sizeof block) > 0) continue;
      close(children[i].out);
      waitpid(children[i].pid, NULL, 0);
      children[i].pid = 0;
      ++ended;
    }
  }
  printf("%.1f\n", all / (now_s() - begun));
  return 0;
}
