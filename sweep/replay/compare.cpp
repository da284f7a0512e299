// See compare.h.
#include "sweep/replay/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "core/ulp.h"
#include "protocol/algorithms.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

using core::Json;
using protocol::Trace;

constexpr char kAbsent[] = "absent";

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool comes_before(const Difference& a, const Difference& b) {
  return std::tie(a.step, a.kind) < std::tie(b.step, b.kind);
}

}  // namespace

void Comparator::compare(const protocol::Event& replayed) {
  if (const auto* started = std::get_if<protocol::Started>(&replayed.body))
    add_started(*started);
  else if (const auto* values = std::get_if<protocol::MetricValues>(&replayed.body))
    add_metrics(*values);
  else if (const auto* trace = std::get_if<Trace>(&replayed.body))
    add_trace(*trace);
  else if (const auto* last = std::get_if<protocol::Finished>(&replayed.body))
    add_finished(*last);
  else if (const auto sent = sent_fingerprint(replayed))
    add_sent(sent->first, sent->second);
  else
    add_algorithms(replayed);
}

bool Comparator::add(const protocol::Event& replayed) {
  const bool printed = is_printed(replayed);
  if (printed && !recorded_.printed) {
    printed_.push_back(replayed);
    return true;
  }
  if (!printed) printed_.clear();
  compare(replayed);

  if (!comparison_.forbidding.empty()) return false;
  const std::uint64_t until = recorded_.traced_until();
  past_record_ = !recorded_.complete() && until > 0 && traced_until_ > until;
  if (past_record_) return false;
  if (all_ || comparison_.differences.empty()) return true;
  return !replayed_finished_ && traced_until_ < std::min(comparison_.differences.front().step, until);
}

bool Comparator::add(const std::vector<protocol::Event>& replayed) {
  return std::all_of(replayed.begin(), replayed.end(), [this](const protocol::Event& event) { return add(event); });
}

void Comparator::forbid(std::string field, std::string recorded, std::string replayed) {
  comparison_.reasons.push_back(field + ": recorded " + recorded + ", replayed " + replayed);
  comparison_.needed += (comparison_.needed.empty() ? "" : "; ") + field + " " + recorded;
  comparison_.forbidding.push_back({std::move(field), std::move(recorded), std::move(replayed)});
}

void Comparator::add_started(const protocol::Started& replayed) {
  if (!recorded_.trainer.empty() && replayed.trainer != recorded_.trainer)
    forbid("trainer", recorded_.trainer, replayed.trainer);
  for (FieldDifference& field : differing_fields(FieldPlace::kAttempt, recorded_.environment, replayed.environment)) {
    if (forbids_claim(field, recorded_.numerics))
      forbid(std::move(field.name), std::move(field.recorded), std::move(field.replayed));
    else if (makes_another_trial(field))
      other_trial_.push_back(std::move(field));
  }
}

// What the trainer cannot rebuild it says; that it computed by the record is not taken on trust.
void Comparator::add_algorithms(const protocol::Event& replayed) {
  const auto* other = std::get_if<protocol::OtherEvent>(&replayed.body);
  if (other != nullptr && other->name == protocol::kNotComparableEvent) {
    const auto word = [&](const char* key) {
      const auto found = replayed.extra.find(key);
      return found == replayed.extra.end() ? std::string(kAbsent)
             : found->is_string()          ? found->get<std::string>()
                                           : core::canonical_json(*found);
    };
    return forbid("algorithm of " + word(protocol::kOperation), word(protocol::kRecorded), word(protocol::kPresent));
  }
  for (const auto& [operation, choice] : said_algorithms(replayed)) {
    const auto recorded = recorded_.algorithms.find(operation);
    if (recorded != recorded_.algorithms.end() && recorded->second != choice)
      forbid("algorithm of " + operation, core::canonical_json(recorded->second), core::canonical_json(choice));
  }
}

void Comparator::add_trace(const Trace& replayed) {
  if (recorded_.traces.empty()) return;
  const Trace* recorded = nullptr;
  for (std::uint64_t step = replayed.from; step <= replayed.to; ++step) {
    if (recorded == nullptr || step > recorded->to) recorded = recorded_.trace_at(step);
    // A gap is what `trace` left out of the record; behind its last fingerprint there was no step.
    if (recorded != nullptr || (recorded_.closed() && step > recorded_.traced_until()))
      compare_step(step, recorded, replayed);
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
      differ({step,
              Kind::kWeights,
              "weights of " + replayed.tensors[i],
              fingerprint_text(was),
              fingerprint_text(is),
              {},
              replayed.tensors[i]});
  }
}

void Comparator::add_metrics(const protocol::MetricValues& replayed) {
  const std::size_t occurrence = add_line(replayed_metrics_, replayed);
  const std::map<std::string, double>* line = find_line(recorded_.metrics, replayed.step, occurrence);
  for (const auto& [metric, value] : replayed.values) {
    Difference difference{replayed.step, Difference::Kind::kMetric, "metric " + metric, kAbsent, number_text(value), {},
                          metric};
    if (line == nullptr || !line->contains(metric)) {
      if (recorded_.closed()) differ(std::move(difference));
      continue;
    }
    const double was = line->at(metric);
    ++comparison_.compared.metrics;
    if (same_bits(was, value) || (std::isnan(was) && std::isnan(value))) continue;  // an event line has one NaN
    difference.recorded = number_text(was);
    if (std::isfinite(was) && std::isfinite(value)) difference.ulp = core::ulp_distance(was, value);
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

void Comparator::add_sent(std::uint64_t step, const std::map<std::string, std::string>& replayed) {
  const auto line = recorded_.sent.find(step);
  for (const auto& [name, value] : replayed) {
    replayed_sent_[step][name] = value;
    const bool known = line != recorded_.sent.end() && line->second.contains(name);
    if (known) ++comparison_.compared.sent;
    if (!known && !recorded_.closed()) continue;
    const std::string was = known ? line->second.at(name) : kAbsent;
    if (was != value) differ({step, Difference::Kind::kFingerprint, "fingerprint " + name, was, value, {}, name});
  }
}

// What the record holds and the replay, which has ended, never gave. Where both programs died, one may have come
// further: what lacks at the end is no difference then.
void Comparator::find_missing(protocol::Outcome ended) {
  using Kind = Difference::Kind;
  for (const auto& [from, trace] : recorded_.traces) {
    if (trace.to <= traced_until_) continue;
    if (may_lack(trace.to, traced_until_)) break;
    differ({std::max(from, traced_until_ + 1), Kind::kBatch, "fingerprints", "present", kAbsent, {}});
    break;
  }
  find_missing_metrics();
  find_missing_sent();
  std::uint64_t last = traced_until_;
  if (!recorded_.metrics.empty()) last = std::max(last, recorded_.metrics.rbegin()->first);
  if (recorded_.outcome && *recorded_.outcome != ended)
    differ({last,
            Kind::kEnd,
            "outcome",
            std::string(protocol::name(*recorded_.outcome)),
            std::string(protocol::name(ended)),
            {}});
  if (recorded_.finished && !replayed_finished_) differ({last, Kind::kEnd, "finished", "present", kAbsent, {}});
}

void Comparator::find_missing_metrics() {
  const std::uint64_t last = replayed_metrics_.empty() ? 0 : replayed_metrics_.rbegin()->first;
  for (const auto& [step, lines] : recorded_.metrics)
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::map<std::string, double>* line = find_line(replayed_metrics_, step, i);
      for (const auto& [metric, value] : lines[i]) {
        if (line != nullptr && line->contains(metric)) continue;
        if (!may_lack(step, last))
          differ({step, Difference::Kind::kMetric, "metric " + metric, number_text(value), kAbsent, {}, metric});
      }
    }
}

void Comparator::find_missing_sent() {
  const std::uint64_t last = replayed_sent_.empty() ? 0 : replayed_sent_.rbegin()->first;
  for (const auto& [step, values] : recorded_.sent)
    for (const auto& [name, value] : values)
      if (!replayed_sent_[step].contains(name) && !may_lack(step, last))
        differ({step, Difference::Kind::kFingerprint, "fingerprint " + name, value, kAbsent, {}, name});
}

// Of what the record holds at `step` and the replay, whose last one is `last`, has not.
bool Comparator::may_lack(std::uint64_t step, std::uint64_t last) {
  const bool lacks_end = !recorded_.closed() && step >= last;
  died_earlier_ = died_earlier_ || lacks_end;
  return lacks_end;
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
  const bool no_claim = !comparison_.forbidding.empty();
  // A replay that fails where the record did not has shown no other number: the machine may be at fault.
  const bool failed_now = ended == protocol::Outcome::kFailed && recorded_.outcome != protocol::Outcome::kFailed;
  const bool replay_ended = ended && protocol::info(*ended).determined && !failed_now;
  // Where steps can be compared, the first of them that differs says more.
  if (!no_claim && comparison_.differences.empty() && !other_trial_.empty()) {
    const FieldDifference& field = other_trial_.front();
    differ({0, Difference::Kind::kEnd, field.name, field.recorded, field.replayed, {}});
  } else {
    for (const FieldDifference& field : other_trial_) comparison_.reasons.push_back(field.text());
  }
  const bool went_on = comparison_.differences.empty() || all_;
  if (!no_claim && went_on && replay_ended && recorded_.complete()) find_missing(*ended);

  if (no_claim) {
    comparison_.verdict = Verdict::kNotComparable;
  } else if (!comparison_.differences.empty()) {
    comparison_.verdict = Verdict::kDifferent;
  } else if (!recorded_.complete() || !replay_ended || died_earlier_) {
    comparison_.verdict = Verdict::kIncomplete;
    if (!recorded_.complete()) {
      const std::string how =
          recorded_.outcome ? "ended as " + std::string(protocol::name(*recorded_.outcome)) : "has not ended";
      comparison_.reasons.push_back("the recorded trial " + how + ": only what it did so far was compared");
    }
    if (died_earlier_)
      comparison_.reasons.emplace_back(
          "both failed, the replay before it had said all that the record holds: what both said was compared");
    if (!replay_ended && !past_record_) {
      const std::string how = ended ? "ended as " + std::string(protocol::name(*ended)) : std::string("was stopped");
      comparison_.reasons.push_back("the replay " + how + (detail.empty() ? "" : ": " + detail));
    }
  } else if (const Compared& seen = comparison_.compared;
             seen.fingerprints + seen.sent + seen.metrics + seen.digests == 0) {
    comparison_.verdict = Verdict::kNotComparable;
    comparison_.reasons.push_back("the record holds no metric, no fingerprint and no digest");
    comparison_.needed = "a record of the trial with any of these";
  } else {
    comparison_.verdict = Verdict::kIdentical;
  }
  return comparison_;
}

}  // namespace sweep
