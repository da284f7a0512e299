// A kernel that refuses one system call, to this process and to all that it starts from now on. For the children that
// tests fork: it cannot be taken back.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>

/// False where this kernel has no such filters. Every other call goes on as before.
inline bool refuse_call(long number, int error) {
  const auto code = [](int bits) { return static_cast<unsigned short>(bits); };
  sock_filter steps[] = {
      BPF_STMT(code(BPF_LD | BPF_W | BPF_ABS), offsetof(seccomp_data, nr)),
      BPF_JUMP(code(BPF_JMP | BPF_JEQ | BPF_K), static_cast<unsigned>(number), 0, 1),
      BPF_STMT(code(BPF_RET | BPF_K), SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(code(BPF_RET | BPF_K), SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof steps / sizeof steps[0], steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
