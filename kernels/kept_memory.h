// Memory that a context keeps after its release, for requests to come: a worker's next trial begins with the blocks of
// the one before. Callers: the contexts of the back ends; a worker's workspace, which says where one trial ends and the
// next begins.
//
// Determinism: a block comes back as it was left. No op reads what nobody has written, so no result depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

namespace kernels {

class KeptMemory {
 public:
  /// What is kept is no more than this: larger trials are longer, too, and memory is dear to whoever runs beside them.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;

  /// `free` gives a block back for good. Until keep() is called every block goes that way.
  explicit KeptMemory(std::function<void(void*)> free) : free_(std::move(free)) {}
  ~KeptMemory() { drop_all(); }
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;

  void keep() { keeps_ = true; }

  /// A spare block of at least `bytes`, the smallest that wastes little; null where there is none.
  void* take(std::size_t bytes);
  /// A new block, made because there was none to take.
  void lend(void* block, std::size_t bytes) {
    if (keeps_) lent_[block] = bytes;
  }
  void give_back(void* block);

  /// Drops the spare blocks that were not in use since the last call.
  void drop_unused();
  /// Drops all spare blocks; false where there were none.
  bool drop_all();

  /// Calls see(block, bytes) for each spare block.
  template <class See>
  void each_spare(See&& see) const {
    for (const auto& [bytes, spare] : spare_) see(spare.block, bytes);
  }

 private:
  struct Spare {
    void* block;
    std::uint64_t last_used;
  };

  const std::function<void(void*)> free_;
  bool keeps_ = false;
  std::uint64_t now_ = 0;  ///< calls of drop_unused
  std::size_t spare_bytes_ = 0;
  std::unordered_map<void*, std::size_t> lent_;
  std::multimap<std::size_t, Spare> spare_;  ///< by their bytes
};

}  // namespace kernels
