// See printed.h.
#include "sweep/study/printed.h"

#include <algorithm>
#include <set>

namespace sweep {
namespace {

constexpr char kKey[] = "source";
constexpr char kValue[] = "stdout";  // both are on disk

}  // namespace

protocol::Event marked_as_printed(protocol::Event event) {
  event.extra[kKey] = kValue;
  return event;
}

bool is_printed(const protocol::Event& event) {
  if (!std::holds_alternative<protocol::MetricValues>(event.body) || !event.extra.is_object()) return false;
  const auto found = event.extra.find(kKey);
  return found != event.extra.end() && *found == kValue;
}

void remove_mark(protocol::Event& event) {
  if (is_printed(event)) event.extra.erase(kKey);
}

void drop_overruled(std::vector<TrainerSaid>& said) {
  std::set<std::uint32_t> speaking;  // attempts whose program sent an event of its own
  for (const TrainerSaid& one : said)
    if (!is_printed(one.event)) speaking.insert(one.attempt);
  std::erase_if(said, [&](const TrainerSaid& one) { return speaking.contains(one.attempt) && is_printed(one.event); });
}

}  // namespace sweep
