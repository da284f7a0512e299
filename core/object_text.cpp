// See object_text.h.
#include "core/object_text.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace core {

void ObjectText::write(std::nullptr_t) { values_ += "null"; }
void ObjectText::write(bool value) { values_ += value ? "true" : "false"; }
void ObjectText::write_unsigned(std::uint64_t value) {
  char buffer[24];
  values_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void ObjectText::write(const std::vector<std::string>& values) {
  values_ += '[';
  for (const std::string& value : values) {
    if (&value != &values.front()) values_ += ',';
    write(value);
  }
  values_ += ']';
}

ObjectText& ObjectText::add_members(const Json& object) {
  if (object.is_null()) return *this;
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) add(key, value);
  return *this;
}

std::string ObjectText::text() const {
  std::vector<std::size_t> order(members_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return members_[a].key < members_[b].key; });
  std::string out = "{";
  out.reserve(values_.size() + 24 * members_.size() + 2);
  for (const std::size_t i : order) {
    if (out.size() > 1) out += ',';
    append_json(out, members_[i].key);
    out += ':';
    const std::size_t end = i + 1 < members_.size() ? members_[i + 1].from : values_.size();
    out.append(values_, members_[i].from, end - members_[i].from);
  }
  out += '}';
  return out;
}

}  // namespace core
