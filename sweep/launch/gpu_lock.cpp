// See gpu_lock.h. Names: "sweep-slot/UUID/NUMBER/OF/PID" of a slot; "sweep-gpu/UUID" while somebody takes one, so that
// looking and taking are one step.
#include "sweep/launch/gpu_lock.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>

#include "core/error.h"

namespace sweep {
namespace {

constexpr char kSlotPrefix[] = "sweep-slot/";
constexpr char kGpuPrefix[] = "sweep-gpu/";
constexpr int kTries = 100;  // at the other's step, which takes well under a millisecond
constexpr unsigned kBetweenTriesUs = 50;

// Not open: another process has the name.
Descriptor bind_name(const std::string& name) {
  Descriptor lock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  core::check(name.size() + 1 < sizeof address.sun_path, "a slot's name is too long");
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (lock.is_open() && ::bind(lock.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) return lock;
  if (lock.is_open() && errno == EADDRINUSE) return {};
  throw core::EnvironmentError("the lock of a GPU slot", std::string("cannot be made: ") + std::strerror(errno));
}

// Cuts the number behind the last slash off.
std::optional<int> take_number(std::string& text) {
  const std::size_t slash = text.rfind('/');
  int number = 0;
  if (slash == text.npos) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  text.resize(slash);
  return number;
}

std::optional<SlotHolder> read_name(std::string name) {
  const auto pid = take_number(name), of = take_number(name), number = take_number(name);
  if (!pid || !of || !number || *of < 1) return std::nullopt;
  return SlotHolder{std::move(name), *number, *of, *pid};
}

// The pid of who stands in the way of one more share; 0: nobody.
int who_is_in_the_way(const std::vector<SlotHolder>& holders, const std::string& gpu, int number, int of) {
  double shares = 1.0 / of;
  int other = 0;
  for (const SlotHolder& holder : holders) {
    if (holder.gpu != gpu) continue;
    if (holder.number == number) return holder.pid;
    shares += 1.0 / holder.of;
    if (other == 0 || other == ::getpid()) other = holder.pid;
  }
  return shares > 1 + 1e-9 ? other : 0;  // thrice a third is one
}

}  // namespace

std::vector<SlotHolder> slot_holders() {
  std::ifstream file("/proc/net/unix");
  if (!file) throw core::EnvironmentError("/proc/net/unix", "cannot be read, and tells who has which GPU slot");
  std::vector<SlotHolder> holders;
  const std::string mark = std::string(" @") + kSlotPrefix;
  for (std::string line; std::getline(file, line);)
    if (const std::size_t at = line.find(mark); at != line.npos)
      if (auto holder = read_name(line.substr(at + mark.size()))) holders.push_back(std::move(*holder));
  return holders;
}

SlotClaim claim_slot(const std::string& gpu, int number, int of) {
  Descriptor step;
  for (int i = 0; i < kTries && !step.is_open(); ++i) {
    if (i > 0) ::usleep(kBetweenTriesUs);
    step = bind_name(kGpuPrefix + gpu);
  }
  if (!step.is_open()) return {};
  if (const int holder = who_is_in_the_way(slot_holders(), gpu, number, of)) return {{}, holder};
  const std::string end = "/" + std::to_string(number) + "/" + std::to_string(of) + "/" + std::to_string(::getpid());
  return {bind_name(kSlotPrefix + gpu + end), 0};
}

}  // namespace sweep
