// "1 trial", "2 trials": a number with the noun that it counts. For messages and tables; it knows only what it is told.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace core {

/// `n` and the noun: as it is where n is 1, else `plural`; where that is empty, the noun with an "s".
inline std::string counted(std::integral auto n, std::string_view noun, std::string_view plural = {}) {
  std::string text = std::to_string(n) + " ";
  if (n == 1 || plural.empty()) text += noun;
  if (n != 1) text += plural.empty() ? "s" : plural;
  return text;
}

}  // namespace core
