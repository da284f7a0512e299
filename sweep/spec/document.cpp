// The tree's accessors and the choice of a reader; see document.h.
#include "sweep/spec/document.h"

#include <algorithm>

#include "sweep/spec/json_reader.h"
#include "sweep/spec/yaml_reader.h"

namespace sweep {
namespace {

bool is_json(std::string_view text, const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  if (extension == ".json") return true;
  if (extension == ".yaml" || extension == ".yml") return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace

const Member* Node::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

core::Json Node::json() const {
  if (kind == Kind::kScalar) return scalar;
  if (kind == Kind::kList) {
    core::Json list = core::Json::array();
    for (const Node& item : items) list.push_back(item.json());
    return list;
  }
  core::Json object = core::Json::object();
  for (const Member& member : members) object[member.key] = member.value.json();
  return object;
}

std::string Node::describe() const {
  if (kind == Kind::kList) return "a list";
  if (kind == Kind::kObject) return "an object";
  if (scalar.is_string()) return "'" + scalar.get<std::string>() + "'";
  if (scalar.is_number_float()) return core::format_double(scalar.get<double>());
  return core::canonical_json(scalar);
}

Document::Document(std::string_view text, const std::filesystem::path& file) : source_(std::string(text), file) {
  root_ = is_json(text, file) ? read_json(source_) : read_yaml(source_, warnings_);
}

}  // namespace sweep
