// A recording where there is no graph to make: the calls in a list. Callers: the CPU back end, which lists ops, and the
// tests' emulated one, which lists launches as a GPU's stream would.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/backends.h"

namespace kernels {

class RecordedCalls final : public Recording {
 public:
  void add(std::function<void()> call) { calls_.push_back(std::move(call)); }
  void run() const {
    for (const std::function<void()>& call : calls_) call();
  }

 private:
  std::vector<std::function<void()>> calls_;
};

/// What a context needs for it.
class CallRecorder {
 public:
  void begin() {
    check_idle();
    open_ = std::make_unique<RecordedCalls>();
  }
  std::unique_ptr<Recording> end() {
    core::check(open_ != nullptr, "the end of a recording that never began");
    return std::move(open_);
  }
  void replay(const Recording& recording) const {
    check_idle();
    const auto* const calls = dynamic_cast<const RecordedCalls*>(&recording);
    core::check(calls != nullptr, "a recording of another back end is replayed");
    calls->run();
  }

  /// Null where nothing is being recorded.
  RecordedCalls* open() const { return open_.get(); }
  /// Of what cannot be recorded: copies, memory, waiting.
  void check_idle() const { core::check(open_ == nullptr, "only ops and set_zero can be recorded"); }

 private:
  std::unique_ptr<RecordedCalls> open_;
};

}  // namespace kernels
