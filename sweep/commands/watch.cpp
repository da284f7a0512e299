// See watch.h.
#include "sweep/commands/watch.h"

#include <algorithm>

#include "sweep/commands/output.h"

namespace sweep {
namespace {

constexpr double kBetweenLooksS = 1.0;
constexpr double kRestPerLook = 9.0;  // so many times as long as it looks it rests

constexpr char kEnter[] = "\x1b[?1049h\x1b[?7l\x1b[?25l";  // the other screen, lines cut at its edge, no cursor
constexpr char kLeave[] = "\x1b[?25h\x1b[?7h\x1b[?1049l";

// The other screen, left again whatever happens.
class Screen {
 public:
  explicit Screen(Terminal& terminal) : terminal_(terminal) { enter(); }
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void enter() { is_on_ = terminal_.write(kEnter); }
  void leave() {
    if (is_on_) terminal_.write(kLeave);
    is_on_ = false;
  }
  /// The lines from the top, as many as there is room for; what was below is gone.
  bool draw(const std::string& text) {
    const std::size_t rows = terminal_.size().rows;
    std::string frame = "\x1b[H";
    std::size_t row = 0;
    for (std::size_t at = 0; at < text.size() && row < rows; ++row) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      frame += (row > 0 ? "\r\n" : "") + text.substr(at, end - at) + "\x1b[K";
      at = end + 1;
    }
    return terminal_.write(frame + "\x1b[J");
  }

 private:
  Terminal& terminal_;
  bool is_on_ = false;
};

// A look, and how long to rest after it.
class Pacer {
 public:
  Pacer(Watched& watched, const Clock& clock) : watched_(watched), clock_(clock) {}
  Watched::Look look(const std::optional<TerminalSize>& room) {
    const double began = clock_.seconds();
    Watched::Look look = watched_.look(room);
    rest_s_ = std::max(kBetweenLooksS, kRestPerLook * (clock_.seconds() - began));
    return look;
  }
  double rest_s() const { return rest_s_; }

 private:
  Watched& watched_;
  const Clock& clock_;
  double rest_s_ = kBetweenLooksS;
};

}  // namespace

bool watch_on_terminal(Watched& watched, Terminal& terminal, Waker& waker, const Clock& clock) {
  Pacer pacer(watched, clock);
  Watched::Look seen;
  bool is_read = true;
  {
    Screen screen(terminal);
    for (Wake wake = Wake::kTime; is_read && wake != Wake::kInterrupted;) {
      seen = pacer.look(terminal.size());
      is_read = screen.draw(seen.text);
      if (seen.is_over) break;
      wake = waker.wait(pacer.rest_s());
      if (wake == Wake::kSuspended) {
        screen.leave();
        waker.suspend();
        screen.enter();
      }
    }
  }
  terminal.write(seen.text);
  return seen.is_over;
}

bool watch_elsewhere(Watched& watched, Terminal& output, Waker& waker, const Clock& clock) {
  Pacer pacer(watched, clock);
  std::string before;
  for (Wake wake = Wake::kTime; wake != Wake::kInterrupted; wake = waker.wait(pacer.rest_s())) {
    if (wake == Wake::kSuspended) waker.suspend();
    const Watched::Look seen = pacer.look(std::nullopt);
    const bool is_new = seen.text != before;
    if (is_new && !output.write("==> " + utc_text(clock.unix_ms()) + " <==\n" + seen.text)) return false;
    before = seen.text;
    if (seen.is_over) return true;
  }
  return false;
}

}  // namespace sweep
