// See progress_text.h.
#include "sweep/commands/progress_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/plural.h"
#include "sweep/commands/output.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr int kBarWidth = 24;
constexpr std::size_t kNamesShown = 4;

std::string value_text(const Study& study, std::optional<double> value) {
  if (!study.metric() || !value) return {};
  return fmt::format("{} {}", printable(study.metric()->name, 60), rounded(*value, 6));
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

void Pace::add(const TrialState& ended) {
  if (ended.seconds <= 0 || !ended.reused_from.empty()) return;
  ++ran;
  seconds += ended.seconds;
}

std::optional<double> seconds_left(const Study& study, std::uint64_t all, const Pace& pace) {
  const std::uint64_t wanted = study.wanted(all), left = wanted - std::min(wanted, study.ended());
  if (left == 0 || pace.ran == 0) return std::nullopt;
  const auto running = static_cast<double>(std::min<std::uint64_t>(left, study.running().size()));
  const double work = pace.seconds / static_cast<double>(pace.ran) * (static_cast<double>(left) - running / 2);
  return work / static_cast<double>(std::clamp<std::uint64_t>(pace.slots, 1, left));
}

std::string progress_line(const Study& study, std::uint64_t all, const Pace& pace) {
  const std::uint64_t ended = study.ended(), trials = study.wanted(all);
  const int filled = trials == 0 ? kBarWidth : static_cast<int>(kBarWidth * static_cast<double>(ended) / trials);
  std::string line =
      fmt::format("[{}{}] {}/{}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'), ended, trials);
  if (!study.running().empty()) line += fmt::format(", {} running", study.running().size());
  if (study.unranked() > 0) line += fmt::format(", {} without a rank", study.unranked());
  if (const TrialState* best = study.best())
    line += fmt::format(", best {} (#{})", value_text(study, study.best_value()), best->index);
  if (const auto left = seconds_left(study, all, pace)) line += fmt::format(", {} left", duration_text(*left));
  return line;
}

std::string trial_line(const Study& study, const TrialState& trial) {
  std::string line = fmt::format("trial #{} {} {}", trial.index, trial.trial, protocol::name(*trial.outcome));
  if (const std::string value = value_text(study, trial.value); !value.empty()) line += ", " + value;
  if (trial.reused_from.empty())
    line += ", " + duration_text(trial.seconds);
  else
    line += ", known from sweep " + trial.reused_from;
  if (study.is_surplus(trial.index)) line += ", beyond the end of the sweep";
  if (!trial.detail.empty()) line += ": " + printable(trial.detail, 200);
  return line;
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
