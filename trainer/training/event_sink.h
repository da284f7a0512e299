// Where a trial's events go: a file or pipe of the controller's, standard output, or a list in a test. Numbers the
// events from 0. Callers: training/. It knows nothing of what the events mean.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "protocol/event.h"

namespace trainer {

/// Nobody reads the events any more: the trial has no reason to go on.
class ReaderGone : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes whole lines with their newlines.
using WriteLine = std::function<void(std::string_view)>;

class EventSink {
 public:
  /// `behind_the_last`: lines that go out together with `finished`, which is the last event of a trial.
  explicit EventSink(WriteLine write, std::string behind_the_last = {})
      : write_(std::move(write)), behind_the_last_(std::move(behind_the_last)) {}

  /// `extra`: fields that the event has beyond those of its kind. Errors: UserError where its line is longer than one
  /// may be: nobody could read it.
  template <class Body>
  void emit(Body body, core::Json extra = core::Json::object()) {
    protocol::Event event;
    event.seq = next_++;
    event.body = std::move(body);
    event.extra = std::move(extra);
    std::string lines = event.line();
    check_length(event, lines.size());
    lines += '\n';
    if (std::holds_alternative<protocol::Finished>(event.body)) lines += behind_the_last_;
    write_(lines);
  }

  /// The number of the next event.
  std::uint64_t next() const { return next_; }

 private:
  static void check_length(const protocol::Event& event, std::size_t bytes);

  WriteLine write_;
  std::string behind_the_last_;
  std::uint64_t next_ = 0;
};

/// Appends to `path`, each line in as few writes as the system allows; the descriptor lives as long as the function.
/// Errors: EnvironmentError where it cannot be opened or written; ReaderGone where a pipe has lost its reader (SIGPIPE
/// must be ignored by the program).
WriteLine append_to(const std::string& path);
WriteLine append_to_descriptor(int descriptor, const std::string& name);

}  // namespace trainer
