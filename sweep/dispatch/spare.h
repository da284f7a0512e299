// Work for slots that no trial wants: what `sweep run --audit` and `sweep replay --all` do there
// (replay/replay_work.h). The loop starts it, takes the slot back as soon as a trial could use it, and records nothing
// of it. Knows no replay.
#pragma once

#include <functional>

#include "sweep/dispatch/attempt.h"
#include "sweep/launch/launcher.h"
#include "sweep/study/study.h"

namespace sweep {

/// One attempt that is no trial's.
struct SpareJob {
  AttemptRequest request;  ///< device and GPU are the slot's
  OnEvents on_events;
  /// Called once, when it has ended. `taken_back`: the loop stopped it before its end, and it may be offered again.
  std::function<void(const AttemptResult&, bool taken_back)> on_end;
};

class SpareWork {
 public:
  virtual ~SpareWork() = default;

  /// Whether there is something to do in this slot now. `last`: nothing else runs, and no other slot took any.
  virtual bool wants(const Study& study, const Slot& slot, bool last) = 0;
  /// That work. Requires: wants() said so just now. Everything that the study says is durable.
  virtual SpareJob take(const Study& study, const Slot& slot, bool last) = 0;
};

}  // namespace sweep
