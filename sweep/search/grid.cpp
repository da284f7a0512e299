// See grid.h.
#include "sweep/search/grid.h"

#include "core/error.h"
#include "core/philox.h"

namespace sweep {
namespace {

// Beside the stream of random search, which is the purpose's first.
constexpr std::uint32_t kShuffleStream = (static_cast<std::uint32_t>(core::Purpose::kSearchOrder) << 24) + 1;

}  // namespace

GridSampler::GridSampler(const Space& space, GridOrder order, std::uint64_t seed) : space_(space) {
  core::check(space.finite(), "a grid over a parameter without an end");
  if (order == GridOrder::kWritten) return;
  const auto size = space.size();
  if (!size || *size > core::kLargestPermutation)
    throw core::UserError("order", "a grid of " + space.size_text() + " points is too large to be shuffled",
                          "write 'order: written', or 'method: random'");
  permutation_.emplace(*size, seed, 0u, kShuffleStream);
}

void GridSampler::point(std::uint64_t index, std::span<Value> point) const { space_.grid_point(place(index), point); }

}  // namespace sweep
