// What the processes of an attempt hold in memory, and the limit of it. Where this process may make cgroups (version 2)
// the kernel keeps the limit, else resident memory is sampled from /proc. Used by local.cpp. It ends nobody: the kernel
// does, or the launcher that asks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace sweep {

/// A folder of the cgroup file system, for one attempt. Its limit holds for everything in it; where it is exceeded the
/// kernel kills all of it.
class AttemptCgroup {
 public:
  explicit AttemptCgroup(std::filesystem::path folder) : folder_(std::move(folder)) {}
  AttemptCgroup(AttemptCgroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  AttemptCgroup& operator=(AttemptCgroup&&) = delete;
  /// Kills what is left in it, and removes it.
  ~AttemptCgroup();

  /// The process and what it starts from now on. False where that cannot be done.
  bool take(pid_t pid) const;
  /// Whether the kernel killed for the limit.
  bool was_exceeded() const;
  /// The most that was held, where the kernel tells; else the limit.
  std::uint64_t most_bytes() const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// Where cgroups for attempts can be made.
class CgroupHome {
 public:
  /// The nearest folder from this process's own cgroup upwards in which memory is limited and a folder can be made;
  /// nothing where there is none, as on most machines without delegation. Removes there what controllers that are dead
  /// left behind.
  static std::optional<CgroupHome> find();
  /// The same from `own` up to `top`, which need not be a cgroup file system: for tests.
  static std::optional<CgroupHome> find(const std::filesystem::path& own, const std::filesystem::path& top);

  /// Nothing where the kernel refuses.
  std::optional<AttemptCgroup> make(std::uint64_t limit_bytes);
  const std::filesystem::path& folder() const { return folder_; }

 private:
  explicit CgroupHome(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void remove_stale() const;

  std::filesystem::path folder_;
  std::uint64_t made_ = 0;
};

/// Resident bytes of each of `groups` (marker → process group): of the processes of this user in that group, and of
/// those that carry the marker. Pages that processes share count once for each of them.
std::map<std::string, std::uint64_t> resident_bytes(const std::map<std::string, pid_t>& groups);

}  // namespace sweep
