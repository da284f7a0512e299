// See known_digests.h.
#include "core/known_digests.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/utf8.h"

namespace core {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargeBytes = 1u << 20;
constexpr std::size_t kMostEntries = 10'000;

// Within one grain of a file's times a second change does not show. Where they have nanoseconds a grain is a tick of
// the kernel's clock, 10 ms at most; without, it is up to two seconds.
constexpr std::int64_t kFineGrain_ns = 100'000'000, kCoarseGrain_ns = 2'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

bool is_settled(const struct stat& state, const timespec& now) {
  const bool is_fine = state.st_mtim.tv_nsec != 0 && state.st_ctim.tv_nsec != 0;
  const std::int64_t newest = std::max(nanoseconds(state.st_mtim), nanoseconds(state.st_ctim));
  return nanoseconds(now) - newest > (is_fine ? kFineGrain_ns : kCoarseGrain_ns);
}

}  // namespace

bool KnownDigests::Look::same_file(const Look& other) const {
  return size == other.size && inode == other.inode && device == other.device && modified_ns == other.modified_ns &&
         changed_ns == other.changed_ns;
}

KnownDigests::KnownDigests(fs::path file) : file_(std::move(file)) {
  try {
    const Json all = parse_json(read_file(file_), file_.string());
    const Json& files = all.at("files");
    if (all.at("sha256") != sha256_hex(canonical_json(files))) return;
    for (const auto& [path, look] : files.items())
      looks_[path] = {look.at(0), look.at(1), look.at(2), look.at(3), look.at(4), look.at(5)};
  } catch (const UserError&) {
  } catch (const Json::exception&) {
    looks_.clear();
  }
}

std::string KnownDigests::of(const fs::path& file, std::uint64_t limit_bytes) {
  struct stat state {};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::string path = absolute_path(file).string();
  if (stat(path.c_str(), &state) != 0 || !S_ISREG(state.st_mode)) {
    looks_.erase(path);
    return sha256_file(file, limit_bytes);  // says what is wrong
  }
  Look look{static_cast<std::uint64_t>(state.st_size),
            state.st_ino,
            state.st_dev,
            nanoseconds(state.st_mtim),
            nanoseconds(state.st_ctim),
            {}};
  const auto known = looks_.find(path);
  if (known != looks_.end() && known->second.same_file(look) && look.size <= limit_bytes) return known->second.sha256;
  looks_.erase(path);
  look.sha256 = sha256_file(file, limit_bytes);
  if (is_settled(state, now)) {
    looks_[path] = look;
    is_new_ = is_new_ || look.size >= kLargeBytes;
  }
  return look.sha256;
}

void KnownDigests::save() {
  if (!is_new_ || file_.empty()) return;
  Json files = Json::object();
  for (const auto& [path, look] : looks_)
    if (look.size >= kLargeBytes && files.size() < kMostEntries && valid_utf8(path) == path)
      files[path] = {look.size, look.inode, look.device, look.modified_ns, look.changed_ns, look.sha256};
  const std::string digest = sha256_hex(canonical_json(files));
  try {
    write_file_durably(file_, canonical_json({{"files", std::move(files)}, {"sha256", digest}}) + "\n");
    is_new_ = false;
  } catch (const EnvironmentError&) {
  }
}

}  // namespace core
