// See progress.h.
#include "sweep/commands/progress.h"

#include <unistd.h>

#include <cstdio>
#include <set>
#include <utility>
#include <vector>

#include "sweep/commands/live.h"
#include "sweep/commands/output.h"
#include "sweep/commands/progress_text.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

// Lines for stderr. What a trial came to is held until it is durable, and what is said after it waits behind it.
class Lines {
 public:
  ~Lines() { write(false); }

  void tell(const std::string& line) { held_.push_back({line, true}); }
  void say(const std::string& line) {
    held_.push_back({line, false});
    if (!held_.front().is_of_trial) write(false);
  }
  void on_durable() { write(true); }

 private:
  struct Line {
    std::string text;
    bool is_of_trial = false;
  };

  void write(bool is_durable) {
    std::string text;
    for (const Line& line : held_)
      if (is_durable || !line.is_of_trial) text += line.text + '\n';
    held_.clear();
    std::fputs(text.c_str(), stderr);
  }

  std::vector<Line> held_;
};

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

class LineATrial : public Progress {
 public:
  void on_event(const Study& study, const StudyEvent& event) override {
    if (just_ended(study, event)) lines_.tell(printable_lines(trial_line(study, *study.find(trial_index(event)))));
    if (const std::string line = again_line(study, event); !line.empty()) lines_.tell(printable_lines(line));
  }
  void on_durable() override { lines_.on_durable(); }
  void on_note(const std::string& text) override { say(text); }
  void on_busy_trials(const std::set<std::uint64_t>& trials) override {
    if (!trials.empty()) say(busy_trials_text(trials));
  }
  void on_halt(const Study& study, Halt halt, const std::string& who) override {
    say(halt_text(halt, study.running().size(), who));
  }
  void on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) override {
    if (const std::string line = go_on_line(study, trials, exit_code, go_on); !line.empty()) say(line);
  }
  void on_wait(const Study&, const std::vector<SlotWait>& waits) override {
    std::vector<SlotWait> fresh;
    waits_.look(waits, fresh);
    if (!fresh.empty()) on_note(waits_text(fresh));
  }

 private:
  void say(const std::string& text) { lines_.say(printable_lines(text)); }

  Lines lines_;
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
      if (!trial.reused_from->empty()) json["reused_from"] = *trial.reused_from;
    } else {
      return;
    }
    lines_.tell(core::canonical_json(json));
  }
  void on_durable() override { lines_.on_durable(); }
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
  void write(const core::Json& json) { lines_.say(core::canonical_json(json)); }

  Lines lines_;
  NewWaits waits_;
};

// What LiveBlock is given lives before it.
struct OwnStderr {
  StreamTerminal terminal{stderr};
  SystemClock clock;
};

class LiveStderr : private OwnStderr, public LiveBlock {
 public:
  LiveStderr() : LiveBlock(terminal, clock) {}
};

}  // namespace

std::unique_ptr<Progress> make_progress(const Globals& globals) {
  if (globals.quiet) return std::make_unique<Progress>();
  if (globals.json) return std::make_unique<JsonLines>();
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<LiveStderr>();
  return std::make_unique<LineATrial>();
}

}  // namespace sweep
