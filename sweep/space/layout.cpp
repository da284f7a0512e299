// See layout.h.
#include "sweep/space/layout.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace sweep {

Layout::Layout(std::span<const Dimension> dimensions) {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const Dimension& dimension = dimensions[i];
    if (dimension.path().empty()) {
      place(std::span(&dimension.name(), 1), i);
    } else {
      place(dimension.path(), i);
    }
  }
  write(entries_, dimensions);
}

void Layout::place(std::span<const std::string> path, std::size_t dimension) {
  std::vector<Entry>* level = &entries_;
  Entry* entry = nullptr;
  for (std::size_t depth = 0; depth < path.size(); ++depth) {
    auto found = std::lower_bound(level->begin(), level->end(), path[depth],
                                  [](const Entry& e, const std::string& key) { return e.key < key; });
    const bool known = found != level->end() && found->key == path[depth];
    // A leaf is new, and an object is none that was a leaf.
    core::check(!known || (depth + 1 < path.size() && !found->children.empty()), "two parameters with one path");
    if (!known) found = level->insert(found, Entry{path[depth], {}, dimension});
    entry = &*found;
    level = &entry->children;
  }
}

void Layout::write(const std::vector<Entry>& entries, std::span<const Dimension> dimensions) {
  rest_ += '{';
  for (const Entry& entry : entries) {
    if (&entry != &entries.front()) rest_ += ',';
    rest_ += core::canonical_json(entry.key) + ':';
    if (!entry.children.empty()) {
      write(entry.children, dimensions);
    } else if (const std::string* text = dimensions[entry.dimension].only_text()) {
      rest_ += *text;
    } else {
      pieces_.push_back({std::exchange(rest_, {}), entry.dimension});
    }
  }
  rest_ += '}';
}

core::Json Layout::object(const std::vector<Entry>& entries, std::span<const Dimension> dimensions,
                          std::span<const Value> point) {
  core::Json object = core::Json::object();
  auto& members = object.get_ref<core::Json::object_t&>();
  for (const Entry& entry : entries) {
    // Keys come sorted, so each goes to the end without a search.
    members.emplace_hint(members.end(), entry.key,
                         entry.children.empty() ? dimensions[entry.dimension].json(point[entry.dimension])
                                                : Layout::object(entry.children, dimensions, point));
  }
  return object;
}

core::Json Layout::config(std::span<const Dimension> dimensions, std::span<const Value> point) const {
  return object(entries_, dimensions, point);
}

void Layout::append_json(std::span<const Dimension> dimensions, std::span<const Value> point, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out += piece.before;
    dimensions[piece.dimension].append_json(point[piece.dimension], out);
  }
  out += rest_;
}

}  // namespace sweep
