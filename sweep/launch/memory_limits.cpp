// See memory_limits.h.
#include "sweep/launch/memory_limits.h"

#include <signal.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>

#include "sweep/launch/strays.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr auto kSampleEvery = std::chrono::milliseconds(500);

}  // namespace

// One look at /proc serves all attempts.
struct MemoryLimits::Sampler : std::enable_shared_from_this<MemoryLimits::Sampler> {
  explicit Sampler(asio::any_io_executor executor) : timer(executor) {}

  asio::steady_timer timer;
  std::map<std::string, BySampling*> attempts;  // by marker
  bool waits = false;

  void wait();
  void look();
};

struct MemoryLimits::ByCgroup : MemoryLimit {
  ByCgroup(AttemptCgroup made, std::uint64_t limit) : cgroup(std::move(made)), limit_bytes(limit) {}

  std::optional<AttemptCgroup> cgroup;
  std::uint64_t limit_bytes;

  void settle() override {
    if (cgroup->was_exceeded()) over_ = OverMemory{limit_bytes, cgroup->most_bytes(), /*by_cgroup=*/true};
    cgroup.reset();
  }
};

struct MemoryLimits::BySampling : MemoryLimit {
  BySampling(std::shared_ptr<Sampler> of, std::string of_attempt, pid_t its_group, std::uint64_t limit)
      : sampler(std::move(of)), marker(std::move(of_attempt)), group(its_group), limit_bytes(limit) {
    sampler->attempts[marker] = this;
    sampler->wait();
  }
  ~BySampling() override { settle(); }

  std::shared_ptr<Sampler> sampler;
  std::string marker;
  pid_t group;
  std::uint64_t limit_bytes;

  void settle() override {
    sampler->attempts.erase(marker);
    if (sampler->attempts.empty()) sampler->timer.cancel();
  }

  void saw(std::uint64_t bytes) {
    if (over_ || bytes <= limit_bytes) return;
    over_ = OverMemory{limit_bytes, bytes, /*by_cgroup=*/false};
    ::kill(-group, SIGKILL);
    kill_carriers({marker});
  }
};

void MemoryLimits::Sampler::wait() {
  if (waits || attempts.empty()) return;
  waits = true;
  timer.expires_after(kSampleEvery);
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->waits = false;
    if (!error) self->look();
    self->wait();
  });
}

void MemoryLimits::Sampler::look() {
  std::map<std::string, pid_t> groups;
  for (const auto& [marker, attempt] : attempts) groups.emplace(marker, attempt->group);
  for (const auto& [marker, bytes] : resident_bytes(groups)) attempts.at(marker)->saw(bytes);
}

MemoryLimits::MemoryLimits(asio::any_io_executor executor) : executor_(std::move(executor)) {}

std::shared_ptr<MemoryLimit> MemoryLimits::keep(const std::string& marker, pid_t group, std::uint64_t limit_bytes) {
  if (!home_) home_ = CgroupHome::find();
  if (*home_) {
    std::optional<AttemptCgroup> cgroup = (*home_)->make(limit_bytes);
    if (cgroup && cgroup->take(group)) return std::make_shared<ByCgroup>(std::move(*cgroup), limit_bytes);
  }
  std::shared_ptr<Sampler> sampler = sampler_.lock();
  if (!sampler) sampler_ = sampler = std::make_shared<Sampler>(executor_);
  return std::make_shared<BySampling>(std::move(sampler), marker, group, limit_bytes);
}

}  // namespace sweep
