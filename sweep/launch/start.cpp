// See start.h.
#include "sweep/launch/start.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/null_device.h"

namespace sweep {
namespace {

constexpr int kAboveAll = 3;  // sources lie here or higher, so that no dup onto 0 … 2 can overwrite one
constexpr std::size_t kStackBytes = 16384;
constexpr int kFirstRealTime = 32;
constexpr long kAwakeNs = 300'000;  // twice what lies between the end of a trial and the start of the next

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

// What was given, then what this process has of other names; nothing is copied.
std::vector<char*> whole_environment(const std::vector<std::string>& given) {
  std::vector<std::string_view> names;
  for (const std::string& entry : given) names.push_back(name_of(entry));
  std::sort(names.begin(), names.end());
  std::vector<char*> result = pointers(given);
  result.pop_back();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name = name_of(*entry);
    if (!name.starts_with("SWEEP_") && !std::binary_search(names.begin(), names.end(), name)) result.push_back(*entry);
  }
  result.push_back(nullptr);
  return result;
}

// A system call that leaves errno alone: until execve the child has it, as all memory, in common with its parent.
[[gnu::always_inline]] inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
#else
  const long result = ::syscall(number, a, b, c, d, e);
  return result < 0 ? -errno : result;
#endif
}

template <class T>
[[gnu::always_inline]] inline long word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// Tells the processor that this is a loop which waits.
[[gnu::always_inline]] inline void relax() {
#if defined(__x86_64__)
  asm volatile("pause" ::: "memory");
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

// As the kernel has it, and all of it zero: the standard action, with nothing beside.
struct StandardAction {
  unsigned long handler = 0, flags = 0, restorer = 0, mask = 0;
};

// The descriptor itself where it lies high enough, else another one for the same.
class AboveAll {
 public:
  explicit AboveAll(int fd) : other_(fd < kAboveAll ? ::fcntl(fd, F_DUPFD_CLOEXEC, kAboveAll) : -1), fd_(fd) {}
  int get() const { return fd_ < kAboveAll ? other_.get() : fd_; }

 private:
  Descriptor other_;
  int fd_;
};

// Opened once. -1, with errno set, where it cannot be; the next call tries again. Requires: one caller at a time.
int null_device() {
  static Descriptor null;
  if (!null.is_open()) null = Descriptor(core::open_null());
  return null.get();
}

// Signals of real time have no meaning here, but some may be ignored since before this program began. 0 ends them.
const int* real_time_signals_in_use() {
  static const std::vector<int> used = [] {
    std::vector<int> found;
    struct sigaction action {};
    for (int signal = kFirstRealTime; signal < NSIG; ++signal)
      if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_DFL) found.push_back(signal);
    found.push_back(0);
    return found;
  }();
  return used.data();
}

}  // namespace

// Everything the child needs, made before it begins. What it reads is plain: it calls no function of the library.
struct Child::State {
  StartRequest request;
  std::vector<char*> pointers_of_argv, pointers_of_environment;
  const char* folder = nullptr;  // null: stay
  const int* real_time_signals = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  int in = -1, out = -1, err = -1;
  pid_t parent = -1, pid = -1;
  // Read and written by the compiler's own atomic functions: no call in the child.
  struct Words {
    std::uint32_t may_go = 0;
    std::uint32_t ready = 0;  // 1 + the processor of who said so; 0 when it was heard
    int error = 0;
  };
  Words own;
  Words* words = &own;
  alignas(64) std::byte stack[kStackBytes];

  static int become(void* state);
};

// Runs in the parent's memory and beside it: calls alone, nothing of the library, no return. With the parent it dies.
// A sanitizer's account of the calls of a thread is the parent's, so that none may be kept here.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread, gnu::no_sanitize_undefined]]  //
int Child::State::become(void* given) {
  auto* const state = static_cast<State*>(given);
  long failed = call(SYS_setpgid, 0, 0);
  if (failed == 0) failed = call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (call(SYS_getppid) != state->parent) call(SYS_exit_group, 127);  // it died before the line above
  if (failed == 0 && state->folder != nullptr) failed = call(SYS_chdir, word(state->folder));
  const int sources[] = {state->in, state->out, state->err};
  for (int target = 0; target < 3; ++target) {
    const long to = failed == 0 ? call(SYS_dup3, sources[target], target, 0) : 0;
    if (to < 0) failed = to;
  }
  // An old kernel lacks this call; what we opened ourselves is close-on-exec anyway.
  call(SYS_close_range, kAboveAll, ~0u, 0);

  // What the parent ignores the program would ignore too, and a handler of the parent's would run here, in its memory,
  // once signals are let through.
  const StandardAction standard;
  for (int signal = 1; signal < kFirstRealTime; ++signal)
    call(SYS_rt_sigaction, signal, word(&standard), 0, sizeof standard.mask);
  for (const int* signal = state->real_time_signals; *signal != 0; ++signal)
    call(SYS_rt_sigaction, *signal, word(&standard), 0, sizeof standard.mask);

  if (failed == 0) {
    while (__atomic_load_n(&state->words->may_go, __ATOMIC_ACQUIRE) == 0) {
      call(SYS_futex, word(&state->words->may_go), FUTEX_WAIT, 0, 0);
      const std::uint32_t ready = __atomic_exchange_n(&state->words->ready, 0, __ATOMIC_ACQUIRE);
      std::uint32_t processor = 0;
      if (ready == 0 || call(SYS_getcpu, word(&processor), 0, 0) != 0 || processor == ready - 1) continue;
      timespec now{}, until{};
      call(SYS_clock_gettime, CLOCK_MONOTONIC, word(&until));
      until.tv_nsec += kAwakeNs;  // may be more than a second
      do {
        for (int i = 0; i < 16; ++i) relax();
        call(SYS_clock_gettime, CLOCK_MONOTONIC, word(&now));
      } while (__atomic_load_n(&state->words->may_go, __ATOMIC_ACQUIRE) == 0 &&
               (now.tv_sec - until.tv_sec) * 1'000'000'000 + now.tv_nsec < until.tv_nsec);
    }
    const unsigned long none = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&none), 0, sizeof none);
    failed = call(SYS_execve, word(state->argv[0]), word(state->argv), word(state->environment));
  }
  __atomic_store_n(&state->words->error, static_cast<int>(-failed), __ATOMIC_RELEASE);
  call(SYS_exit_group, 127);
  return 127;
}

Child::Child(StartRequest request, Begin begin) : state_(std::make_unique_for_overwrite<State>()) {
  State& state = *state_;
  state.request = std::move(request);
  const auto fail = [&] {
    throw core::EnvironmentError(state.request.argv[0], std::string("cannot be started: ") + std::strerror(errno));
  };
  const int null = null_device();
  if (null < 0) fail();
  const AboveAll in(state.request.in >= 0 ? state.request.in : null),
      out(state.request.out >= 0 ? state.request.out : null), err(state.request.err >= 0 ? state.request.err : null);
  state.in = in.get();
  state.out = out.get();
  state.err = err.get();
  if (state.in < 0 || state.out < 0 || state.err < 0) fail();
  if (!state.request.folder.empty()) state.folder = state.request.folder.c_str();
  state.pointers_of_argv = pointers(state.request.argv);
  state.argv = state.pointers_of_argv.data();
  state.pointers_of_environment = whole_environment(state.request.environment);
  state.environment = state.pointers_of_environment.data();
  state.real_time_signals = real_time_signals_in_use();
  state.parent = ::getpid();

  // No handler of ours may run in the child while it has our memory: all signals stay blocked there until execve.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  state.words->may_go = begin == Begin::kAtOnce;
#if defined(__SANITIZE_THREAD__)
  // The sanitizer does not bear two processes in one memory: here they have only the words in common.
  void* const shared = ::mmap(nullptr, sizeof *state.words, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail();
  state.words = new (shared) State::Words(state.own);
  state.pid = ::fork();
  if (state.pid == 0) State::become(&state);
#else
  state.pid = ::clone(State::become, state.stack + kStackBytes, CLONE_VM | SIGCHLD, &state);
#endif
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  if (state.pid < 0) fail();
}

Child::~Child() {
  if (state_->words != &state_->own) ::munmap(state_->words, sizeof *state_->words);
}

pid_t Child::pid() const { return state_->pid; }

void Child::ready() {
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  __atomic_store_n(&state_->words->ready, static_cast<std::uint32_t>(processor) + 1, __ATOMIC_RELEASE);
  ::syscall(SYS_futex, &state_->words->may_go, FUTEX_WAKE, 1);
}

void Child::go() {
  __atomic_store_n(&state_->words->may_go, 1, __ATOMIC_RELEASE);
  ::syscall(SYS_futex, &state_->words->may_go, FUTEX_WAKE, 1);
}

int Child::error() const { return __atomic_load_n(&state_->words->error, __ATOMIC_ACQUIRE); }

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw core::EnvironmentError("pipe", std::string("cannot be made: ") + std::strerror(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace sweep
