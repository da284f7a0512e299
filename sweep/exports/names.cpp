// See names.h.
#include "sweep/exports/names.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/printable.h"
#include "core/utf8.h"

namespace sweep {
namespace {

constexpr std::size_t kKeptBytes = 160;       // of a name that is replaced
constexpr std::size_t kComponentBytes = 200;  // file systems take 255
constexpr char kOwnTags[] = "_hparams_/";     // TensorBoard's

bool is_path_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ' ';
}

bool is_component(std::string_view text) {
  return !text.empty() && text.size() <= kComponentBytes && !text.starts_with('.') && text.front() != ' ' &&
         text.back() != ' ' && text.back() != '.' && std::all_of(text.begin(), text.end(), is_path_character);
}

// Calls `take` with each folder that the path leads through: of "a/b/c" these are "a" and "a/b".
template <class Take>
void each_folder(const std::string& path, Take take) {
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
    take(path.substr(0, slash));
}

bool fits_path(const std::string& name) {
  std::size_t from = 0;
  bool fits = name.size() <= kMaxNameBytes;
  each_folder(name, [&](const std::string& folder) {
    fits = fits && is_component(std::string_view(folder).substr(from));
    from = folder.size() + 1;
  });
  return fits && is_component(std::string_view(name).substr(from));
}

bool fits_tag(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes && !name.starts_with(kOwnTags) && core::printable(name) == name;
}

std::string replaced(NameRule rule, const std::string& name) {
  if (rule == NameRule::kTag) {
    std::string text = core::printable(name);
    if (text.starts_with(kOwnTags)) text.erase(0, 1);
    return std::string(core::utf8_prefix(text, kKeptBytes));
  }
  std::string text = name.substr(0, kKeptBytes);
  for (char& c : text)
    if (!is_path_character(c)) c = '_';
  if (!text.empty() && (text.front() == '.' || text.front() == ' ')) text.front() = '_';
  return text;
}

std::string in_lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

SafeNames::SafeNames(NameRule rule, const std::string& reserved) : rule_(rule) {
  if (!reserved.empty()) take(reserved);
}

bool SafeNames::is_free(const std::string& name) const {
  if (rule_ == NameRule::kTag) return !taken_.contains(name);
  const std::string folded = in_lower_case(name);
  bool is_free = !taken_.contains(folded) && !folders_.contains(folded);
  each_folder(folded, [&](const std::string& folder) { is_free = is_free && !taken_.contains(folder); });
  return is_free;
}

void SafeNames::take(const std::string& name) {
  const std::string folded = rule_ == NameRule::kTag ? name : in_lower_case(name);
  taken_.insert(folded);
  if (rule_ == NameRule::kPath) each_folder(folded, [&](const std::string& folder) { folders_.insert(folder); });
}

const std::string& SafeNames::of(const std::string& name) {
  const auto [found, is_new] = given_.try_emplace(name);
  if (!is_new) return found->second;
  std::string safe = name;
  if (!(rule_ == NameRule::kTag ? fits_tag(name) : fits_path(name)) || !is_free(safe)) {
    // Somebody may have given a name that looks like one of ours: more digits tell the two apart.
    const std::string digest = core::sha256_hex(name), text = replaced(rule_, name);
    for (std::size_t digits = 8; digits <= digest.size(); digits *= 2) {
      safe = text + (text.empty() ? "" : "-") + digest.substr(0, digits);
      if (is_free(safe)) break;
    }
    core::check(is_free(safe), "a name and its whole digest are taken");
  }
  take(safe);
  return found->second = safe;
}

std::vector<std::string> SafeNames::all() const {
  std::vector<std::string> names;
  for (const auto& [name, safe] : given_) names.push_back(safe);
  return names;
}

Renamed SafeNames::renamed() const {
  Renamed renamed;
  for (const auto& [name, safe] : given_)
    if (name != safe) renamed.emplace(safe, name);
  return renamed;
}

}  // namespace sweep
