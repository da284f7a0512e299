// See limits.h.
#include "sweep/dispatch/limits.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "core/json.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr double kLateS = 0.5;  // a timer is not, unless this process stood still
constexpr auto kReadFirst = std::chrono::milliseconds(100);

std::string seconds_text(double seconds) {
  std::string text = core::format_double(seconds);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + " s";
}

asio::steady_timer::duration duration_of(double seconds) {
  return std::chrono::duration_cast<asio::steady_timer::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

std::optional<LimitReached> AttemptLimits::reached(double now_s) const {
  const auto over = [&](const std::optional<double>& limit, double since) { return limit && now_s >= since + *limit; };
  const bool timed_out = over(times_.timeout_s, begun_s_), stalled = over(times_.stall_timeout_s, heard_s_);
  const bool stalled_first =
      stalled && (!timed_out || heard_s_ + *times_.stall_timeout_s < begun_s_ + *times_.timeout_s);
  if (stalled_first)
    return LimitReached{protocol::Outcome::kStalled,
                        "gave no sign of life for " + seconds_text(*times_.stall_timeout_s) + " (stall_timeout_s)"};
  if (timed_out)
    return LimitReached{protocol::Outcome::kTimedOut, "ran for " + seconds_text(*times_.timeout_s) + " (timeout_s)"};
  return std::nullopt;
}

std::optional<double> AttemptLimits::due_s() const {
  std::optional<double> due;
  if (times_.timeout_s) due = begun_s_ + *times_.timeout_s;
  if (times_.stall_timeout_s) {
    const double stalled = heard_s_ + *times_.stall_timeout_s;
    due = due ? std::min(*due, stalled) : stalled;
  }
  return due;
}

// Shared with the timer's handler, which may already be on its way when the watch goes.
struct LimitsWatch::State : std::enable_shared_from_this<LimitsWatch::State> {
  State(asio::any_io_executor executor, const Clock& the_clock, AttemptLimits the_limits)
      : clock(the_clock), limits(the_limits), timer(executor) {}

  const Clock& clock;
  AttemptLimits limits;
  asio::steady_timer timer;
  std::function<bool()> heard_since;
  std::function<void(const LimitReached&)> on_reached;
  bool over = false;
  bool is_second_look = false;

  void wait() {
    const auto due = limits.due_s();
    if (!due || over) return;
    is_second_look = false;
    look_after(duration_of(std::max(0.0, *due - clock.seconds())));
  }

  void look_after(asio::steady_timer::duration pause) {
    timer.expires_after(pause);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->over) self->look();
    });
  }

  void look() {
    const double now = clock.seconds();
    if (heard_since()) limits.heard(now);
    const auto reached = limits.reached(now);
    if (!reached) return wait();
    // This process was stopped, or its machine: what the program said meanwhile has not been read.
    if (now > *limits.due_s() + kLateS && !std::exchange(is_second_look, true)) return look_after(kReadFirst);
    over = true;
    on_reached(*reached);
  }
};

LimitsWatch::LimitsWatch(asio::any_io_executor executor, const Clock& clock, AttemptLimits limits,
                         std::function<bool()> heard_since, std::function<void(const LimitReached&)> on_reached)
    : state_(std::make_shared<State>(executor, clock, limits)) {
  state_->heard_since = std::move(heard_since);
  state_->on_reached = std::move(on_reached);
  state_->wait();
}

LimitsWatch::~LimitsWatch() {
  state_->over = true;
  state_->timer.cancel();
}

// The timer is not moved: when it expires it finds that it is too early, and waits for the rest.
void LimitsWatch::heard() { state_->limits.heard(state_->clock.seconds()); }

}  // namespace sweep
