// See distinct.h: equal values get equal texts, and a map finds those in one pass.
#include "sweep/space/distinct.h"

#include <cmath>
#include <string>
#include <unordered_map>

namespace sweep {
namespace {

using core::Json;

// A number that is whole is written as the integer that it is, exactly, whatever its type.
std::string number_text(const Json& value) {
  if (!value.is_number_float()) return core::canonical_json(value);
  const double number = value.get<double>();
  if (number == std::trunc(number)) {
    if (number >= -0x1p63 && number < 0x1p63) return core::canonical_json(static_cast<std::int64_t>(number));
    if (number >= 0x1p63 && number < 0x1p64) return core::canonical_json(static_cast<std::uint64_t>(number));
  }
  return core::format_double(number);
}

void append_text(std::string& text, const Json& value) {
  if (value.is_number()) {
    text += number_text(value);
  } else if (value.is_array()) {
    text += '[';
    for (const Json& item : value) append_text(text += ',', item);
    text += ']';
  } else if (value.is_object()) {
    text += '{';
    for (const auto& [key, item] : value.items()) append_text(text += ',' + core::canonical_json(key) + ':', item);
    text += '}';
  } else {
    text += core::canonical_json(value);
  }
}

}  // namespace

std::vector<std::uint64_t> distinct_values(const std::vector<Json>& values) {
  std::vector<std::uint64_t> last_spellings;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string text;
    append_text(text, values[i]);
    const auto [place, fresh] = places.try_emplace(std::move(text), last_spellings.size());
    if (fresh) {
      last_spellings.push_back(i);
    } else {
      last_spellings[place->second] = i;
    }
  }
  return last_spellings;
}

}  // namespace sweep
