// See fingerprint_editor.h.
#include "trainer/locate/fingerprint_editor.h"

namespace trainer {
namespace {

constexpr std::size_t kBlock = kernels::kFingerprintBlock, kHalf = kernels::kFingerprintHalf;

// Word j of a block times its partner, under one stream of keys.
std::uint64_t term(const std::uint32_t* block, std::size_t j, const std::uint32_t* keys) {
  const std::size_t front = j % kHalf;
  return kernels::fingerprint_term(block[front], keys[front], block[front + kHalf], keys[front + kHalf]);
}

}  // namespace

FingerprintEditor::FingerprintEditor(std::vector<std::uint32_t> words, std::uint32_t tensor)
    : words_(std::move(words)), count_(words_.size()), tensor_(tensor) {
  blocks_.resize((count_ + kBlock - 1) / kBlock);
  words_.resize(blocks_.size() * kBlock);
  const kernels::FingerprintKeys& keys = kernels::kFingerprintKeys;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    Block& block = blocks_[b];
    for (std::size_t j = 0; j < kHalf; ++j) {
      block.first += term(&words_[b * kBlock], j, keys.first);
      block.second += term(&words_[b * kBlock], j, keys.second);
    }
    block.mix = kernels::fingerprint_mix(block.first, block.second, tensor_, static_cast<std::uint32_t>(b));
    total_ += block.mix;
  }
}

void FingerprintEditor::set(std::size_t i, std::uint32_t word) {
  const kernels::FingerprintKeys& keys = kernels::kFingerprintKeys;
  const std::size_t b = i / kBlock, j = i % kBlock;
  Block& block = blocks_[b];
  block.first -= term(&words_[b * kBlock], j, keys.first);
  block.second -= term(&words_[b * kBlock], j, keys.second);
  words_[i] = word;
  block.first += term(&words_[b * kBlock], j, keys.first);
  block.second += term(&words_[b * kBlock], j, keys.second);
  total_ -= block.mix;
  block.mix = kernels::fingerprint_mix(block.first, block.second, tensor_, static_cast<std::uint32_t>(b));
  total_ += block.mix;
}

std::uint64_t FingerprintEditor::print_swapped(std::size_t i, std::size_t j) {
  const std::uint32_t at_i = words_[i], at_j = words_[j];
  set(i, at_j);
  const std::uint64_t result = print_with(j, at_i);
  set(i, at_i);
  return result;
}

}  // namespace trainer
