// See macros.h.
#include "sweep/spec/macros.h"

#include <algorithm>

namespace sweep {

std::vector<MacroUse> find_macros(std::string_view item) {
  std::vector<MacroUse> uses;
  for (std::size_t at = item.find("${"); at != std::string_view::npos; at = item.find("${", uses.back().end)) {
    const std::size_t close = item.find('}', at);
    MacroUse use{.begin = at, .end = close == std::string_view::npos ? item.size() : close + 1};
    use.closed = close != std::string_view::npos;
    const std::string_view inner = item.substr(at + 2, use.end - at - (use.closed ? 3 : 2));
    const std::size_t colon = std::min(inner.find(':'), inner.size());
    use.word = inner.substr(0, colon);
    if (colon < inner.size()) use.argument = inner.substr(colon + 1);
    const auto row =
        std::find_if(kMacros.begin(), kMacros.end(), [&](const MacroWord& known) { return known.word == use.word; });
    const bool has_argument = colon < inner.size();
    if (row != kMacros.end() && has_argument == (row->macro == Macro::kEnvvar)) use.known = &*row;
    uses.push_back(use);
  }
  return uses;
}

std::vector<std::string> macro_words() {
  std::vector<std::string> words;
  for (const MacroWord& row : kMacros) words.emplace_back(row.word);
  return words;
}

}  // namespace sweep
