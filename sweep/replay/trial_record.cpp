// See trial_record.h.
#include "sweep/replay/trial_record.h"

#include <utility>

#include "protocol/algorithms.h"
#include "sweep/study/metric_lines.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

using protocol::Trace;

constexpr char kFingerprint[] = "fingerprint";  // the event's name, in docs/trial-protocol.md

// `trace` up to `step`, which it holds.
Trace cut_after(Trace trace, std::uint64_t step) {
  trace.to = step;
  trace.batch.resize(trace.steps());
  trace.weights.resize(trace.steps() * trace.tensors.size());
  return trace;
}

}  // namespace

std::size_t add_line(MetricLines& all, const protocol::MetricValues& values) {
  auto& lines = all[values.step];
  if (lines.empty() || share_a_name(lines.back(), values.values)) lines.emplace_back();
  for (const auto& [name, value] : values.values) lines.back()[name] = value;
  return lines.size() - 1;
}

const std::map<std::string, double>* find_line(const MetricLines& all, std::uint64_t step, std::size_t occurrence) {
  const auto lines = all.find(step);
  return lines == all.end() || occurrence >= lines->second.size() ? nullptr : &lines->second[occurrence];
}

std::optional<std::pair<std::uint64_t, std::map<std::string, std::string>>> sent_fingerprint(
    const protocol::Event& event) {
  const auto* other = std::get_if<protocol::OtherEvent>(&event.body);
  if (other == nullptr || other->name != kFingerprint) return std::nullopt;
  const auto step = event.extra.find("step"), values = event.extra.find("values");
  if (step == event.extra.end() || !step->is_number_unsigned()) return std::nullopt;
  if (values == event.extra.end() || !values->is_object()) return std::nullopt;
  std::pair<std::uint64_t, std::map<std::string, std::string>> sent{step->get<std::uint64_t>(), {}};
  for (const auto& [name, value] : values->items()) sent.second[name] = core::canonical_json(value);
  return sent;
}

std::map<std::string, core::Json> said_algorithms(const protocol::Event& event) {
  std::map<std::string, core::Json> algorithms;
  const auto* other = std::get_if<protocol::OtherEvent>(&event.body);
  if (other == nullptr || other->name != protocol::kAlgorithmsEvent) return algorithms;
  const auto choices = event.extra.find(protocol::kChoices);
  if (choices == event.extra.end() || !choices->is_array()) return algorithms;
  for (const core::Json& choice : *choices) {
    if (!choice.is_object()) continue;
    const auto operation = choice.find(protocol::kOperation);
    if (operation != choice.end() && operation->is_string()) algorithms[operation->get<std::string>()] = choice;
  }
  return algorithms;
}

TrialRecord TrialRecord::from_attempts(const std::vector<TrainerSaid>& said) {
  TrialRecord record;
  std::vector<TrainerSaid> counting = said;
  drop_overruled(counting);
  std::optional<std::uint32_t> attempt;
  std::uint64_t checkpoint = 0;  // where an attempt begins that does not say so
  for (const TrainerSaid& one : counting) {
    const bool first = std::exchange(attempt, one.attempt) != one.attempt;
    if (first && !std::holds_alternative<protocol::Started>(one.event.body)) record.forget_after(checkpoint);
    if (const auto* made = std::get_if<protocol::Checkpoint>(&one.event.body); made && made->kind == "last")
      checkpoint = made->step;
    record.add(one.event);
    record.printed = record.printed || is_printed(one.event);
  }
  return record;
}

void TrialRecord::add(const protocol::Event& event) {
  if (const auto* started = std::get_if<protocol::Started>(&event.body)) {
    trainer = started->trainer;
    environment = started->environment;
    forget_after(started->resumed_from);
  } else if (const auto* values = std::get_if<protocol::MetricValues>(&event.body)) {
    add_line(metrics, *values);
  } else if (const auto* trace = std::get_if<Trace>(&event.body)) {
    traces.insert_or_assign(trace->from, *trace);
  } else if (const auto* last = std::get_if<protocol::Finished>(&event.body)) {
    finished = *last;
  } else if (auto fingerprint = sent_fingerprint(event)) {
    for (auto& [name, value] : fingerprint->second) sent[fingerprint->first][name] = std::move(value);
  } else {
    for (auto& [operation, choice] : said_algorithms(event)) algorithms[operation] = std::move(choice);
  }
}

void TrialRecord::forget_after(std::uint64_t step) {
  metrics.erase(metrics.upper_bound(step), metrics.end());
  sent.erase(sent.upper_bound(step), sent.end());
  traces.erase(traces.upper_bound(step), traces.end());
  if (!traces.empty() && traces.rbegin()->second.to > step)
    traces.rbegin()->second = cut_after(std::move(traces.rbegin()->second), step);
  finished.reset();
}

const Trace* TrialRecord::trace_at(std::uint64_t step) const {
  auto found = traces.upper_bound(step);
  if (found == traces.begin()) return nullptr;
  --found;
  return step <= found->second.to ? &found->second : nullptr;
}

}  // namespace sweep
