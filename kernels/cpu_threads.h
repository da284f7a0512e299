// The worker threads of one CPU context: fork, run, join. Called by the CPU ops; knows nothing of arithmetic but the
// state of the floating-point unit, which it sets on every thread that computes.
//
// Fork and join take about a microsecond: workers spin for some tens of microseconds before they sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace kernels::cpu {

/// For its lifetime this thread rounds to nearest, keeps denormals and raises no trap (MXCSR 0x1f80), whatever a
/// library that was built with -Ofast has left behind. Restores what it found.
class PortableFloatState {
 public:
  PortableFloatState();
  ~PortableFloatState();
  PortableFloatState(const PortableFloatState&) = delete;
  PortableFloatState& operator=(const PortableFloatState&) = delete;

 private:
  unsigned found_;
};

/// `count` threads, the caller of run() included. Used by one thread at a time.
class Threads {
 public:
  /// Starts count − 1 workers. Errors: EnvironmentError where the system gives no more threads.
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(part) once for each part < parts, on any thread, in any order, and waits for all. Thread t takes parts
  /// t, t + count, …: a part may use scratch memory of thread part % count.
  /// Requires: body throws nothing.
  template <class Body>
  void run(int parts, Body&& body) {
    const PortableFloatState state;
    if (parts <= 1 || workers_.empty()) {
      for (int part = 0; part < parts; ++part) body(part);
      return;
    }
    using Plain = std::remove_reference_t<Body>;
    fork_and_join(
        parts, [](void* call, int part) { (*static_cast<Plain*>(call))(part); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* body, int part);

  void fork_and_join(int parts, Call call, void* body);
  void work(int thread);
  void take_parts(int thread);
  void stop();

  std::vector<std::thread> workers_;
  Call call_ = nullptr;
  void* body_ = nullptr;
  int parts_ = 0;
  bool stopping_ = false;
  alignas(64) std::atomic<std::uint32_t> generation_{0};  ///< one more for each fork; publishes the members above
  alignas(64) std::atomic<std::uint32_t> running_{0};     ///< workers that have not finished this generation
};

}  // namespace kernels::cpu
