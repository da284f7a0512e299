// What one attempt said, line by line: events as far as they are what the protocol says, and what a program that knows
// nothing of it printed, as metric events of their own. Used by life.cpp.
//
// What is printed counts until the first valid event: from then on the program speaks for itself, and what it printed
// before is discarded (study/ does the same with what was recorded).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/launch/launcher.h"
#include "sweep/program/printed_metrics.h"

namespace sweep {

class Transcript {
 public:
  /// Requires: `request` outlives it.
  explicit Transcript(const AttemptRequest& request);

  /// The events in `written`, up to the first line that is broken.
  std::vector<protocol::Event> read(const Written& written);

  /// What is wrong with the first broken line, in words; empty for none.
  const std::string& broken() const { return broken_; }
  /// Whether an event came that the program itself sent.
  bool said_anything() const { return next_seq_ > 0; }
  const std::optional<protocol::Outcome>& finished() const { return finished_; }
  bool finished_as(protocol::Outcome outcome) const { return finished_ == outcome; }
  /// The sweep's metric, as it was last given.
  const std::optional<double>& metric() const { return metric_; }
  /// Requires: the document names a metric.
  std::string why_no_metric() const;

 private:
  std::optional<double> metric_before(std::uint64_t step) const;
  void read_printed(const std::string& line, std::vector<protocol::Event>& events);
  void look_at(const protocol::Event& event);
  void look_at_start(const protocol::Started& started);
  void look_at_values(const protocol::MetricValues& values);

  const AttemptRequest& request_;
  std::string place_;
  std::uint64_t next_seq_ = 0;
  std::optional<PrintedMetrics> printed_;  ///< nothing where what is printed is not read
  std::uint64_t next_printed_ = 0;
  std::string broken_;
  std::optional<protocol::Outcome> finished_;
  std::optional<double> metric_;
};

/// `text` for a message: what is not printable UTF-8 becomes a question mark, and it is cut at `limit` bytes.
std::string printable_text(std::string_view text, std::size_t limit);

}  // namespace sweep
