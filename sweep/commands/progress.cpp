// See progress.h.
#include "sweep/commands/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <set>

#include "sweep/commands/output.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr double kRedrawS = 0.1;
constexpr int kBarWidth = 24;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string value_text(const Study& study, std::optional<double> value) {
  if (!study.metric() || !value) return {};
  return fmt::format("{} {}", study.metric()->name, rounded(*value, 6));
}

std::uint64_t count_failed(const Study& study) {
  std::uint64_t failed = 0;
  for (const TrialState& trial : study.trials())
    failed += trial.phase == Phase::kEnded && !study.is_surplus(trial.index) && !protocol::info(*trial.outcome).ranked;
  return failed;
}

// The trials that an event ended: its own, and those that repeat it.
bool just_ended(const Study& study, const StudyEvent& event) {
  const bool may_end = std::holds_alternative<AttemptEnded>(event) || std::holds_alternative<TrialReused>(event);
  return may_end && study.find(trial_index(event))->phase == Phase::kEnded;
}

class LiveLine : public Observer {
 public:
  ~LiveLine() override { erase(); }

  void on_started(const Study& study, std::uint64_t trials, std::size_t) override {
    trials_ = trials;
    done_before_ = study.ended();
    started_s_ = now_s();
    draw(study);
  }
  void on_event(const Study& study, const StudyEvent& event) override {
    if (just_ended(study, event) || now_s() - drawn_s_ >= kRedrawS) draw(study);
  }
  void on_note(const std::string& text) override {
    erase();
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  void on_interrupt(bool second) override {
    on_note(second ? "killing the running trials"
                   : "stopping: the running trials are asked to end; again to kill them");
  }

 private:
  void draw(const Study& study) {
    drawn_s_ = now_s();
    const std::string line = progress_line(study, trials_, done_before_, drawn_s_ - started_s_);
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
  }
  void erase() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

  std::uint64_t trials_ = 0, done_before_ = 0;
  double started_s_ = 0, drawn_s_ = 0;
  bool drawn_ = false;
};

class LineATrial : public Observer {
 public:
  void on_event(const Study& study, const StudyEvent& event) override {
    if (just_ended(study, event))
      std::fprintf(stderr, "%s\n", trial_line(study, *study.find(trial_index(event))).c_str());
  }
  void on_note(const std::string& text) override { std::fprintf(stderr, "%s\n", text.c_str()); }
  void on_interrupt(bool second) override {
    on_note(second ? "killing the running trials"
                   : "stopping: the running trials are asked to end; again to kill them");
  }
};

class JsonLines : public Observer {
 public:
  void on_started(const Study& study, std::uint64_t trials, std::size_t slots) override {
    write({{"progress", "started"}, {"trials", trials}, {"ended", study.ended()}, {"slots", slots}});
  }
  void on_event(const Study& study, const StudyEvent& event) override {
    const TrialState& trial = *study.find(trial_index(event));
    core::Json json = {{"index", trial.index}, {"trial", trial.trial}};
    if (const auto* ordered = std::get_if<AttemptOrdered>(&event)) {
      json.update({{"progress", "attempt"}, {"attempt", ordered->attempt}, {"reason", ordered->reason}});
    } else if (const auto* reopened = std::get_if<TrialReopened>(&event)) {
      json.update({{"progress", "reopened"}, {"reason", reopened->reason}});
    } else if (just_ended(study, event)) {
      json.update({{"progress", "trial"}, {"outcome", protocol::name(*trial.outcome)}, {"ended", study.ended()}});
      if (trial.value) json["value"] = *trial.value;
      if (study.is_surplus(trial.index)) json["surplus"] = true;
      if (!trial.detail.empty()) json["detail"] = trial.detail;
    } else {
      return;
    }
    write(json);
  }
  void on_note(const std::string& text) override { write({{"progress", "note"}, {"text", text}}); }
  void on_interrupt(bool second) override { write({{"progress", "interrupt"}, {"second", second}}); }

 private:
  static void write(const core::Json& json) { std::fprintf(stderr, "%s\n", core::canonical_json(json).c_str()); }
};

}  // namespace

std::string progress_line(const Study& study, std::uint64_t all, std::uint64_t done_before, double elapsed_s) {
  const std::uint64_t ended = study.ended(), trials = study.wanted(all);
  const int filled = trials == 0 ? kBarWidth : static_cast<int>(kBarWidth * static_cast<double>(ended) / trials);
  std::string line =
      fmt::format("[{}{}] {}/{}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'), ended, trials);
  if (!study.running().empty()) line += fmt::format(", {} running", study.running().size());
  if (const std::uint64_t failed = count_failed(study); failed > 0) line += fmt::format(", {} without a rank", failed);
  if (const TrialState* best = study.best())
    line += fmt::format(", best {} (#{})", value_text(study, study.best_value()), best->index);
  if (ended > done_before && ended < trials)
    line += fmt::format(", {} left", duration_text(elapsed_s / static_cast<double>(ended - done_before) *
                                                   static_cast<double>(trials - ended)));
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

std::unique_ptr<Observer> make_progress(const Globals& globals) {
  if (globals.quiet) return std::make_unique<Observer>();
  if (globals.json) return std::make_unique<JsonLines>();
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<LiveLine>();
  return std::make_unique<LineATrial>();
}

}  // namespace sweep
