// Choice of the instruction set, scratch memory, description of the machine's processor.
#include "kernels/cpu_context.h"

#include <cpuid.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/error.h"

namespace kernels {
namespace cpu {
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

CpuIsa resolve(CpuIsa isa) {
  if (isa == CpuIsa::kBest) return has_avx512() ? CpuIsa::kAvx512 : CpuIsa::kAvx2;
  if (isa == CpuIsa::kAvx512 && !has_avx512()) {
    throw core::EnvironmentError("cpu", "this processor has no AVX-512 (F, BW, CD, DQ, VL)", "use avx2 or plain");
  }
  return isa;
}

const IsaTable& table_of(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kAvx512:
      return kAvx512Table;
    case CpuIsa::kAvx2:
      return kAvx2Table;
    default:
      return kPlainTable;
  }
}

std::size_t physical_bytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// As the processor names itself.
std::string processor_name() {
  unsigned words[12] = {};
  unsigned highest = 0, unused = 0;
  __cpuid(0x80000000u, highest, unused, unused, unused);
  if (highest < 0x80000004u) return "unknown processor";
  for (unsigned leaf = 0; leaf < 3; ++leaf) {
    unsigned* const out = words + 4 * leaf;
    __cpuid(0x80000002u + leaf, out[0], out[1], out[2], out[3]);
  }
  char text[sizeof words + 1] = {};
  std::memcpy(text, words, sizeof words);
  std::string name = text;
  name.erase(0, name.find_first_not_of(' '));
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

}  // namespace

void AlignedFree::operator()(void* pointer) const { std::free(pointer); }

void* allocate_aligned(std::size_t bytes) {
  // A data set is read a row here, a row there: with pages of 4 KiB every row is a miss of the translation cache.
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const bool large = bytes >= 2 * kHugePage;
  void* pointer = nullptr;
  if (posix_memalign(&pointer, large ? kHugePage : 64, std::max<std::size_t>(bytes, 1)) != 0) {
    throw OutOfMemory("cpu: allocate: no memory for " + std::to_string(bytes) + " bytes");
  }
  if (large) madvise(pointer, bytes, MADV_HUGEPAGE);  // a wish: nothing depends on it
  return pointer;
}

CpuContext::CpuContext(int thread_count, CpuIsa wanted) : CpuContext(thread_count, wanted, table_of(resolve(wanted))) {}

CpuContext::CpuContext(int thread_count, CpuIsa wanted, const IsaTable& its_table)
    : threads(thread_count),
      isa(resolve(wanted)),
      table(its_table),
      present_bytes_(physical_bytes()),
      scratch_(static_cast<std::size_t>(thread_count)) {}

std::string CpuContext::describe() const {
  return processor_name() + ", " + name(isa) + ", " + std::to_string(threads.count()) +
         (threads.count() == 1 ? " thread" : " threads");
}

void* CpuContext::allocate(std::size_t bytes) {
  if (void* const spare = kept_.take(bytes)) return spare;
  if (!has_room(bytes)) kept_.drop_all();
  if (!has_room(bytes))
    throw OutOfMemory("cpu: allocate: no memory for " + std::to_string(bytes) + " bytes, " +
                      std::to_string(held_bytes_) + " are held already and the machine has " +
                      std::to_string(present_bytes_));
  void* const pointer = allocate_aligned(bytes);
  held_bytes_ += ::malloc_usable_size(pointer);
  kept_.lend(pointer, bytes);
  return pointer;
}

void CpuContext::free_block(void* pointer) {
  held_bytes_ -= ::malloc_usable_size(pointer);
  std::free(pointer);
}

void CpuContext::reserve_scratch(std::size_t floats) {
  if (floats <= scratch_floats_) return;
  scratch_floats_ = 0;
  for (auto& memory : scratch_) {
    memory.reset();
    memory.reset(static_cast<float*>(allocate_aligned(floats * sizeof(float))));
  }
  scratch_floats_ = floats;
}

int CpuContext::parts_of(int count, int least) const { return std::clamp(count / least, 1, threads.count()); }

int CpuContext::cut(int count, int unit, int part, int parts) {
  const std::int64_t units = (static_cast<std::int64_t>(count) + unit - 1) / unit;
  return static_cast<int>(std::min<std::int64_t>(count, units * part / parts * unit));
}

CpuContext& cpu_context(Context& context) {
  auto* const found = dynamic_cast<CpuContext*>(&context);
  core::check(found != nullptr, "a CPU op was given a context of another back end");
  return *found;
}

}  // namespace cpu

std::unique_ptr<Context> make_cpu_context(int threads, CpuIsa isa) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    throw core::EnvironmentError("cpu", "this processor lacks AVX2 or FMA (x86-64-v3)", "use a newer machine");
  }
  return std::make_unique<cpu::CpuContext>(threads, isa);
}

CpuIsa cpu_isa(const Context& context) {
  const auto* const found = dynamic_cast<const cpu::CpuContext*>(&context);
  core::check(found != nullptr, "cpu_isa was given a context of another back end");
  return found->isa;
}

const char* name(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kBest:
      return "best";
    case CpuIsa::kPlain:
      return "plain";
    case CpuIsa::kAvx2:
      return "avx2";
    case CpuIsa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

std::string describe_device(const Context& context) { return context.describe(); }

}  // namespace kernels
