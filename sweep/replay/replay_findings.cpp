// See replay_findings.h.
#include "sweep/replay/replay_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sweep/replay/verdict.h"

namespace sweep {
namespace {

// The table is anybody's: what does not say this much is passed over.
bool says_enough(const core::Json& detail) {
  const auto has = [&](const char* key, auto is) { return detail.contains(key) && (detail.at(key).*is)(); };
  using Json = core::Json;
  return detail.is_object() && has("sweep", &Json::is_string) && has("index", &Json::is_number_unsigned) &&
         has("device", &Json::is_string) && has("differences", &Json::is_array);
}

// Whether the trial has run again since. Older versions did not say of how many attempts the record was.
bool is_outdated(const core::Json& detail, const std::string& sweep,
                 const std::map<std::uint64_t, std::uint64_t>& attempts) {
  if (detail.at("sweep") != sweep || !detail.contains("attempts")) return false;
  const auto now = attempts.find(detail.at("index").get<std::uint64_t>());
  return now == attempts.end() || now->second != detail.at("attempts");
}

}  // namespace

std::string place_of(const core::Json& detail) {
  const auto text = [&](const char* key) {
    return detail.contains(key) && detail.at(key).is_string() ? detail.at(key).get<std::string>() : std::string();
  };
  return text("gpu").empty() ? text("device") : text("gpu");
}

std::string first_difference(const core::Json& detail) {
  const auto differences = detail.find("differences");
  if (differences == detail.end() || !differences->is_array() || differences->empty()) return {};
  const core::Json& first = differences->front();
  if (!first.is_object()) return {};
  const auto text = [&](const char* key) {
    const auto found = first.find(key);
    if (found == first.end()) return std::string("?");
    return found->is_string() ? found->get<std::string>() : core::canonical_json(*found);
  };
  return fmt::format("step {}: {}: recorded {}, replayed {}", text("step"), text("what"), text("recorded"),
                     text("replayed"));
}

std::vector<ReplayRecord> current_replays(const Store& store, const std::string& sweep) {
  std::vector<ReplayRecord> replays = store.replays_of(sweep);
  if (replays.empty()) return replays;
  std::map<std::uint64_t, std::uint64_t> attempts;  // by index
  store.read_rows(sweep, [&](std::uint64_t index, TrialSummary&& row) { attempts[index] = row.attempts; });
  std::erase_if(replays, [&](const ReplayRecord& replay) {
    return !says_enough(replay.detail) || is_outdated(replay.detail, sweep, attempts);
  });
  return replays;
}

std::string ReplayFinding::text() const {
  const std::string times = replays > 1 ? fmt::format(" ({} of {} replays)", differing, replays) : "";
  const std::string since = identical_since > 0 ? fmt::format("; later replays: {} identical", identical_since) : "";
  return fmt::format("trial {} (#{}) replayed as different on {}{}: {}{}", trial, index, where, times, first, since);
}

core::Json ReplayFinding::to_json() const {
  return {{"trial", trial},
          {"index", index},
          {"replays", replays},
          {"differing", differing},
          {"first", first},
          {"where", where},
          {"identical_since", identical_since}};
}

std::vector<ReplayFinding> find_differing_replays(const Store& store, const std::string& sweep) {
  std::map<std::string, ReplayFinding> by_trial;
  for (const ReplayRecord& replay : current_replays(store, sweep)) {
    ReplayFinding& finding = by_trial[replay.trial];
    ++finding.replays;
    if (replay.verdict == name(Verdict::kIdentical)) ++finding.identical_since;
    if (replay.verdict != name(Verdict::kDifferent)) continue;
    finding.identical_since = 0;
    if (finding.differing++ > 0) continue;
    finding.trial = replay.trial;
    finding.first = first_difference(replay.detail);
    finding.where = place_of(replay.detail);
  }
  std::erase_if(by_trial, [](const auto& entry) { return entry.second.differing == 0; });
  std::vector<ReplayFinding> found;
  if (by_trial.empty()) return found;
  store.read_rows(sweep, [&](std::uint64_t index, TrialSummary&& row) {
    const auto finding = by_trial.find(row.trial);
    if (finding == by_trial.end() || row.repeats) return;
    found.push_back(finding->second);
    found.back().index = index;
  });
  return found;
}

core::Json with_findings(core::Json report, const std::vector<ReplayFinding>& found) {
  for (const ReplayFinding& one : found) report["sweep"]["differing_replays"].push_back(one.to_json());
  return report;
}

}  // namespace sweep
