// See progress.h.
#include "sweep/commands/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <utility>
#include <vector>

#include "sweep/commands/output.h"
#include "sweep/commands/progress_text.h"
#include "sweep/commands/state.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr double kRedrawS = 0.1;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The trials that an event ended: its own, and those that repeat it.
bool just_ended(const Study& study, const StudyEvent& event) {
  const bool may_end = std::holds_alternative<AttemptEnded>(event) || std::holds_alternative<TrialReused>(event);
  return may_end && study.find(trial_index(event))->phase == Phase::kEnded;
}

// An attempt that is not the first is worth a line: something went wrong, or is gone on with.
std::string again_line(const Study& study, const StudyEvent& event) {
  const auto* ordered = std::get_if<AttemptOrdered>(&event);
  if (ordered == nullptr || ordered->attempt == 0) return {};
  return fmt::format("trial #{} {} again: {}", ordered->index, study.find(ordered->index)->trial,
                     printable(ordered->reason, 200));
}

void say(const std::string& line) { std::fprintf(stderr, "%s\n", printable_lines(line).c_str()); }

// The last line of a sweep that has not ended.
void say_how_to_go_on(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) {
  if (go_on.empty() || exit_code == protocol::kExitGuard) return;  // then that is said with why
  say(fmt::format("interrupted: {}; go on with `{}`", ended_text(study.ended(), study.wanted(trials)), go_on));
}

// Foreign programs have names of their own.
std::string waits_text(const std::vector<SlotWait>& waits) {
  std::string text;
  for (const SlotWait& wait : waits) text += (text.empty() ? "waits for " : "; ") + printable(wait.text, 200);
  return text;
}

// Tells a wait once, not each figure that changes while it lasts.
class NewWaits {
 public:
  /// Whether it is another that is waited for. `fresh`: those that were not waited for before.
  bool look(const std::vector<SlotWait>& waits, std::vector<SlotWait>& fresh) {
    std::set<std::string> now;
    for (const SlotWait& wait : waits)
      if (now.insert(wait.who).second && !before_.contains(wait.who)) fresh.push_back(wait);
    return std::exchange(before_, now) != now;
  }

 private:
  std::set<std::string> before_;
};

class LiveLine : public Progress {
 public:
  ~LiveLine() override { erase(); }

  void on_started(const Study& study, std::uint64_t trials, std::size_t slots) override {
    trials_ = trials;
    pace_.slots = slots;
    for (const TrialState& trial : study.trials())
      if (trial.phase == Phase::kEnded) pace_.add(trial);
    draw(study);
  }
  void on_event(const Study& study, const StudyEvent& event) override {
    const bool ended = just_ended(study, event);
    if (ended) pace_.add(*study.find(trial_index(event)));
    if (const std::string line = again_line(study, event); !line.empty()) on_note(line);
    if (ended || now_s() - drawn_s_ >= kRedrawS) draw(study);
  }
  void on_note(const std::string& text) override {
    erase();
    say(text);
  }
  void on_busy_trials(const std::set<std::uint64_t>& trials) override {
    if (!trials.empty()) on_note(busy_trials_text(trials));
  }
  void on_halt(const Study& study, Halt halt, const std::string& who) override {
    on_note(halt_text(halt, study.running().size(), who));
    draw(study);
  }
  void before_output() override { erase(); }
  void on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) override {
    erase();
    say_how_to_go_on(study, trials, exit_code, go_on);
  }
  void on_wait(const Study& study, const std::vector<SlotWait>& waits) override {
    waits_ = waits_text(waits);
    draw(study);
  }

 private:
  void draw(const Study& study) {
    drawn_s_ = now_s();
    std::string line = progress_line(study, trials_, pace_);
    if (!waits_.empty()) line += ", " + waits_;
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
  }
  void erase() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

  std::uint64_t trials_ = 0;
  Pace pace_;
  double drawn_s_ = 0;
  bool drawn_ = false;
  std::string waits_;
};

class LineATrial : public Progress {
 public:
  void on_event(const Study& study, const StudyEvent& event) override {
    if (just_ended(study, event)) say(trial_line(study, *study.find(trial_index(event))));
    if (const std::string line = again_line(study, event); !line.empty()) say(line);
  }
  void on_note(const std::string& text) override { say(text); }
  void on_busy_trials(const std::set<std::uint64_t>& trials) override {
    if (!trials.empty()) say(busy_trials_text(trials));
  }
  void on_halt(const Study& study, Halt halt, const std::string& who) override {
    say(halt_text(halt, study.running().size(), who));
  }
  void on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) override {
    say_how_to_go_on(study, trials, exit_code, go_on);
  }
  void on_wait(const Study&, const std::vector<SlotWait>& waits) override {
    std::vector<SlotWait> fresh;
    waits_.look(waits, fresh);
    if (!fresh.empty()) on_note(waits_text(fresh));
  }

 private:
  NewWaits waits_;
};

class JsonLines : public Progress {
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
      if (!trial.reused_from.empty()) json["reused_from"] = trial.reused_from;
    } else {
      return;
    }
    write(json);
  }
  void on_note(const std::string& text) override { write({{"progress", "note"}, {"text", text}}); }
  void on_busy_trials(const std::set<std::uint64_t>& trials) override {
    write({{"progress", "busy_trials"}, {"trials", trials}});
  }
  void on_halt(const Study& study, Halt halt, const std::string& who) override {
    write({{"progress", "halt"}, {"halt", halt_word(halt)}, {"who", who}, {"running", study.running()}});
  }
  void on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) override {
    write({{"progress", "end"},
           {"exit_code", exit_code},
           {"ended", study.ended()},
           {"wanted", study.wanted(trials)},
           {"go_on", go_on.empty() ? core::Json() : core::Json(go_on)}});
  }
  void on_wait(const Study&, const std::vector<SlotWait>& waits) override {
    std::vector<SlotWait> fresh;
    if (!waits_.look(waits, fresh)) return;
    core::Json texts = core::Json::array();
    for (const SlotWait& wait : waits) texts.push_back(wait.text);
    write({{"progress", "waits"}, {"for", texts}});
  }

 private:
  static void write(const core::Json& json) { std::fprintf(stderr, "%s\n", core::canonical_json(json).c_str()); }

  NewWaits waits_;
};

}  // namespace

std::unique_ptr<Progress> make_progress(const Globals& globals) {
  if (globals.quiet) return std::make_unique<Progress>();
  if (globals.json) return std::make_unique<JsonLines>();
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<LiveLine>();
  return std::make_unique<LineATrial>();
}

}  // namespace sweep
