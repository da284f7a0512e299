// See live.h.
#include "sweep/commands/live.h"

#include <algorithm>
#include <utility>

#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr double kRedrawS = 0.1;
constexpr std::size_t kMostSlots = 16;  // of more only the number is shown
constexpr std::size_t kRowsAround = 2;  // the bar, and one that stays free

}  // namespace

void LiveBlock::on_started(const Study& study, std::uint64_t trials, std::size_t slots) {
  trials_ = trials;
  pace_.slots = slots;
  for (const TrialState& trial : study.trials())
    if (trial.phase == Phase::kEnded) pace_.add(trial);
  draw(study);
}

void LiveBlock::on_event(const Study& study, const StudyEvent& event) {
  pace_.now_s = clock_.seconds();
  pace_.note(study, event);
  if (const std::string line = again_line(study, event); !line.empty()) on_note(line);
  if (just_ended(study, event) || pace_.now_s - drawn_s_ >= kRedrawS) draw(study);
}

void LiveBlock::on_note(const std::string& text) {
  const bool was_shown = is_shown_;
  erase();
  terminal_.write(printable_lines(text) + "\n");
  if (was_shown) show();
}

void LiveBlock::on_busy_trials(const std::set<std::uint64_t>& trials) {
  if (!trials.empty()) on_note(busy_trials_text(trials));
}

void LiveBlock::on_halt(const Study& study, Halt halt, const std::string& who) {
  on_note(halt_text(halt, study.running().size(), who));
  draw(study);
}

void LiveBlock::on_end(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on) {
  erase();
  if (const std::string line = go_on_line(study, trials, exit_code, go_on); !line.empty()) on_note(line);
}

void LiveBlock::on_wait(const Study& study, const std::vector<SlotWait>& waits) {
  waits_ = waits_text(waits);
  draw(study);
}

void LiveBlock::draw(const Study& study) {
  pace_.now_s = drawn_s_ = clock_.seconds();
  erase();
  const TerminalSize size = terminal_.size();
  std::string last = progress_line(study, trials_, pace_);
  const bool joins = !waits_.empty() && display_width(last) + display_width(waits_) + 2 <= size.columns;
  const bool waits_alone = !waits_.empty() && !joins;
  const std::size_t around = kRowsAround + waits_alone, room = size.rows > around ? size.rows - around : 0;
  lines_ = slot_lines(study, pace_, std::min(kMostSlots, room));
  if (waits_alone) lines_.push_back(waits_);
  lines_.push_back(joins ? last + ", " + waits_ : progress_line(study, trials_, pace_, size.columns));
  show();
}

// A line that is wider than the terminal would take two rows, and the way back up would be wrong.
void LiveBlock::show() {
  const std::size_t columns = terminal_.size().columns;
  std::string text;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    lines_[i] = printable(lines_[i], columns);
    text += (i > 0 ? "\n" : "") + lines_[i];
  }
  terminal_.write(text);
  is_shown_ = true;
}

// A terminal that has become narrower since has broken the lines.
void LiveBlock::erase() {
  if (!std::exchange(is_shown_, false)) return;
  const std::size_t columns = std::max<std::size_t>(terminal_.size().columns, 1);
  std::size_t rows = 0;
  for (const std::string& line : lines_)
    rows += std::max<std::size_t>((display_width(line) + columns - 1) / columns, 1);
  terminal_.write((rows > 1 ? "\x1b[" + std::to_string(rows - 1) + "A" : "") + "\r\x1b[J");
}

}  // namespace sweep
