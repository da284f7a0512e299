// See transcript.h.
#include "sweep/dispatch/transcript.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "core/error.h"
#include "core/utf8.h"
#include "sweep/dispatch/life.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

constexpr std::uint64_t kAnyStep = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::string printable_text(std::string_view text, std::size_t limit) {
  std::string clean;
  for (std::size_t i = 0; i < text.size() && clean.size() < limit;) {
    const std::size_t length = core::utf8_length(text, i);
    const bool shows = length > 0 && static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7f;
    clean += shows ? text.substr(i, length) : "?";
    i += std::max<std::size_t>(1, length);
  }
  return clean;
}

Transcript::Transcript(const AttemptRequest& request)
    : request_(request),
      place_("trial #" + std::to_string(request.document.index) + " attempt " + std::to_string(request.attempt)),
      metric_(metric_before(kAnyStep)) {
  const auto& metric = request.document.metric;
  if (request.read_metrics)
    printed_.emplace(*request.read_metrics, metric ? std::optional(metric->name) : std::nullopt);
}

std::vector<protocol::Event> Transcript::read(const Written& written) {
  std::vector<protocol::Event> events;
  for (const std::string& line : written.printed) read_printed(line, events);
  for (const std::string& line : written.events) {
    if (!broken_.empty()) break;
    try {
      protocol::Event event = protocol::Event::parse(line, place_);
      look_at(event);
      remove_mark(event);
      if (broken_.empty()) events.push_back(std::move(event));
    } catch (const core::UserError& error) {
      broken_ = printable_text(error.what(), 500);
    }
  }
  return events;
}

std::string Transcript::why_no_metric() const {
  const std::string why = no_metric_detail(*request_.document.metric);
  const std::string nearest = printed_ ? printed_->nearest_line() : "";
  return nearest.empty() ? why : why + "; the nearest line that it printed: " + printable_text(nearest, 200);
}

void Transcript::read_printed(const std::string& line, std::vector<protocol::Event>& events) {
  if (!printed_ || said_anything()) return;
  std::optional<protocol::MetricValues> values = printed_->add_line(line);
  if (!values) return;
  look_at_values(*values);
  events.push_back(marked_as_printed({next_printed_++, std::move(*values)}));
}

void Transcript::look_at(const protocol::Event& event) {
  if (event.seq != next_seq_) {
    broken_ = place_ + ": event line: seq is " + std::to_string(event.seq) + " where " + std::to_string(next_seq_) +
              " comes next, lines were lost";
    return;
  }
  if (finished_) {
    broken_ = place_ + ": event line: an event after `finished`";
    return;
  }
  if (next_printed_ > 0 && next_seq_ == 0) metric_ = metric_before(kAnyStep);
  ++next_seq_;
  if (const auto* started = std::get_if<protocol::Started>(&event.body))
    look_at_start(*started);
  else if (const auto* values = std::get_if<protocol::MetricValues>(&event.body))
    look_at_values(*values);
  else if (const auto* finished = std::get_if<protocol::Finished>(&event.body))
    finished_ = finished->outcome;
}

// As earlier attempts gave it last, up to the step.
std::optional<double> Transcript::metric_before(std::uint64_t step) const {
  const auto after = request_.metric_before.upper_bound(step);
  return after == request_.metric_before.begin() ? std::nullopt : std::optional(std::prev(after)->second);
}

// What it says first is where it begins: it may go on from less than it was given.
void Transcript::look_at_start(const protocol::Started& started) {
  if (next_seq_ == 1) metric_ = metric_before(started.resumed_from);
  if (started.protocol != protocol::kProtocolVersion)
    broken_ = place_ + ": the program speaks trial protocol " + std::to_string(started.protocol) + ", not " +
              std::to_string(protocol::kProtocolVersion);
  else if (!started.trainer.empty() && !request_.trainer.empty() && started.trainer != request_.trainer)
    broken_ = place_ + ": the trainer calls itself " + printable_text(started.trainer, 100) + ", but the sweep is of " +
              request_.trainer;
}

void Transcript::look_at_values(const protocol::MetricValues& values) {
  if (!request_.document.metric) return;
  const auto found = values.values.find(request_.document.metric->name);
  if (found != values.values.end()) metric_ = found->second;
}

}  // namespace sweep
