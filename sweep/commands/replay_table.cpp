// See replay_table.h.
#include "sweep/commands/replay_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sweep/commands/output.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::array kGravestFirst = {Verdict::kDifferent, Verdict::kNotComparable, Verdict::kIncomplete,
                                      Verdict::kIdentical};

// What is worth saying of a verdict in one line; of an identical trial nothing.
std::string why(const Comparison& comparison) {
  if (!comparison.differences.empty()) return printable(comparison.differences.front().text());
  return comparison.reasons.empty() ? std::string() : printable(comparison.reasons.front());
}

std::size_t count(const std::vector<Replayed>& replayed, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(
      replayed.begin(), replayed.end(), [&](const Replayed& one) { return one.comparison.verdict == verdict; }));
}

std::vector<Replayed> by_index(std::vector<Replayed> replayed) {
  std::stable_sort(replayed.begin(), replayed.end(),
                   [](const Replayed& a, const Replayed& b) { return a.index < b.index; });
  return replayed;
}

}  // namespace

Verdict worst(const std::vector<Replayed>& replayed) {
  for (const Verdict verdict : kGravestFirst)
    if (count(replayed, verdict) > 0) return verdict;
  return Verdict::kIdentical;
}

std::string count_verdicts(const std::vector<Replayed>& replayed) {
  std::string text = fmt::format("{} {} replayed", replayed.size(), replayed.size() == 1 ? "trial" : "trials");
  const char* separator = ": ";
  for (auto verdict = kGravestFirst.rbegin(); verdict != kGravestFirst.rend(); ++verdict) {
    const std::size_t number = count(replayed, *verdict);
    if (number == 0) continue;
    text += fmt::format("{}{} {}", std::exchange(separator, ", "), number, name(*verdict));
  }
  return text;
}

std::string replayed_line(const Replayed& one) {
  const std::string reason = why(one.comparison);
  return fmt::format("#{} {} {} in {}{}{}", one.index, one.trial, name(one.comparison.verdict),
                     duration_text(one.seconds), reason.empty() ? "" : ": ", reason);
}

std::string replay_table(const SweepReplays& replays) {
  std::vector<std::vector<std::string>> lines = {{"trial", "index", "verdict", "on", "time", "first difference"}};
  for (const Replayed& one : by_index(replays.replayed)) {
    const std::string where = one.gpu.empty() ? one.device : one.gpu;
    lines.push_back({one.trial, std::to_string(one.index), std::string(name(one.comparison.verdict)), where,
                     duration_text(one.seconds), why(one.comparison)});
  }
  std::string text =
      aligned(lines, {Align::kLeft, Align::kRight, Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft});
  text += "\n" + count_verdicts(replays.replayed) + "\n";
  if (replays.unended > 0) text += fmt::format("left out: {} that have not ended\n", replays.unended);
  if (replays.left > 0) text += fmt::format("interrupted: {} were not replayed\n", replays.left);
  return text;
}

core::Json replay_table_json(const SweepReplays& replays) {
  core::Json counts = core::Json::object(), trials = core::Json::array();
  for (const Verdict verdict : kGravestFirst) counts[std::string(name(verdict))] = count(replays.replayed, verdict);
  for (const Replayed& one : by_index(replays.replayed)) trials.push_back(one.to_json());
  return {{"sweep", replays.sweep},       {"verdict", name(worst(replays.replayed))},
          {"counts", std::move(counts)},  {"trials", std::move(trials)},
          {"not_ended", replays.unended}, {"not_replayed", replays.left}};
}

}  // namespace sweep
