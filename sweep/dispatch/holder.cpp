// See holder.h.
#include "sweep/dispatch/holder.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/json.h"

namespace sweep {
namespace {

using core::Json;

std::string first_line(const std::string& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

std::string link_target(const char* link) {
  std::array<char, 64> target{};
  const ssize_t size = ::readlink(link, target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : std::string();
}

}  // namespace

std::uint64_t start_of_process(pid_t pid) {
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  constexpr int kFieldsBefore = 19;  // from the third field to the one before the 22nd, starttime: proc(5)
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  std::uint64_t start = 0;
  fields >> start;
  return start;
}

Holder this_process() {
  return {::getpid(), start_of_process(::getpid()), host_name(), first_line("/proc/sys/kernel/random/boot_id"),
          link_target("/proc/self/ns/pid")};
}

bool Holder::is_reachable() const {
  const Holder here = this_process();
  return start != 0 && boot == here.boot && pid_space == here.pid_space;
}

std::string Holder::words() const {
  const std::string process = "process " + (pid > 0 ? std::to_string(pid) : "?");
  const Holder here = this_process();
  if (start == 0) return process;
  if (host != here.host) return process + " on host " + host;
  return pid_space == here.pid_space ? process : process + " in another container";
}

std::string Holder::text() const {
  return core::canonical_json(
             {{"pid", pid}, {"start", start}, {"host", host}, {"boot", boot}, {"pid_space", pid_space}}) +
         "\n";
}

std::optional<Holder> Holder::from_text(std::string_view text) {
  Json json;
  try {
    json = core::parse_json(text, "lock");
  } catch (const core::UserError&) {
    return std::nullopt;
  }
  Holder holder;
  if (json.is_number_unsigned()) {
    holder.pid = json.get<pid_t>();
    return holder;
  }
  const auto word = [&](const char* key) { return json.contains(key) && json.at(key).is_string(); };
  const auto number = [&](const char* key) { return json.contains(key) && json.at(key).is_number_integer(); };
  if (!json.is_object() || !number("pid") || !number("start") || !word("host") || !word("boot") || !word("pid_space"))
    return std::nullopt;
  return Holder{json.at("pid").get<pid_t>(), json.at("start").get<std::uint64_t>(), json.at("host"), json.at("boot"),
                json.at("pid_space")};
}

}  // namespace sweep
