// The context of the CPU back end: its threads, its instruction set and scratch memory for each thread. Shared by the
// CPU ops; trainer/ sees only Context.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "kernels/cpu_threads.h"
#include "kernels/isa_cpu.h"
#include "kernels/recorded_calls.h"

namespace kernels::cpu {

/// Frees what allocate_aligned gave.
struct AlignedFree {
  void operator()(void* pointer) const;
};

/// 64-byte aligned memory, never null. Errors: OutOfMemory that names the bytes.
void* allocate_aligned(std::size_t bytes);

class CpuContext final : public Context {
 public:
  CpuContext(int threads, CpuIsa isa);
  /// With a table of its own in place of the instruction set's, for hypotheses/ and tests. Requires: `table` outlives
  /// it.
  CpuContext(int threads, CpuIsa isa, const IsaTable& table);

  std::string describe() const override;
  KeptMemory* kept_memory() override { return &kept_; }

  /// Memory of the "device". What the ops hold at once is never more than the machine has: the kernel would promise it,
  /// and end this process or another one only when it is written to. Errors: OutOfMemory.
  void* allocate(std::size_t bytes);
  void release(void* pointer) { kept_.give_back(pointer); }

  Threads threads;
  const CpuIsa isa;  ///< never kBest
  const IsaTable& table;
  CallRecorder recorder;

  /// At least `floats` floats for each thread. Call before Threads::run; then scratch(thread) is that thread's.
  void reserve_scratch(std::size_t floats);
  float* scratch(int thread) const { return scratch_[static_cast<std::size_t>(thread)].get(); }

  /// Calls body(first, last) for consecutive ranges that cover 0 … count, cut at multiples of `unit`; one range where
  /// there are fewer than `least` elements a thread.
  template <class Body>
  void split(int count, int unit, int least, Body&& body) {
    split_parts(count, unit, least, [&](int, int first, int last) { body(first, last); });
  }
  /// The same with body(part, first, last), where scratch(part) is the part's own.
  template <class Body>
  void split_parts(int count, int unit, int least, Body&& body) {
    const int parts = parts_of(count, least);
    threads.run(parts, [&](int part) {
      const int first = cut(count, unit, part, parts), last = cut(count, unit, part + 1, parts);
      if (first < last) body(part, first, last);
    });
  }

 private:
  int parts_of(int count, int least) const;
  static int cut(int count, int unit, int part, int parts);
  bool has_room(std::size_t bytes) const { return bytes <= present_bytes_ && held_bytes_ <= present_bytes_ - bytes; }
  void free_block(void* pointer);

  const std::size_t present_bytes_;  ///< that the machine has; asked once, for asking takes longer than a small buffer
  std::size_t held_bytes_ = 0;       ///< the spare blocks among them
  KeptMemory kept_{[this](void* block) { free_block(block); }};
  std::size_t scratch_floats_ = 0;
  std::vector<std::unique_ptr<float, AlignedFree>> scratch_;
};

/// The CPU context behind `context`. Errors: check() where it belongs to another back end.
CpuContext& cpu_context(Context& context);

}  // namespace kernels::cpu
