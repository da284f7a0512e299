// See progress_text.h.
#include "sweep/commands/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/plural.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr int kLongBar = 24, kShortBar = 10;
constexpr std::size_t kNamesShown = 4;

std::string value_text(const Study& study, std::optional<double> value) {
  if (!study.metric() || !value) return {};
  return fmt::format("{} {}", printable(study.metric()->name, kNameColumns), rounded(*value, 6));
}

// What a line of progress is made of; what is empty is left out.
struct ProgressParts {
  std::string bar, count, running, unranked;
  std::string metric, best, best_trial;
  std::string left;
};

std::string bar(const Study& study, std::uint64_t all, int width) {
  const std::uint64_t ended = study.ended(), trials = study.wanted(all);
  const int filled = trials == 0 ? width : static_cast<int>(width * static_cast<double>(ended) / trials);
  return fmt::format("[{}{}]", std::string(filled, '#'), std::string(width - filled, '.'));
}

ProgressParts parts_of(const Study& study, std::uint64_t all, const Pace& pace) {
  ProgressParts parts;
  parts.bar = bar(study, all, kLongBar);
  parts.count = fmt::format("{}/{}", study.ended(), study.wanted(all));
  if (!study.running().empty()) parts.running = fmt::format("{} running", study.running().size());
  if (study.unranked() > 0) parts.unranked = fmt::format("{} without a rank", study.unranked());
  if (const TrialState* best = study.best()) {
    parts.metric = printable(study.metric()->name, kNameColumns);
    parts.best = rounded(*study.best_value(), 6);
    parts.best_trial = fmt::format("(#{})", best->index);
  }
  if (const auto left = seconds_left(study, all, pace)) parts.left = duration_text(*left) + " left";
  return parts;
}

std::string line_of(const ProgressParts& parts) {
  std::string best = parts.best.empty() ? "" : "best";
  for (const std::string* word : {&parts.metric, &parts.best, &parts.best_trial})
    if (!best.empty() && !word->empty()) best += " " + *word;
  std::string line = parts.bar.empty() ? parts.count : parts.bar + " " + parts.count;
  for (const std::string* part : {&parts.running, &parts.unranked, static_cast<const std::string*>(&best), &parts.left})
    if (!part->empty()) line += ", " + *part;
  return line;
}

// The newest value of the sweep's metric.
std::string latest_text(const Study& study, const TrialState& trial) {
  if (!study.metric()) return {};
  const auto found = trial.final_values->find(study.metric()->name);
  return value_text(study, found == trial.final_values->end() ? std::nullopt : std::optional(found->second));
}

// "#1, #2, #3, #4 and 3 more".
template <class Names>
std::string some_of(const Names& names, const char* before) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& name : names) {
    if (shown == kNamesShown) return text + fmt::format(" and {} more", names.size() - shown);
    text += fmt::format("{}{}{}", shown == 0 ? "" : ", ", before, name);
    ++shown;
  }
  return text;
}

}  // namespace

bool just_ended(const Study& study, const StudyEvent& event) {
  const bool may_end = std::holds_alternative<AttemptEnded>(event) || std::holds_alternative<TrialReused>(event);
  return may_end && study.find(trial_index(event))->phase == Phase::kEnded;
}

std::vector<std::string> slot_lines(const Study& study, const Pace& pace, std::size_t most) {
  std::vector<std::vector<std::string>> cells;
  for (const std::uint64_t index : study.running()) {
    const TrialState& trial = *study.find(index);
    const auto found = pace.running.find(index);
    std::string far, took;
    if (found != pace.running.end()) {
      const auto length = length_of(trial);
      if (found->second.done > 0) far = fmt::format("epoch {}", found->second.done);
      if (found->second.done > 0 && length) far += fmt::format("/{}", *length);
      took = duration_text(pace.now_s - found->second.began_s);
    }
    const std::string& slot = trial.attempts.empty() ? std::string() : trial.attempts.back().slot;
    cells.push_back({printable(slot, kCellColumns), fmt::format("#{}", index), far, latest_text(study, trial), took});
  }
  std::sort(cells.begin(), cells.end());
  const std::size_t left_out = cells.size() > most ? cells.size() - most + 1 : 0;
  if (left_out > 0) cells.resize(most > 0 ? most - 1 : 0);
  cells.insert(cells.begin(), std::vector<std::string>(5));  // no heading
  std::vector<std::string> lines =
      aligned_lines(cells, {Align::kLeft, Align::kRight, Align::kLeft, Align::kLeft, Align::kRight});
  lines.erase(lines.begin());
  if (left_out > 0 && most > 0) lines.push_back(fmt::format("and {} more", left_out));
  return lines;
}

std::string progress_line(const Study& study, std::uint64_t all, const Pace& pace, std::size_t columns) {
  ProgressParts parts = parts_of(study, all, pace);
  const std::string whole = line_of(parts);
  if (display_width(whole) <= columns) return whole;
  const std::function<void()> shorter[] = {[&] { parts.bar = bar(study, all, kShortBar); },
                                           [&] { parts.bar.clear(); },
                                           [&] { parts.running.clear(); },
                                           [&] { parts.best_trial.clear(); },
                                           [&] { parts.metric.clear(); },
                                           [&] { parts.unranked.clear(); },
                                           [&] { parts.left.clear(); },
                                           [&] { parts.best.clear(); }};
  for (const auto& shorten : shorter) {
    shorten();
    if (std::string line = line_of(parts); display_width(line) <= columns) return line;
  }
  return printable(line_of(parts), columns);
}

std::string trial_line(const Study& study, const TrialState& trial) {
  std::string line = fmt::format("trial #{} {} {}", trial.index, trial.trial, protocol::name(*trial.outcome));
  if (const std::string value = value_text(study, trial.value); !value.empty()) line += ", " + value;
  if (trial.reused_from->empty())
    line += ", " + duration_text(trial.seconds);
  else
    line += ", known from sweep " + *trial.reused_from;
  if (study.is_surplus(trial.index)) line += ", beyond the end of the sweep";
  if (!trial.detail.empty()) line += ": " + printable(trial.detail, 200);
  return line;
}

std::string again_line(const Study& study, const StudyEvent& event) {
  const auto* ordered = std::get_if<AttemptOrdered>(&event);
  if (ordered == nullptr || ordered->attempt == 0) return {};
  return fmt::format("trial #{} {} again: {}", ordered->index, study.find(ordered->index)->trial,
                     printable(ordered->reason, 200));
}

std::string ended_text(std::uint64_t ended, std::uint64_t wanted) {
  return fmt::format("{} of {} {} ended", ended, core::counted(wanted, "trial"), wanted == 1 ? "has" : "have");
}

std::string go_on_line(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) {
  if (go_on.empty() || exit_code == protocol::kExitGuard) return {};  // then that is said with why
  return fmt::format("interrupted: {}; go on with `{}`", ended_text(study.ended(), study.wanted(trials)), go_on);
}

std::string waits_text(const std::vector<SlotWait>& waits) {
  std::string text;
  for (const SlotWait& wait : waits) text += (text.empty() ? "waits for " : "; ") + printable(wait.text, 200);
  return text;
}

std::string busy_trials_text(const std::set<std::uint64_t>& trials) {
  return fmt::format("trial{} {} run{} in another sweep now: what comes of it is taken from there or run here",
                     trials.size() == 1 ? "" : "s", some_of(trials, "#"), trials.size() == 1 ? "s" : "");
}

std::string still_running_text(const std::vector<std::uint64_t>& trials) {
  return fmt::format("waiting for {}: {}", core::counted(trials.size(), "running trial"), some_of(trials, "#"));
}

std::string_view halt_word(Halt halt) {
  switch (halt) {
    case Halt::kDrain:
      return "drain";
    case Halt::kStop:
      return "stop";
    case Halt::kKill:
      return "kill";
    case Halt::kNone:
      break;
  }
  core::check(false, "a halt of nothing");
  return {};
}

std::string halt_text(Halt halt, std::size_t running, const std::string& who) {
  const std::string asked = who.empty() ? "" : " (asked by " + printable(who, 200) + ")";
  const std::string trials = core::counted(running, "running trial");
  if (halt == Halt::kDrain && running == 0) return "stopping" + asked;
  if (halt == Halt::kDrain)
    return fmt::format(
        "stopping{}: no new trial starts, {} {} on to {} end; `sweep cancel` or Ctrl-C asks {} to end now", asked,
        trials, running == 1 ? "goes" : "go", running == 1 ? "its" : "their", running == 1 ? "it" : "them");
  if (halt == Halt::kStop)
    return fmt::format("stopping{}: {} {} asked to end, in at most ten seconds; again to kill {}", asked, trials,
                       running == 1 ? "is" : "are", running == 1 ? "it" : "them");
  return fmt::format("killing {}{}", trials, asked);
}

}  // namespace sweep
