// What the fingerprint of a tensor would be if one or two of its words were others, without hashing it anew: each word
// enters one product of its block. Callers: batch_hypotheses.cpp, solve_flip.cpp, which try millions of words.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/fingerprint_formula.h"

namespace trainer {

class FingerprintEditor {
 public:
  /// Words as the fingerprint sees them: canonical bits of floats, or indices.
  FingerprintEditor(std::vector<std::uint32_t> words, std::uint32_t tensor);

  std::uint64_t print() const { return total_; }
  std::size_t size() const { return count_; }
  std::uint32_t word(std::size_t i) const { return words_[i]; }

  void set(std::size_t i, std::uint32_t word);

  /// The fingerprint with that word in the place of word i.
  std::uint64_t print_with(std::size_t i, std::uint32_t word) {
    const std::uint32_t old = words_[i];
    set(i, word);
    const std::uint64_t result = total_;
    set(i, old);
    return result;
  }
  /// The fingerprint with words i and j exchanged.
  std::uint64_t print_swapped(std::size_t i, std::size_t j);

 private:
  struct Block {
    std::uint64_t first = 0, second = 0, mix = 0;
  };

  std::vector<std::uint32_t> words_;  // filled up to whole blocks
  std::size_t count_;
  std::uint32_t tensor_;
  std::vector<Block> blocks_;
  std::uint64_t total_ = 0;
};

}  // namespace trainer
