// See compare.h.
#include "sweep/replay/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <utility>

#include "sweep/study/metric_lines.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

using core::Json;
using protocol::Trace;

constexpr char kAbsent[] = "absent";

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// Both forms: one to read, one that shows the bits.
std::string number_text(double value) {
  const std::string text = core::format_double(value);
  return std::isfinite(value) ? fmt::format("{} ({:a})", text, value) : text;
}

std::string fingerprint_text(std::uint64_t fingerprint) { return fmt::format("0x{:016x}", fingerprint); }

// `trace` up to `step`, which it holds.
Trace cut_after(Trace trace, std::uint64_t step) {
  trace.to = step;
  trace.batch.resize(trace.steps());
  trace.weights.resize(trace.steps() * trace.tensors.size());
  return trace;
}

// Fields of an environment that are not the same, each in words.
std::vector<std::string> differing_fields(const Json& recorded, const Json& replayed) {
  std::vector<std::string> fields;
  Json all = recorded;
  if (replayed.is_object()) all.update(replayed);
  for (const auto& [key, value] : all.items()) {
    const auto text = [&key = key](const Json& from) {
      return from.is_object() && from.contains(key) ? core::canonical_json(from.at(key)) : std::string(kAbsent);
    };
    if (text(recorded) != text(replayed))
      fields.push_back(key + ": recorded " + text(recorded) + ", replayed " + text(replayed));
  }
  return fields;
}

bool comes_before(const Difference& a, const Difference& b) {
  return std::tie(a.step, a.kind) < std::tie(b.step, b.kind);
}

}  // namespace

namespace {

// Returns which line of its step it is.
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

}  // namespace

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
  }
}

void TrialRecord::forget_after(std::uint64_t step) {
  metrics.erase(metrics.upper_bound(step), metrics.end());
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

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kIdentical:
      return "identical";
    case Verdict::kDifferent:
      return "different";
    case Verdict::kNotComparable:
      return "not comparable";
    case Verdict::kIncomplete:
      return "incomplete";
  }
  return {};
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::kIdentical:
      return protocol::kExitOk;
    case Verdict::kDifferent:
      return protocol::kExitDifferent;
    case Verdict::kNotComparable:
      return protocol::kExitUnsuitable;
    case Verdict::kIncomplete:
      return protocol::kExitSomeFailed;
  }
  return protocol::kExitSomeFailed;
}

std::string Difference::text() const {
  std::string line = fmt::format("step {}: {}: recorded {}, replayed {}", step, what, recorded, replayed);
  if (ulp) line += *ulp == 0 ? ", apart in the sign of zero" : fmt::format(", {} ulp apart", *ulp);
  return line;
}

Json Comparison::to_json() const {
  Json json = {{"verdict", name(verdict)},
               {"compared",
                {{"steps", compared.steps},
                 {"tensors", compared.tensors},
                 {"fingerprints", compared.fingerprints},
                 {"metrics", compared.metrics},
                 {"digests", compared.digests}}},
               {"reasons", reasons},
               {"differences", Json::array()}};
  for (const Difference& difference : differences) {
    json["differences"].push_back({{"step", difference.step},
                                   {"what", difference.what},
                                   {"recorded", difference.recorded},
                                   {"replayed", difference.replayed},
                                   {"ulp", difference.ulp ? Json(*difference.ulp) : Json()}});
  }
  return json;
}

std::uint64_t ulp_distance(double a, double b) {
  // Doubles in order as integers: negative ones count downwards from zero, which both zeros share.
  const auto ordinal = [](double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    return (bits & kSign) != 0 ? kSign - (bits & ~kSign) : kSign + bits;
  };
  const std::uint64_t x = ordinal(a), y = ordinal(b);
  return x > y ? x - y : y - x;
}

void Comparator::compare(const protocol::Event& replayed) {
  if (const auto* started = std::get_if<protocol::Started>(&replayed.body))
    add_started(*started);
  else if (const auto* values = std::get_if<protocol::MetricValues>(&replayed.body))
    add_metrics(*values);
  else if (const auto* trace = std::get_if<Trace>(&replayed.body))
    add_trace(*trace);
  else if (const auto* last = std::get_if<protocol::Finished>(&replayed.body))
    add_finished(*last);
}

bool Comparator::add(const protocol::Event& replayed) {
  const bool printed = is_printed(replayed);
  if (printed && !recorded_.printed) {
    printed_.push_back(replayed);
    return true;
  }
  if (!printed) printed_.clear();
  compare(replayed);

  if (!comparison_.reasons.empty()) return false;
  past_record_ =
      !recorded_.complete() && !recorded_.traces.empty() && traced_until_ > recorded_.traces.rbegin()->second.to;
  if (past_record_) return false;
  if (all_ || comparison_.differences.empty()) return true;
  const std::uint64_t until = recorded_.traces.empty() ? 0 : recorded_.traces.rbegin()->second.to;
  return !replayed_finished_ && traced_until_ < std::min(comparison_.differences.front().step, until);
}

void Comparator::add_started(const protocol::Started& replayed) {
  if (!recorded_.trainer.empty() && replayed.trainer != recorded_.trainer)
    comparison_.reasons.push_back("trainer: recorded " + recorded_.trainer + ", replayed " + replayed.trainer);
  if (recorded_.numerics == "portable-1") return;  // promises the same bits on every machine
  for (const std::string& field : differing_fields(recorded_.environment, replayed.environment))
    comparison_.reasons.push_back("numerics " + recorded_.numerics + " promises nothing across: " + field);
}

void Comparator::add_trace(const Trace& replayed) {
  if (recorded_.traces.empty()) return;
  const Trace* recorded = nullptr;
  for (std::uint64_t step = replayed.from; step <= replayed.to; ++step) {
    if (recorded == nullptr || step > recorded->to) recorded = recorded_.trace_at(step);
    if (recorded != nullptr || recorded_.closed()) compare_step(step, recorded, replayed);
  }
  traced_until_ = std::max(traced_until_, replayed.to);
}

void Comparator::compare_step(std::uint64_t step, const Trace* recorded, const Trace& replayed) {
  using Kind = Difference::Kind;
  if (recorded == nullptr) return differ({step, Kind::kBatch, "fingerprints", kAbsent, "present", {}});
  if (recorded->tensors != replayed.tensors)
    return differ({step,
                   Kind::kWeights,
                   "names of the tensors",
                   core::canonical_json(recorded->tensors),
                   core::canonical_json(replayed.tensors),
                   {}});
  const std::size_t tensors = replayed.tensors.size();
  ++comparison_.compared.steps;
  comparison_.compared.tensors = tensors;
  comparison_.compared.fingerprints += tensors + 1;
  const std::uint64_t row = step - recorded->from, new_row = step - replayed.from;
  if (recorded->batch[row] != replayed.batch[new_row])
    differ({step,
            Kind::kBatch,
            "batch",
            fingerprint_text(recorded->batch[row]),
            fingerprint_text(replayed.batch[new_row]),
            {}});
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::uint64_t was = recorded->weights[row * tensors + i], is = replayed.weights[new_row * tensors + i];
    if (was != is)
      differ(
          {step, Kind::kWeights, "weights of " + replayed.tensors[i], fingerprint_text(was), fingerprint_text(is), {}});
  }
}

void Comparator::add_metrics(const protocol::MetricValues& replayed) {
  const std::size_t occurrence = add_line(replayed_metrics_, replayed);
  const std::map<std::string, double>* line = find_line(recorded_.metrics, replayed.step, occurrence);
  for (const auto& [metric, value] : replayed.values) {
    Difference difference{replayed.step, Difference::Kind::kMetric, "metric " + metric,
                          kAbsent,       number_text(value),        {}};
    if (line == nullptr || !line->contains(metric)) {
      if (recorded_.closed()) differ(std::move(difference));
      continue;
    }
    const double was = line->at(metric);
    ++comparison_.compared.metrics;
    if (same_bits(was, value) || (std::isnan(was) && std::isnan(value))) continue;  // an event line has one NaN
    difference.recorded = number_text(was);
    if (std::isfinite(was) && std::isfinite(value)) difference.ulp = ulp_distance(was, value);
    differ(std::move(difference));
  }
}

void Comparator::add_finished(const protocol::Finished& replayed) {
  using Kind = Difference::Kind;
  replayed_finished_ = true;
  if (!recorded_.finished) return;
  const protocol::Finished& recorded = *recorded_.finished;
  const std::uint64_t step = std::max(recorded.step, replayed.step);
  if (recorded.step != replayed.step)
    differ({step, Kind::kEnd, "last step", std::to_string(recorded.step), std::to_string(replayed.step), {}});
  if (recorded.weights_sha256.empty() && replayed.weights_sha256.empty()) return;
  ++comparison_.compared.digests;
  if (recorded.weights_sha256 != replayed.weights_sha256)
    differ({step,
            Kind::kEnd,
            "weights_sha256",
            recorded.weights_sha256.empty() ? kAbsent : recorded.weights_sha256,
            replayed.weights_sha256.empty() ? kAbsent : replayed.weights_sha256,
            {}});
}

// What the record holds and the replay, which has ended, never gave.
void Comparator::find_missing(protocol::Outcome ended) {
  using Kind = Difference::Kind;
  for (const auto& [from, trace] : recorded_.traces) {
    if (trace.to <= traced_until_) continue;
    differ({std::max(from, traced_until_ + 1), Kind::kBatch, "fingerprints", "present", kAbsent, {}});
    break;
  }
  std::uint64_t last = traced_until_;
  for (const auto& [step, lines] : recorded_.metrics) {
    last = std::max(last, step);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::map<std::string, double>* line = find_line(replayed_metrics_, step, i);
      for (const auto& [metric, value] : lines[i])
        if (line == nullptr || !line->contains(metric))
          differ({step, Kind::kMetric, "metric " + metric, number_text(value), kAbsent, {}});
    }
  }
  if (recorded_.outcome && *recorded_.outcome != ended)
    differ({last,
            Kind::kEnd,
            "outcome",
            std::string(protocol::name(*recorded_.outcome)),
            std::string(protocol::name(ended)),
            {}});
  if (recorded_.finished && !replayed_finished_) differ({last, Kind::kEnd, "finished", "present", kAbsent, {}});
}

// Kept in order of steps; without `all_` the earliest only.
void Comparator::differ(Difference difference) {
  std::vector<Difference>& differences = comparison_.differences;
  const auto place = std::upper_bound(differences.begin(), differences.end(), difference, comes_before);
  differences.insert(place, std::move(difference));
  if (!all_ && differences.size() > 1) differences.pop_back();
}

Comparison Comparator::finish(std::optional<protocol::Outcome> ended, const std::string& detail) {
  for (const protocol::Event& printed : std::exchange(printed_, {})) compare(printed);
  const bool no_claim = !comparison_.reasons.empty();
  // A replay that fails where the record did not has shown no other number: the machine may be at fault.
  const bool failed_now = ended == protocol::Outcome::kFailed && recorded_.outcome != protocol::Outcome::kFailed;
  const bool replay_ended = ended && protocol::info(*ended).determined && !failed_now;
  const bool went_on = comparison_.differences.empty() || all_;
  if (!no_claim && went_on && replay_ended && recorded_.complete()) find_missing(*ended);

  if (no_claim) {
    comparison_.verdict = Verdict::kNotComparable;
  } else if (!comparison_.differences.empty()) {
    comparison_.verdict = Verdict::kDifferent;
  } else if (!recorded_.complete() || !replay_ended) {
    comparison_.verdict = Verdict::kIncomplete;
    if (!recorded_.complete()) {
      const std::string how =
          recorded_.outcome ? "ended as " + std::string(protocol::name(*recorded_.outcome)) : "has not ended";
      comparison_.reasons.push_back("the recorded trial " + how + ": only what it did so far was compared");
    }
    if (!replay_ended && !past_record_) {
      const std::string how = ended ? "ended as " + std::string(protocol::name(*ended)) : std::string("was stopped");
      comparison_.reasons.push_back("the replay " + how + (detail.empty() ? "" : ": " + detail));
    }
  } else if (comparison_.compared.fingerprints + comparison_.compared.metrics + comparison_.compared.digests == 0) {
    comparison_.verdict = Verdict::kNotComparable;
    comparison_.reasons.push_back("the record holds no metric, no fingerprint and no digest");
  } else {
    comparison_.verdict = Verdict::kIdentical;
  }
  return comparison_;
}

}  // namespace sweep
