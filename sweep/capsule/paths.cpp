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

bool begins_absolute(std::string_view text) { return text.starts_with('/') || text.starts_with("~/"); }

}  // namespace

std::size_t path_in_word(std::string_view word) {
  constexpr std::string_view kFile = "file://";
  if (begins_absolute(word)) return 0;
  if (word.starts_with(kFile) && begins_absolute(word.substr(kFile.size()))) return kFile.size();
  if (word.size() > 2 && word[0] == '-' && word[1] != '-' && begins_absolute(word.substr(2))) return 2;
  const std::size_t equals = word.find('=');
  const bool is_named = equals != word.npos && word.substr(0, equals).find_first_of("/ \t\n") == word.npos;
  return is_named && begins_absolute(word.substr(equals + 1)) ? equals + 1 : word.npos;
}

std::string last_step(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.size() == 1 ? path : path.substr(path.rfind('/') + 1));
}

std::string word_without_folders(std::string_view word) {
  const std::size_t begin = path_in_word(word);
  if (begin == word.npos) return without_folders(word);
  return std::string(word.substr(0, begin)) + last_step(word.substr(begin));
}

std::string without_folders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!begins_path(text, at)) {
      out += text[at++];
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(kBehind, at), text.size());
    out += last_step(text.substr(at, end - at));
    at = end;
  }
  return out;
}

core::Json json_without_folders(const core::Json& json) {
  if (json.is_string()) return word_without_folders(json.get_ref<const std::string&>());
  core::Json out = json;
  if (json.is_array())
    for (core::Json& item : out) item = json_without_folders(item);
  if (json.is_object()) {
    out = core::Json::object();
    for (const auto& [key, value] : json.items()) out[word_without_folders(key)] = json_without_folders(value);
  }
  return out;
}

}  // namespace sweep
