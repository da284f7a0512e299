// "did you mean 'maximize'?": the nearest of the words that would have been right.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace core {

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word nearest to `typed`, if it is near enough to be meant (distance ≤ 2, and at most half of its letters).
/// The first wins among equals.
std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> words);

}  // namespace core
