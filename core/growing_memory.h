// Memory for what only grows: a sweep's trials, a hundred thousand of them. Used by sweep/study. It frees nothing
// before its end.
#pragma once

#include <memory_resource>

namespace core {

/// Chunks that double in size. The large ones ask the kernel for large pages: to be given fifty megabytes in pages of
/// 4 KiB takes a quarter of the time in which a leaderboard of a hundred thousand trials is read and printed.
class GrowingMemory : public std::pmr::monotonic_buffer_resource {
 public:
  GrowingMemory();
};

}  // namespace core
