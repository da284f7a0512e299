// What a trainer says: one JSON object a line on SWEEP_EVENTS. Read by dispatch/, written by trainer/, folded by study/
// and compared by replay/. Unknown events and fields are kept, not refused.
//
// Python's NaN and Infinity without quotes are read as well. Numbers of a metric are exact: finite doubles in canonical
// form, the others as "NaN", "Infinity", "-Infinity".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/json.h"
#include "protocol/outcome.h"

namespace protocol {

inline constexpr std::size_t kMaxEventBytes = 64 * 1024;  ///< one line, its newline not counted

inline constexpr std::uint64_t kMaxStep = 0x7fffffffffffffff;  ///< of steps, epochs and seq
inline constexpr int kMaxEventDepth = 64;                      ///< of lists and objects

struct Started {
  int protocol = 1;
  std::string trainer;             ///< its identity, as in the trial id
  std::uint64_t resumed_from = 0;  ///< step of the checkpoint it goes on from; 0 for the beginning
  core::Json environment = core::Json::object();
};

struct MetricValues {
  std::uint64_t step = 0;
  std::optional<std::uint64_t> epoch;
  std::map<std::string, double> values;
};

/// Fingerprints of the steps from … to, both included (the state after each step; steps count from 1).
struct Trace {
  std::uint64_t from = 1;
  std::uint64_t to = 0;
  std::vector<std::string> tensors;    ///< names, in the trainer's order
  std::vector<std::uint64_t> weights;  ///< (to − from + 1) × tensors, a row a step
  std::vector<std::uint64_t> batch;    ///< (to − from + 1): of the sample indices of each step's batch

  std::uint64_t steps() const { return to - from + 1; }
};

struct Checkpoint {
  std::uint64_t step = 0;
  std::string kind;  ///< "last" or "best"
  std::string file;  ///< name inside SWEEP_CHECKPOINT_DIR, no path
  std::string sha256;
};

struct Finished {
  Outcome outcome = Outcome::kCompleted;  ///< completed, diverged or pruned ("stopped")
  std::string weights_sha256;
  std::uint64_t step = 0;
};

/// An event this version does not know: kept as it came.
struct OtherEvent {
  std::string name;
};

struct Event {
  std::uint64_t seq = 0;
  std::variant<Started, MetricValues, Trace, Checkpoint, Finished, OtherEvent> body;
  core::Json extra = core::Json::object();  ///< fields that this version does not know

  /// One line of canonical JSON, without the newline. parse(line()) gives the same event, to the bit.
  std::string line() const;
  /// Errors: UserError whose problem quotes at most 120 bytes of the line; `place` names the attempt.
  static Event parse(std::string_view line, std::string_view place);
};

/// The name on the line: "started", "metric", "trace", "checkpoint", "finished", or the unknown one.
std::string_view event_name(const Event& event);

/// How many steps of `tensors` tensors whose names are short fit into one trace event's line; at least 1.
std::uint64_t trace_steps_per_line(std::size_t tensors);

/// How many of its steps, from the first, the line of a trace event of this number holds; at least 1.
std::uint64_t steps_that_fit(const Trace& trace, std::uint64_t seq);

/// Base64 (RFC 4648, padded) of the numbers, each as 8 bytes, lowest first; and back. Errors: UserError.
std::string pack_u64(const std::vector<std::uint64_t>& numbers);
std::vector<std::uint64_t> unpack_u64(std::string_view text, std::string_view place);

}  // namespace protocol
