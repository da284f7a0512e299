// The parts of a text made to fit the lines of a terminal: those that say least are left out. Called by table.cpp.
// Knows nothing of trials.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sweep {

/// Some lines, each with its newline, and how much is lost without them; of weight 0 nothing may be.
struct TextPart {
  std::string text;
  int weight = 0;
};

std::size_t lines_of(const std::string& text);

/// Empties the parts that weigh least until the others have at most so many lines, or nothing is left to empty. Returns
/// how many lines they have.
std::size_t fit_height(std::vector<TextPart>& parts, std::size_t lines);

}  // namespace sweep
