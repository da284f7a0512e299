// The folder of the store, for `sweep doctor`; see doctor_findings.h.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>

#include "sweep/commands/doctor_findings.h"
#include "sweep/report/display.h"
#include "sweep/store/probe.h"
#include "sweep/store/store.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr double kGib = 1u << 30;
constexpr std::uint64_t kFewFiles = 10'000;  // a trial leaves a few files

// The runs folder, or the one in which it would be made.
fs::path place_of(const fs::path& runs) {
  fs::path folder = fs::absolute(runs);
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

bool can_be_written(const fs::path& folder) {
  std::string probe = (folder / "sweep-doctor-XXXXXX").string();
  const int file = ::mkstemp(probe.data());
  if (file < 0) return false;
  ::close(file);
  ::unlink(probe.c_str());
  return true;
}

// Commits of a store are written in milliseconds: two significant digits tell what is to be told.
std::string ms_text(double ms) { return fmt::format("{:.{}f} ms", ms, ms < 1 ? 3 : 1); }

}  // namespace

std::string file_system_name(long type) {
  struct Kind {
    unsigned long type;
    const char* name;
  };
  // Source: statfs(2), linux/magic.h.
  static constexpr std::array<Kind, 20> kKinds = {
      {{0xEF53, "ext4"},     {0x58465342, "xfs"},   {0x9123683E, "btrfs"},     {0x2FC12FC1, "zfs"},
       {0xF2F52010, "f2fs"}, {0x01021994, "tmpfs"}, {0x794C7630, "overlayfs"}, {0xCA451A4E, "bcachefs"},
       {0x6969, "nfs"},      {0x517B, "smb"},       {0xFE534D42, "smb2"},      {0xFF534D42, "cifs"},
       {0x01021997, "9p"},   {0x65735546, "fuse"},  {0x0BD00BD0, "lustre"},    {0x47504653, "gpfs"},
       {0x00C36400, "ceph"}, {0x5346414F, "afs"},   {0x19830326, "beegfs"},    {0xAAD7AAEA, "panfs"}}};
  const auto number = static_cast<unsigned long>(type) & 0xFFFFFFFFu;
  for (const Kind& kind : kKinds)
    if (kind.type == number) return kind.name;
  return fmt::format("file system 0x{:x}", number);
}

DoctorFinding disk_finding(const fs::path& runs) {
  const fs::path folder = place_of(runs);
  struct statfs system {};
  const bool known = ::statfs(folder.c_str(), &system) == 0;
  const bool writable = can_be_written(folder);
  DoctorFinding finding{"disk", writable, "", {{"folder", folder.string()}, {"free_bytes", nullptr}}};
  if (known) {
    const auto free_bytes = static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_bsize);
    const bool counts_files = system.f_files > 0;  // btrfs and others have no such limit
    const bool network = std::string(journal_mode(system.f_type)) != "wal";
    finding.text = fmt::format("{:.1f} GiB free", static_cast<double>(free_bytes) / kGib);
    if (counts_files) finding.text += fmt::format(", {} files", static_cast<std::uint64_t>(system.f_ffree));
    finding.text += fmt::format(", {}{}", file_system_name(system.f_type), network ? " (over a network)" : "");
    if (counts_files && system.f_ffree < kFewFiles) finding.good = false;
    finding.detail.update({{"free_bytes", free_bytes},
                           {"free_files", counts_files ? Json(static_cast<std::uint64_t>(system.f_ffree)) : Json()},
                           {"file_system", file_system_name(system.f_type)},
                           {"network", network}});
  } else {
    finding.text = "unknown";
  }
  finding.text += " at " + printable(folder.string()) + (writable ? "" : ", which cannot be written");
  return finding;
}

DoctorFinding store_finding(const fs::path& runs) {
  const StoreProbe probe = probe_store(place_of(runs));
  if (!probe.problem.empty())
    return {"store", false, "no store can be here: " + printable(probe.problem), {{"problem", probe.problem}}};
  return {"store",
          true,
          fmt::format("SQLite {}, journal mode {}; a commit takes {}, a durable one {} (medians of 21)", probe.sqlite,
                      probe.journal, ms_text(probe.commit_ms), ms_text(probe.durable_ms)),
          {{"sqlite", probe.sqlite},
           {"journal_mode", probe.journal},
           {"commit_ms", probe.commit_ms},
           {"durable_commit_ms", probe.durable_ms}}};
}

}  // namespace sweep
