// A running sweep on a terminal: a line for each slot, then a bar, n/N, best so far and the time left, drawn again in
// place; messages go above them. Made by progress.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweep/commands/progress.h"
#include "sweep/commands/progress_text.h"
#include "sweep/commands/terminal.h"
#include "sweep/dispatch/clock.h"

namespace sweep {

class LiveBlock : public Progress {
 public:
  /// Both outlive it.
  LiveBlock(Terminal& terminal, const Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~LiveBlock() override { erase(); }

  void on_started(const Study& study, std::uint64_t trials, std::size_t slots) override;
  void on_event(const Study& study, const StudyEvent& event) override;
  void on_note(const std::string& text) override;
  void on_busy_trials(const std::set<std::uint64_t>& trials) override;
  void on_halt(const Study& study, Halt halt, const std::string& who) override;
  void before_output() override { erase(); }
  void on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) override;
  void on_wait(const Study& study, const std::vector<SlotWait>& waits) override;

 private:
  void draw(const Study& study);
  void show();
  void erase();

  Terminal& terminal_;
  const Clock& clock_;
  std::uint64_t trials_ = 0;
  Pace pace_;
  std::string waits_;
  std::vector<std::string> lines_;  ///< as drawn last; empty: none are to be seen
  bool is_shown_ = false;
  double drawn_s_ = 0;
};

}  // namespace sweep
