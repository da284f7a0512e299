// Fork and join over two atomic words. Not a task queue: parts are dealt out by number, so nothing is contended.
#include "kernels/cpu_threads.h"

#include <immintrin.h>

#include <string>
#include <system_error>

#include "core/error.h"

namespace kernels::cpu {
namespace {

constexpr unsigned kPortableMxcsr = 0x1f80;  // all exceptions masked, round to nearest even, no FTZ, no DAZ
constexpr int kSpins = 1000;                 // about 20 µs: longer than the serial parts between two ops

/// Waits until `word` is no longer `old`: spins first, then sleeps in the kernel.
void wait_for_change(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (word.load(std::memory_order_acquire) != old) return;
    _mm_pause();
  }
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

PortableFloatState::PortableFloatState() : found_(_mm_getcsr()) {
  if (found_ != kPortableMxcsr) _mm_setcsr(kPortableMxcsr);
}

PortableFloatState::~PortableFloatState() {
  if (found_ != kPortableMxcsr) _mm_setcsr(found_);
}

Threads::Threads(int count) {
  core::check(count >= 1, "a CPU context needs at least one thread");
  workers_.reserve(static_cast<std::size_t>(count) - 1);
  try {
    for (int thread = 1; thread < count; ++thread) workers_.emplace_back(&Threads::work, this, thread);
  } catch (const std::system_error& error) {
    stop();
    throw core::EnvironmentError("cpu threads",
                                 "thread " + std::to_string(workers_.size() + 2) + " of " + std::to_string(count) +
                                     " could not be started: " + error.code().message(),
                                 "ask for fewer threads or raise the limit of processes (ulimit -u)");
  }
}

Threads::~Threads() { stop(); }

void Threads::stop() {
  stopping_ = true;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Threads::fork_and_join(int parts, Call call, void* body) {
  call_ = call;
  body_ = body;
  parts_ = parts;
  running_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  take_parts(0);
  while (const std::uint32_t running = running_.load(std::memory_order_acquire)) wait_for_change(running_, running);
}

void Threads::take_parts(int thread) {
  for (int part = thread; part < parts_; part += count()) call_(body_, part);
}

void Threads::work(int thread) {
  std::uint32_t seen = 0;
  for (;;) {
    wait_for_change(generation_, seen);
    ++seen;
    if (stopping_) return;
    const PortableFloatState state;
    take_parts(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

}  // namespace kernels::cpu
