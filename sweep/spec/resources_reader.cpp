// See resources_reader.h.
#include "sweep/spec/resources_reader.h"

#include <fmt/format.h>

#include <array>

namespace sweep {
namespace {

constexpr std::array kKeys = {
    Key{"slots_per_gpu"}, Key{"threads"},   Key{"timeout_s"},    Key{"stall_timeout_s"}, Key{"grace_s"},
    Key{"retries"},       Key{"memory_mb"}, Key{"max_failures"}, Key{"reuse_process"},
};

constexpr std::uint64_t kMostThreads = 1024;  // far above any machine; catches a misplaced number
constexpr std::uint64_t kMostSlotsOfAGpu = 64;
constexpr std::uint64_t kMostRetries = 1000;
constexpr std::uint64_t kMostMemoryMb = std::uint64_t{1} << 30;  // a pebibyte: its bytes fit into 64 bits
constexpr double kMostSeconds = 1e8;                             // three years: what a clock counts in nanoseconds

// Above zero, unless `may_be_zero`.
std::optional<double> seconds(Reading& reading, const Member& member, bool may_be_zero) {
  const core::Json& value = member.value.scalar;
  const double number = value.is_number() ? value.get<double>() : -1;
  if ((number > 0 || (may_be_zero && number == 0)) && number <= kMostSeconds) return number;
  reading.error(member.value.mark,
                fmt::format("'{}' must be a number of seconds, {} and at most {}, is {}", member.key,
                            may_be_zero ? "0 or more" : "more than 0", kMostSeconds, member.value.describe()));
  return std::nullopt;
}

}  // namespace

Resources read_resources(Reading& reading, const Member& member, bool has_program) {
  Resources resources;
  if (!reading.expect_object(member)) return resources;
  const Node& block = member.value;
  reading.check_keys(block, kKeys, "in 'resources'");
  if (const Member* slots = block.find("slots_per_gpu"))
    resources.slots_per_gpu = static_cast<int>(reading.count(*slots, 1, kMostSlotsOfAGpu).value_or(1));
  if (const Member* threads = block.find("threads"))
    resources.threads = static_cast<int>(reading.count(*threads, 1, kMostThreads).value_or(1));
  if (const Member* timeout = block.find("timeout_s")) resources.timeout_s = seconds(reading, *timeout, false);
  if (const Member* stall = block.find("stall_timeout_s")) resources.stall_timeout_s = seconds(reading, *stall, false);
  if (const Member* grace = block.find("grace_s"))
    resources.grace_s = seconds(reading, *grace, true).value_or(resources.grace_s);
  if (const Member* retries = block.find("retries"))
    resources.retries = static_cast<std::uint32_t>(reading.count(*retries, 0, kMostRetries).value_or(1));
  if (const Member* failures = block.find("max_failures")) resources.max_failures = reading.count(*failures, 1);
  if (const Member* memory = block.find("memory_mb")) resources.memory_mb = reading.count(*memory, 1, kMostMemoryMb);
  if (const Member* reuse = block.find("reuse_process"))
    resources.reuse_process = reading.truth(*reuse).value_or(false);
  if (resources.reuse_process && has_program)
    reading.error(block.find("reuse_process")->value.mark,
                  "'reuse_process' is for the built-in trainer, and the file names a program", "remove one of the two");
  return resources;
}

}  // namespace sweep
