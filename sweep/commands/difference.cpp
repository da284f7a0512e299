// See difference.h.
#include "sweep/commands/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "core/plural.h"
#include "sweep/report/display.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

using core::Json;

template <class Map, class Key>
const typename Map::mapped_type* find_in(const Map* map, const Key& key) {
  if (map == nullptr) return nullptr;
  const auto found = map->find(key);
  return found == map->end() ? nullptr : &found->second;
}

std::string side_text(const std::optional<Json>& value) { return value ? value_text(*value, 17) : "absent"; }

Json side_json(const std::optional<Json>& value) { return value ? *value : Json(); }

std::optional<Json> as_json(const double* value) { return value ? std::optional(Json(*value)) : std::nullopt; }

bool same(const double* left, const double* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return std::bit_cast<std::uint64_t>(*left) == std::bit_cast<std::uint64_t>(*right);
}

// What is counted, and the first difference.
struct Tally {
  std::uint64_t compared = 0, different = 0;
  std::optional<std::uint64_t> step;
  FieldPair first;

  void add(std::uint64_t at, const std::string& name, const double* left, const double* right) {
    ++compared;
    if (same(left, right)) return;
    if (different++ > 0) return;
    step = at;
    first = {name, as_json(left), as_json(right)};
  }
};

void compare_lines(std::uint64_t step, const std::vector<std::map<std::string, double>>* left,
                   const std::vector<std::map<std::string, double>>* right, Tally& tally) {
  const auto line_of = [](const std::vector<std::map<std::string, double>>* lines, std::size_t i) {
    return lines != nullptr && i < lines->size() ? &(*lines)[i] : nullptr;
  };
  const std::size_t count = std::max(left ? left->size() : 0, right ? right->size() : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto *ours = line_of(left, i), *theirs = line_of(right, i);
    std::set<std::string> names;
    for (const auto* line : {ours, theirs})
      if (line)
        for (const auto& [name, value] : *line) names.insert(name);
    for (const std::string& name : names) tally.add(step, name, find_in(ours, name), find_in(theirs, name));
  }
}

// "batch", "weights of NAME"; empty where the two agree at this step.
std::string part_that_differs(const protocol::Trace& left, const protocol::Trace& right, std::uint64_t step) {
  const std::uint64_t row = step - left.from, other = step - right.from;
  if (left.batch.at(row) != right.batch.at(other)) return "batch";
  if (left.tensors != right.tensors) return "names of the tensors";
  for (std::size_t i = 0; i < left.tensors.size(); ++i)
    if (left.weights.at(row * left.tensors.size() + i) != right.weights.at(other * left.tensors.size() + i))
      return "weights of " + left.tensors[i];
  return {};
}

std::string fields_text(const Section& section) {
  if (section.fields.empty()) return {};
  std::vector<std::vector<std::string>> lines = {{"  ", "left", "right"}};
  for (const FieldPair& field : section.fields)
    lines.push_back({"  " + printable(field.name, kNameColumns), side_text(field.left), side_text(field.right)});
  return aligned(lines, {Align::kLeft, Align::kLeft, Align::kLeft});
}

bool says_nothing(const Section& section) { return section.fields.empty() && section.sentences.empty(); }

}  // namespace

Section fields_section(const std::string& title, const Json& left, const Json& right, const std::string& same) {
  Section section{title, {}, {}, Json::object(), same.empty() ? title : same};
  const std::map<std::string, Json> ours = flat_config(left), theirs = flat_config(right);
  std::set<std::string> names;
  for (const auto* side : {&ours, &theirs})
    for (const auto& [name, value] : *side) names.insert(name);
  for (const std::string& name : names) {
    const Json *a = find_in(&ours, name), *b = find_in(&theirs, name);
    if (a && b && core::canonical_json(*a) == core::canonical_json(*b)) continue;
    section.fields.push_back({name, a ? std::optional(*a) : std::nullopt, b ? std::optional(*b) : std::nullopt});
  }
  return section;
}

Section metrics_section(const TrialRecord& left, const TrialRecord& right) {
  Tally tally;
  std::set<std::uint64_t> steps;
  for (const TrialRecord* side : {&left, &right})
    for (const auto& [step, lines] : side->metrics) steps.insert(step);
  for (const std::uint64_t step : steps)
    compare_lines(step, find_in(&left.metrics, step), find_in(&right.metrics, step), tally);
  Section section{"metrics", {}, {}, {{"compared", tally.compared}, {"different", tally.different}}, {}};
  section.same = tally.compared == 0   ? "no metric on either side"
                 : tally.compared == 1 ? "the one value of a metric"
                                       : fmt::format("all {} values of metrics", tally.compared);
  if (!tally.step) return section;
  section.facts["first"] = {{"step", *tally.step},
                            {"name", tally.first.name},
                            {"left", side_json(tally.first.left)},
                            {"right", side_json(tally.first.right)}};
  section.sentences.push_back(fmt::format("{} of {} values differ, the first at step {}: {} is {} left, {} right",
                                          tally.different, tally.compared, *tally.step,
                                          printable(tally.first.name, kNameColumns), side_text(tally.first.left),
                                          side_text(tally.first.right)));
  return section;
}

Section fingerprints_section(const TrialRecord& left, const TrialRecord& right) {
  Section section{"fingerprints", {}, {}, Json::object(), {}};
  std::uint64_t steps = 0, differing = 0;
  for (const auto& [first, trace] : left.traces)
    for (std::uint64_t step = trace.from; step <= trace.to; ++step) {
      const protocol::Trace* other = right.trace_at(step);
      if (other == nullptr) continue;
      ++steps;
      const std::string part = part_that_differs(trace, *other, step);
      if (part.empty() || differing++ > 0) continue;
      section.facts["first"] = {{"step", step}, {"what", part}};
      section.sentences.push_back("the first difference is at step " + std::to_string(step) + ": " +
                                  printable(part, kNameColumns));
    }
  section.facts["steps"] = steps;
  section.facts["different"] = differing;
  if (differing > 0) section.sentences.push_back(fmt::format("{} of {} common steps differ", differing, steps));
  section.same = steps == 0 ? "no fingerprint on either side" : "the fingerprints of " + core::counted(steps, "step");
  if (steps == 0 && !(left.traces.empty() && right.traces.empty()))
    section.sentences.push_back("no step has fingerprints on both sides");
  return section;
}

std::string to_text(const SideBySide& sides) {
  std::string text = "left   " + sides.left + "\nright  " + sides.right + "\n", same;
  for (const Section& section : sides.sections) {
    if (says_nothing(section)) {
      same += (same.empty() ? "" : "; ") + section.same;
      continue;
    }
    text += "\n" + section.title + "\n" + fields_text(section);
    for (const std::string& sentence : section.sentences) text += "  " + sentence + "\n";
  }
  return same.empty() ? text : text + "\nthe same on both sides: " + same + "\n";
}

Json to_json(const SideBySide& sides) {
  Json json = {{"left", sides.left}, {"right", sides.right}, {"sections", Json::object()}};
  for (const Section& section : sides.sections) {
    Json fields = Json::array();
    for (const FieldPair& field : section.fields)
      fields.push_back({{"name", field.name}, {"left", side_json(field.left)}, {"right", side_json(field.right)}});
    Json& written = json["sections"][section.title] = section.facts;
    written["fields"] = std::move(fields);
  }
  return json;
}

}  // namespace sweep
