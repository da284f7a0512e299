// See random.h.
#include "sweep/search/random.h"

#include "core/digest.h"

namespace sweep {
namespace {

constexpr std::uint32_t kRandomStream = static_cast<std::uint32_t>(core::Purpose::kSearchOrder) << 24;

}  // namespace

PathKey path_key(std::string_view path) {
  const std::string digest = core::sha256_hex(path);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < 8; ++i)
    bytes |= std::uint64_t{std::stoul(digest.substr(2 * i, 2), nullptr, 16)} << (8 * i);
  return {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(bytes >> 32)};
}

RandomSampler::RandomSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {
  for (const Dimension& dimension : space.dimensions()) paths_.push_back(path_key(dimension.name()));
  const auto size = space.size();
  // In a larger space no draw is ever repeated.
  if (space.permutable() && size && *size <= core::kLargestPermutation)
    permutation_.emplace(*size, seed, 0u, kRandomStream);
}

std::optional<std::uint64_t> RandomSampler::size() const { return permutation_ ? space_.size() : std::nullopt; }

void RandomSampler::point(std::uint64_t index, std::span<Value> point) const {
  if (permutation_) {
    space_.grid_point((*permutation_)(index), point);
    return;
  }
  const std::span<const Dimension> dimensions = space_.dimensions();
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    point[i] = dimensions[i].at_quantile(quantile(seed_, index, paths_[i]));
}

}  // namespace sweep
