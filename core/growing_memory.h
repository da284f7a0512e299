// Memory in large pages for what only grows: a sweep's trials, a hundred thousand of them. Used by sweep/study, and by
// commands that read such a sweep.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace core {

/// Chunks that double in size. The large ones ask the kernel for large pages: to be given fifty megabytes in pages of
/// 4 KiB takes a quarter of the time in which a leaderboard of a hundred thousand trials is read and printed. It frees
/// nothing before its end.
class GrowingMemory : public std::pmr::monotonic_buffer_resource {
 public:
  GrowingMemory();
};

/// Lets the heap of the C library grow by so many bytes now, and asks for large pages there. For a command that is
/// about to allocate as much in small pieces and ends soon after: nothing of it goes back to the kernel. A wish, where
/// the C library is another one than glibc nothing at all.
void expect_growth(std::size_t bytes);

}  // namespace core
