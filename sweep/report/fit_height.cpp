// See fit_height.h.
#include "sweep/report/fit_height.h"

#include <algorithm>

namespace sweep {

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t fit_height(std::vector<TextPart>& parts, std::size_t lines) {
  std::size_t all = 0;
  for (const TextPart& part : parts) all += lines_of(part.text);
  while (all > lines) {
    TextPart* least = nullptr;
    for (TextPart& part : parts)
      if (part.weight > 0 && !part.text.empty() && (least == nullptr || part.weight < least->weight)) least = &part;
    if (least == nullptr) break;
    all -= lines_of(least->text);
    least->text.clear();
  }
  return all;
}

}  // namespace sweep
