// The tensors of one launch, in a table that travels among its arguments: a recorded step then needs no memory of its
// own for it. Each tensor has whole blocks of the launch, one behind the other. Used by the sources that take all
// tensors of a network at once (optimizer_cuda.cu, norm_cuda.cu).
#pragma once

#include "kernels/launch.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {

/// Entry: what a block must know of its tensor, `first_block` of it among that.
template <class Entry, int kMost>
struct TensorTable {
  static constexpr int kCapacity = kMost;
  Entry entries[kMost];
  int count;
};

/// Every device takes 4 KiB of arguments; the table leaves room for the others.
inline constexpr std::size_t kMostTableBytes = 3584;

/// The entry of a block: the last one that begins at it or before it, so that one without blocks is passed over.
template <class Table>
__device__ __forceinline__ int entry_of(const Table& table, unsigned block) {
  int low = 0, high = table.count - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (table.entries[middle].first_block <= block) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
