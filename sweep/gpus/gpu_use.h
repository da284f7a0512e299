// Whether a GPU is free for a trial, judged from what nvidia-smi shows. Pure. Called by launch/ before each trial, and
// by dispatch/ before a sweep that refuses GPUs which others use.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "sweep/gpus/gpus.h"

namespace sweep {

/// What becomes of a GPU that somebody else uses: the sweep waits for it, uses it all the same, or does not begin.
enum class BusyGpus { kWait, kUse, kRefuse };

/// More memory in use than this, by nobody's visible process, is somebody's; what a driver and a desktop need is less.
inline constexpr double kIdleMib = 1024;
/// An ended trial's memory is free where so little more is in use than before it started.
inline constexpr double kSlackMib = 64;

/// What sweeps do on the GPU at the moment of the look.
struct GpuTenants {
  std::set<int> controllers;      ///< pids of those whose trials run there, this one's included where one of its does
  bool trial_just_ended = false;  ///< one of this controller's: its memory may take a while
  std::optional<double> mib_before_it{};  ///< in use on the GPU before that trial started, where it was alone there
};

/// Why no trial may start. `text` is empty where one may.
struct GpuObjection {
  std::string who;       ///< stays the same while it is the same one that is waited for: a pid, or "memory"
  std::string text;      ///< "python (pid 4711) holds 12.3 GiB"
  bool is_ours = false;  ///< what is left of the trial that just ended; it goes by itself
};

/// `look`: an answer of ask_gpus(). Of a process that nvidia-smi shows on a GPU in MIG mode, but on none of its
/// instances, it cannot be said where it is: it stands in nobody's way.
GpuObjection judge_use(const std::string& uuid, const GpuAnswer& look, const GpuTenants& tenants);

}  // namespace sweep
