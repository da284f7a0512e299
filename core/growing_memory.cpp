// See growing_memory.h.
#include "core/growing_memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace core {
namespace {

constexpr std::size_t kFirstBytes = 16 << 10;
constexpr std::size_t kLargePage = 2 << 20;

std::size_t whole_pages(std::size_t bytes) { return (bytes + kLargePage - 1) / kLargePage * kLargePage; }

// Large blocks come from the kernel, not from the heap: their room there is that of expect_growth().
class LargePages : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes < kLargePage) return ::operator new(bytes, std::align_val_t(alignment));
    const std::size_t size = whole_pages(bytes);
    void* const room = ::mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) throw std::bad_alloc();
    const auto begin = reinterpret_cast<std::uintptr_t>(room), first = whole_pages(begin);
    if (first > begin) ::munmap(room, first - begin);
    ::munmap(reinterpret_cast<void*>(first + size), begin + kLargePage - first);
    ::madvise(reinterpret_cast<void*>(first), size, MADV_HUGEPAGE);  // a wish: nothing depends on it
    return reinterpret_cast<void*>(first);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    if (bytes < kLargePage)
      ::operator delete(memory, std::align_val_t(alignment));
    else
      ::munmap(memory, whole_pages(bytes));
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

std::pmr::memory_resource* large_pages() {
  static LargePages pages;
  return &pages;
}

}  // namespace

void expect_growth([[maybe_unused]] std::size_t bytes) {
#ifdef __GLIBC__
  constexpr int kThreshold = 32 << 20;  // glibc allows no larger one: smaller blocks come from the heap
  if (bytes < 2 * kLargePage || bytes > INT_MAX) return;
  ::mallopt(M_MMAP_THRESHOLD, kThreshold);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  const auto begin = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  ::mallopt(M_TOP_PAD, static_cast<int>(bytes));
  void* volatile room = std::malloc(kLargePage);  // grows the heap, by the padding too
  std::free(room);
  ::mallopt(M_TOP_PAD, kLargePage);
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0)), first = whole_pages(begin);
  if (end > first) ::madvise(reinterpret_cast<void*>(first), (end - first) / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
}

GrowingMemory::GrowingMemory() : monotonic_buffer_resource(kFirstBytes, large_pages()) {}

}  // namespace core
