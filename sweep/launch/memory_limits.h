// Keeps the memory limits of a launcher's attempts: by a cgroup each where that can be had (memory.h), else by sampling
// all of them twice a second and SIGKILL. Used by local.cpp.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>

#include "sweep/launch/launcher.h"
#include "sweep/launch/memory.h"

namespace sweep {

/// The limit of one attempt, from its start to its end.
class MemoryLimit {
 public:
  virtual ~MemoryLimit() = default;
  /// Nothing of the attempt lives any more: what is known of it is final, and what was made for it is removed.
  /// Requires: called once, before its process group's number is free again.
  virtual void settle() = 0;
  /// What was seen above the limit; nothing: it was kept.
  const std::optional<OverMemory>& over() const { return over_; }

 protected:
  std::optional<OverMemory> over_;
};

class MemoryLimits {
 public:
  explicit MemoryLimits(boost::asio::any_io_executor executor);

  /// Begins to keep the limit of a process that has just been started and leads its group.
  std::shared_ptr<MemoryLimit> keep(const std::string& marker, pid_t group, std::uint64_t limit_bytes);

 private:
  struct Sampler;
  struct ByCgroup;
  struct BySampling;

  boost::asio::any_io_executor executor_;
  std::optional<std::optional<CgroupHome>> home_;  ///< looked for when the first limit is to be kept
  std::weak_ptr<Sampler> sampler_;  ///< held by the attempts: a timer must not outlive the context, as a launcher does
};

}  // namespace sweep
