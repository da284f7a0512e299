// What this process may use, for `sweep doctor`; see doctor_findings.h.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "sweep/commands/doctor_findings.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr rlim_t kFewestFiles = 256;  // the controller holds some descriptors for itself and up to five a running trial

std::string limit_text(rlim_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }
Json limit_json(rlim_t limit) { return limit == RLIM_INFINITY ? Json() : Json(limit); }

std::string first_line(const fs::path& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

// The folder of this process' group; empty where cgroups are not there in version 2.
fs::path group_folder() {
  const fs::path root = "/sys/fs/cgroup";
  std::error_code ignored;
  if (!fs::exists(root / "cgroup.controllers", ignored)) return {};
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::")) return root / fs::path(line.substr(3)).relative_path();
  return {};
}

}  // namespace

DoctorFinding limits_finding() {
  rlimit files{}, processes{}, memory{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_NPROC, &processes);
  ::getrlimit(RLIMIT_AS, &memory);
  const bool good = files.rlim_cur >= kFewestFiles;
  std::string text =
      fmt::format("{} open files (at most {}), {} processes, {} bytes of address space", limit_text(files.rlim_cur),
                  limit_text(files.rlim_max), limit_text(processes.rlim_cur), limit_text(memory.rlim_cur));
  if (!good) text += fmt::format("; fewer than {} files: `ulimit -n {}` before a sweep", kFewestFiles, kFewestFiles);
  return {"limits",
          good,
          text,
          {{"open_files", limit_json(files.rlim_cur)},
           {"open_files_hard", limit_json(files.rlim_max)},
           {"processes", limit_json(processes.rlim_cur)},
           {"address_space", limit_json(memory.rlim_cur)}}};
}

DoctorFinding cgroup_finding() {
  const fs::path folder = group_folder();
  if (folder.empty()) return {"cgroup", true, "no cgroups of version 2: nothing bounds a trial's memory", nullptr};
  const std::string controllers = first_line(folder / "cgroup.controllers");
  const bool delegated = ::access(folder.c_str(), W_OK) == 0 &&
                         ::access((folder / "cgroup.procs").c_str(), W_OK) == 0 &&
                         ::access((folder / "cgroup.subtree_control").c_str(), W_OK) == 0;
  Json detail = {{"folder", folder.string()}, {"delegated", delegated}, {"controllers", Json::array()}};
  std::istringstream words(controllers);
  for (std::string word; words >> word;) detail["controllers"].push_back(word);
  std::string bounds;
  for (const char* name : {"memory.max", "pids.max", "cpu.max"}) {
    const std::string bound = first_line(folder / name);
    if (bound.empty() || bound.starts_with("max")) continue;  // none, or the root's group, which has no such file
    bounds += fmt::format(", {} {}", name, bound);
    detail[name] = bound;
  }
  return {"cgroup", true,
          fmt::format("version 2, {}; controllers: {}{}",
                      delegated ? "delegated: trials may have groups of their own" : "not delegated to this user",
                      controllers.empty() ? "none" : printable(controllers), printable(bounds)),
          detail};
}

}  // namespace sweep
