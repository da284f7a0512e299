// The GPU slots of one controller: taken from other sweeps by a lock, and given to a trial only after a look that began
// when the lock was already held and that found the GPU free, of strangers and of what the last trial left. Owned by
// LocalLauncher. Passive: it asks for looks and is told their answers; gpu_watch.h makes them. Without looks the lock
// alone decides.
//
// A slot's lock is held while its trial runs and for the time of a look, not while its GPU is waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweep/gpus/gpu_use.h"
#include "sweep/gpus/gpus.h"
#include "sweep/launch/launcher.h"
#include "sweep/launch/start.h"

namespace sweep {

class GpuSlots {
 public:
  struct Looks {
    std::function<std::uint64_t()> ask;  ///< gives the number of a look that begins after this call; they ascend
    std::function<double()> now_s;
    std::function<void(const std::string&)> note;  ///< a line for people
  };

  explicit GpuSlots(const std::vector<Slot>& slots);

  /// How the GPUs are called in messages.
  void set_gpus(std::vector<Gpu> gpus) { gpus_ = std::move(gpus); }
  void set_looks(Looks looks) { looks_ = std::move(looks); }

  /// As Launcher says. False as well while a look is under way; its answer is worth another call.
  bool acquire(const Slot& slot);
  void release(const Slot& slot);
  SlotWait why_not(const Slot& slot) const;

  /// The answer to look `number`.
  void looked(std::uint64_t number, GpuAnswer answer);
  /// Frees what was looked at and then not asked for again. To be called a second after an answer.
  void drop_unclaimed();

 private:
  struct Place {
    Descriptor lock;
    bool runs = false;
    std::uint64_t look = 0;  ///< the one that counts; 0: none was asked for
    double again_s = 0;      ///< not before is it tried again
    SlotWait wait;
  };

  bool looks_now() const { return looks_.ask && looks_.now_s() >= blind_until_s_; }
  bool claim(const Slot& slot, Place& place);
  GpuObjection judge(const Slot& slot);
  GpuTenants tenants(const std::string& gpu) const;
  void give_up_waiting(const Slot& slot, double now_s);
  void put_off(const Slot& slot, Place& place, const GpuObjection& objection);
  std::string name_of(const std::string& gpu) const;

  std::map<std::string, int> shares_;  ///< by GPU: how many slots it has here
  std::vector<Gpu> gpus_;
  Looks looks_;
  std::map<std::string, Place> places_;       ///< by slot name
  std::map<std::string, double> ended_s_;     ///< by GPU: when its last trial of ours ended, while that matters
  std::map<std::string, double> mib_before_;  ///< by GPU: in use when it was last found free
  std::map<std::string, std::string> left_;   ///< by GPU: what its last trial has left there
  std::uint64_t answered_ = 0;
  GpuAnswer answer_;
  bool failure_was_told_ = false;
  double blind_until_s_ = 0;  ///< after a look that failed there is none for a while: it may have taken seconds
};

}  // namespace sweep
