// See split.h.
#include "trainer/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/digest.h"
#include "core/error.h"
#include "core/permutation.h"
#include "core/plural.h"

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

namespace {

std::uint32_t held_out_of(std::uint32_t count, double fraction) {
  core::check(count >= 2 && fraction >= 0 && fraction < 1, "nothing to split");
  const auto held_out = static_cast<std::uint32_t>(count * fraction + 0.5);
  return fraction > 0 ? std::clamp<std::uint32_t>(held_out, 1, count - 1) : 0;
}

core::Permutation order_of(std::uint32_t count, std::uint64_t seed) {
  return core::Permutation(count, seed, 0, kSplitStream);
}

// How many of each class are held out.
std::vector<std::uint32_t> quotas(const std::vector<std::uint32_t>& sizes, double fraction, std::uint32_t total) {
  std::vector<std::uint32_t> quota(sizes.size());
  std::vector<std::pair<double, std::size_t>> rests;
  std::uint32_t given = 0;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    const double share = sizes[c] * fraction;
    quota[c] = static_cast<std::uint32_t>(share);
    given += quota[c];
    rests.emplace_back(share - quota[c], c);
  }
  std::stable_sort(rests.begin(), rests.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [rest, c] : rests)
    if (given < total && quota[c] + 1 < sizes[c]) {
      ++quota[c];
      ++given;
    }
  return quota;
}

// Everything that is not in `validation`, which is sorted.
Split all_but(std::uint32_t count, std::vector<std::uint32_t> validation) {
  Split split{{}, std::move(validation)};
  split.train.reserve(count - split.validation.size());
  auto held_out = split.validation.begin();
  for (std::uint32_t i = 0; i < count; ++i)
    if (held_out != split.validation.end() && *held_out == i)
      ++held_out;
    else
      split.train.push_back(i);
  return split;
}

Split tail_split(std::uint32_t count, double fraction) {
  std::vector<std::uint32_t> last(held_out_of(count, fraction));
  std::iota(last.begin(), last.end(), count - static_cast<std::uint32_t>(last.size()));
  return all_but(count, std::move(last));
}

Split listed_split(const HeldOut& listed, std::uint32_t count) {
  if (listed.indices.empty())
    throw core::UserError("config.split", "the data set has no file of indices",
                          "put validation.indices into its folder, or use random, stratified or tail");
  for (std::size_t i = 0; i < listed.indices.size(); ++i)
    if (listed.indices[i] >= count)
      throw core::UserError(fmt::format("{}:{}", listed.file, listed.lines[i]),
                            fmt::format("index {} is out of range, there {} {}, from 0 to {}", listed.indices[i],
                                        count == 1 ? "is" : "are", core::counted(count, "sample"), count - 1));
  std::vector<std::uint32_t> sorted = listed.indices;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.size() == count) throw core::UserError(listed.file, "names every sample", "leave some to train on");
  return all_but(count, std::move(sorted));
}

}  // namespace

Split split_samples(std::uint32_t count, double fraction, std::uint64_t seed) {
  const core::Permutation order = order_of(count, seed);
  std::vector<std::uint32_t> first(held_out_of(count, fraction));
  for (std::uint32_t i = 0; i < first.size(); ++i) first[i] = static_cast<std::uint32_t>(order(i));
  std::sort(first.begin(), first.end());
  return all_but(count, std::move(first));
}

Split stratified_split(const std::vector<std::int32_t>& labels, int classes, double fraction, std::uint64_t seed) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  std::vector<std::uint32_t> sizes(static_cast<std::size_t>(classes));
  for (const std::int32_t label : labels) ++sizes[static_cast<std::size_t>(label)];
  std::vector<std::uint32_t> left = quotas(sizes, fraction, held_out_of(count, fraction));
  const std::uint32_t wanted = std::accumulate(left.begin(), left.end(), 0u);
  if (wanted == 0)
    throw core::UserError("config.split",
                          fmt::format("stratified would hold out nothing: {} in {} classes, of which each keeps one to "
                                      "train on",
                                      core::counted(count, "sample"), classes),
                          "use random or tail, or validation_fraction 0");
  const core::Permutation order = order_of(count, seed);
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t i = 0; chosen.size() < wanted; ++i) {
    const auto sample = static_cast<std::uint32_t>(order(i));
    std::uint32_t& of_class = left[static_cast<std::size_t>(labels[sample])];
    if (of_class == 0) continue;
    chosen.push_back(sample);
    --of_class;
  }
  std::sort(chosen.begin(), chosen.end());
  return all_but(count, std::move(chosen));
}

Split split_dataset(const Dataset& data, SplitKind kind, double fraction, std::uint64_t seed) {
  const auto count = static_cast<std::uint32_t>(data.train.count());
  if (fraction == 0) return all_but(count, {});
  switch (kind) {
    case SplitKind::kRandom:
      break;
    case SplitKind::kStratified:
      if (data.task != Task::kClassification)
        throw core::UserError("config.split", "stratified needs classes, and this data set has none",
                              "use random, tail or file");
      return stratified_split(data.train.labels, data.classes, fraction, seed);
    case SplitKind::kTail:
      return tail_split(count, fraction);
    case SplitKind::kFile:
      return listed_split(data.held_out, count);
  }
  return split_samples(count, fraction, seed);
}

}  // namespace trainer
