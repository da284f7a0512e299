// See paths.h.
#include "sweep/capsule/paths.h"

#include <algorithm>

namespace sweep {
namespace {

constexpr std::string_view kBefore = " \t\n\r\"'`([{<=:,;|";
constexpr std::string_view kBehind = " \t\n\r\"'`)]}>=:,;|";

bool begins_path(std::string_view text, std::size_t at) {
  if (at > 0 && kBefore.find(text[at - 1]) == kBefore.npos) return false;
  const std::string_view rest = text.substr(at);
  return (rest.starts_with('/') && !rest.starts_with("//")) || rest.starts_with("~/");
}

}  // namespace

std::string without_folders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!begins_path(text, at)) {
      out += text[at++];
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(kBehind, at), text.size());
    std::string_view path = text.substr(at, end - at);
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    out += path.size() == 1 ? path : path.substr(path.rfind('/') + 1);
    at = end;
  }
  return out;
}

core::Json json_without_folders(const core::Json& json) {
  if (json.is_string()) return without_folders(json.get_ref<const std::string&>());
  core::Json out = json;
  if (json.is_array())
    for (core::Json& item : out) item = json_without_folders(item);
  if (json.is_object()) {
    out = core::Json::object();
    for (const auto& [key, value] : json.items()) out[without_folders(key)] = json_without_folders(value);
  }
  return out;
}

}  // namespace sweep
