// See growing_memory.h.
#include "core/growing_memory.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace core {
namespace {

constexpr std::size_t kFirstBytes = 16 << 10;
constexpr std::size_t kLargePage = 2 << 20;

class LargePages : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes < kLargePage) return ::operator new(bytes, std::align_val_t(alignment));
    void* const memory = ::operator new(bytes, std::align_val_t(kLargePage));
    ::madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);  // a wish: nothing depends on it
    return memory;
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    ::operator delete(memory, std::align_val_t(bytes < kLargePage ? alignment : kLargePage));
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

std::pmr::memory_resource* large_pages() {
  static LargePages pages;
  return &pages;
}

}  // namespace

GrowingMemory::GrowingMemory() : monotonic_buffer_resource(kFirstBytes, large_pages()) {}

}  // namespace core
