// See kept_memory.h.
#include "kernels/kept_memory.h"

#include <iterator>

namespace kernels {

void* KeptMemory::take(std::size_t bytes) {
  const auto found = spare_.lower_bound(bytes);
  if (found == spare_.end() || found->first > bytes + bytes / 4 + 4096) return nullptr;
  void* const block = found->second.block;
  lent_[block] = found->first;
  spare_bytes_ -= found->first;
  spare_.erase(found);
  return block;
}

void KeptMemory::give_back(void* block) {
  const auto found = lent_.find(block);
  if (found == lent_.end()) return free_(block);
  const std::size_t bytes = found->second;
  lent_.erase(found);
  if (bytes > kMostBytes - spare_bytes_) return free_(block);
  spare_.insert({bytes, {block, now_}});
  spare_bytes_ += bytes;
}

void KeptMemory::drop_unused() {
  for (auto each = spare_.begin(); each != spare_.end();) {
    const auto next = std::next(each);
    if (each->second.last_used < now_) {
      free_(each->second.block);
      spare_bytes_ -= each->first;
      spare_.erase(each);
    }
    each = next;
  }
  ++now_;
}

bool KeptMemory::drop_all() {
  const bool any = !spare_.empty();
  for (const auto& [bytes, spare] : spare_) free_(spare.block);
  spare_.clear();
  spare_bytes_ = 0;
  return any;
}

}  // namespace kernels
