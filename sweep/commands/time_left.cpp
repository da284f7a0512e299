// See time_left.h.
#include "sweep/commands/time_left.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

namespace sweep {
namespace {

// What programs call the length of a run; the first that a configuration has counts.
constexpr const char* kLengthNames[] = {"epochs", "num_epochs", "max_epochs", "steps", "max_steps", "iterations"};

constexpr std::size_t kMostPlaced = 1000;  // of more trials the slots even out

// When the last of the slots is free.
double last_end(const std::vector<double>& busy, const std::vector<double>& waiting, std::size_t slots) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (const double rest : busy) free_at.push(rest);
  while (free_at.size() < slots) free_at.push(0);
  double last = busy.empty() ? 0 : *std::max_element(busy.begin(), busy.end());
  for (const double takes : waiting) {
    const double end = free_at.top() + takes;
    free_at.pop();
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

}  // namespace

std::optional<double> length_of(const TrialState& trial) {
  if (!trial.config.is_object()) return std::nullopt;
  for (const char* const name : kLengthNames) {
    const auto found = trial.config.find(name);
    if (found != trial.config.end() && found->is_number() && found->get<double>() > 0) return found->get<double>();
  }
  return std::nullopt;
}

void Pace::add(const TrialState& ended) {
  if (ended.seconds <= 0 || !ended.reused_from->empty()) return;
  ++ran;
  seconds += ended.seconds;
  if (const auto length = length_of(ended)) {
    measured_seconds += ended.seconds;
    measured_length += *length;
  }
}

void Pace::note(const Study& study, const StudyEvent& event) {
  const std::uint64_t index = trial_index(event);
  if (std::holds_alternative<AttemptOrdered>(event)) {
    running[index].began_s = now_s;
  } else if (const auto* said = std::get_if<TrainerSaid>(&event)) {
    const auto* const values = std::get_if<protocol::MetricValues>(&said->event.body);
    const auto found = running.find(index);
    if (values && values->epoch && found != running.end()) found->second.done = static_cast<double>(*values->epoch);
  } else if (std::holds_alternative<AttemptEnded>(event)) {
    running.erase(index);
    if (study.find(index)->phase == Phase::kEnded) add(*study.find(index));
  }
}

double Pace::expected(const TrialState& trial) const {
  const auto length = length_of(trial);
  if (length && measured_length > 0) return *length * measured_seconds / measured_length;
  return seconds / static_cast<double>(ran);
}

double Pace::expected_rest(const TrialState& trial) const {
  const double whole = expected(trial);
  const auto found = running.find(trial.index);
  if (found == running.end()) return whole / 2;
  const auto length = length_of(trial);
  if (length && found->second.done > 0 && found->second.done <= *length)
    return whole * (1 - found->second.done / *length);
  return std::max(whole - (now_s - found->second.began_s), whole / 10);
}

std::optional<double> seconds_left(const Study& study, std::uint64_t all, const Pace& pace) {
  const std::uint64_t wanted = study.wanted(all), left = wanted - std::min(wanted, study.ended());
  if (left == 0 || pace.ran == 0) return std::nullopt;
  std::vector<double> busy, waiting;
  for (const std::uint64_t index : study.running())
    if (!study.is_surplus(index)) busy.push_back(pace.expected_rest(*study.find(index)));
  for (const std::uint64_t index : study.waiting()) {
    if (waiting.size() == kMostPlaced) break;
    waiting.push_back(pace.expected(*study.find(index)));
  }
  const std::uint64_t planned = study.trials().size(), known = busy.size() + study.waiting().size();
  // Planned trials that neither run nor wait, and have not ended, repeat another one: they take no time.
  const std::uint64_t unplanned = std::min(left - std::min(left, known), wanted - std::min(wanted, planned));
  const double mean = pace.seconds / static_cast<double>(pace.ran);
  const std::uint64_t uncounted = unplanned + study.waiting().size() - waiting.size();
  const auto slots = static_cast<std::size_t>(std::clamp<std::uint64_t>(pace.slots, 1, left));
  if (waiting.size() + uncounted <= kMostPlaced) {
    waiting.insert(waiting.end(), static_cast<std::size_t>(uncounted), mean);
    return last_end(busy, waiting, slots);
  }
  double work = mean * static_cast<double>(uncounted);
  for (const std::vector<double>* some : {&busy, &waiting})
    for (const double one : *some) work += one;
  return work / static_cast<double>(slots);
}

}  // namespace sweep
