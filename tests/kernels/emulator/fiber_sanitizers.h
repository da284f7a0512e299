// What the address and thread sanitizers must be told when one OS thread runs many fibers. For block_emulator.cpp
// alone.
#pragma once

#include <cstddef>

// Defined by CMakeLists.txt: block_emulator.cpp is not instrumented, so the compiler's own macro says nothing here.
#if SWEEP_FIBERS_UNDER_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define SWEEP_FIBERS_UNDER_ASAN 1
#else
#define SWEEP_FIBERS_UNDER_ASAN 0
#endif

namespace emulator {

/// Tells the sanitizers which stack and which thread runs next. All empty in a plain build.
struct Sanitizers {
  static void* new_thread() {
#if SWEEP_FIBERS_UNDER_TSAN
    return __tsan_create_fiber(0);
#else
    return nullptr;
#endif
  }
  static void* this_thread() {
#if SWEEP_FIBERS_UNDER_TSAN
    return __tsan_get_current_fiber();
#else
    return nullptr;
#endif
  }
  static void become([[maybe_unused]] void* thread) {
#if SWEEP_FIBERS_UNDER_TSAN
    __tsan_switch_to_fiber(thread, 1);  // 1: the switch itself orders nothing
#endif
  }
  static void publish([[maybe_unused]] void* place) {
#if SWEEP_FIBERS_UNDER_TSAN
    __tsan_release(place);
#endif
  }
  static void observe([[maybe_unused]] void* place) {
#if SWEEP_FIBERS_UNDER_TSAN
    __tsan_acquire(place);
#endif
  }
  static void leave_stack([[maybe_unused]] void** saved, [[maybe_unused]] const void* bottom,
                          [[maybe_unused]] std::size_t bytes) {
#if SWEEP_FIBERS_UNDER_ASAN
    __sanitizer_start_switch_fiber(saved, bottom, bytes);
#endif
  }
  static void enter_stack([[maybe_unused]] void* saved, [[maybe_unused]] const void** bottom,
                          [[maybe_unused]] std::size_t* bytes) {
#if SWEEP_FIBERS_UNDER_ASAN
    __sanitizer_finish_switch_fiber(saved, bottom, bytes);
#endif
  }
};

}  // namespace emulator
