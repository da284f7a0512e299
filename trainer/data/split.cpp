// See split.h.
#include "trainer/data/split.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/permutation.h"

namespace trainer {
namespace {

constexpr std::uint32_t kSplitStream = static_cast<std::uint32_t>(core::Purpose::kSplit) << 24;

void add_list(core::Sha256& digest, const std::vector<std::uint32_t>& list) {
  const auto size = static_cast<std::uint32_t>(list.size());
  digest.update(std::as_bytes(std::span(&size, 1)));
  digest.update(std::as_bytes(std::span(list)));
}

}  // namespace

std::string Split::digest() const {
  core::Sha256 digest;
  add_list(digest, train);
  add_list(digest, validation);
  return digest.hex();
}

Split split_samples(std::uint32_t count, double fraction, std::uint64_t seed) {
  core::check(count >= 2 && fraction >= 0 && fraction < 1, "nothing to split");
  auto held_out = static_cast<std::uint32_t>(count * fraction + 0.5);
  if (fraction > 0) held_out = std::clamp<std::uint32_t>(held_out, 1, count - 1);
  const core::Permutation order(count, seed, 0, kSplitStream);
  Split split;
  for (std::uint32_t i = 0; i < count; ++i)
    (i < held_out ? split.validation : split.train).push_back(static_cast<std::uint32_t>(order(i)));
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace trainer
