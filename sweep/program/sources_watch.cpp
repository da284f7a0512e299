// SourcesWatch and the digests of inputs; see sources.h.
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <system_error>

#include "core/digest.h"
#include "sweep/program/sources.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

// Within one grain of a file's times a second change does not show. Where they have nanoseconds a grain is a tick of
// the kernel's clock, 10 ms at most; without, it is up to two seconds.
constexpr std::int64_t kFineGrain_ns = 100'000'000, kCoarseGrain_ns = 2'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

bool is_settled(const struct stat& state, const timespec& now) {
  const bool is_fine = state.st_mtim.tv_nsec != 0 && state.st_ctim.tv_nsec != 0;
  const std::int64_t newest = std::max(nanoseconds(state.st_mtim), nanoseconds(state.st_ctim));
  return nanoseconds(now) - newest > (is_fine ? kFineGrain_ns : kCoarseGrain_ns);
}

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

std::string content_or_unreadable(const fs::path& file) {
  try {
    return core::sha256_file(file);
  } catch (const core::UserError&) {
    return "unreadable";
  }
}

// {relative path: sha256} of every file under a folder, except under .git.
Json folder_contents(const fs::path& folder) {
  Json contents = Json::object();
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().filename() == ".git" && entry->is_directory(ignored)) entry.disable_recursion_pending();
    if (!entry->is_regular_file(ignored)) continue;
    contents[path_text(entry->path().lexically_relative(folder).string())] = core::sha256_file(entry->path());
  }
  if (error) throw core::UserError(folder.string(), "cannot be read: " + error.message());
  return contents;
}

}  // namespace

SourcesWatch::SourcesWatch(std::vector<SourceFile> recorded, fs::path folder)
    : recorded_(std::move(recorded)), folder_(std::move(folder)) {}

std::vector<std::string> SourcesWatch::changed() {
  std::vector<std::string> paths;
  for (const SourceFile& file : recorded_)
    if (content(file) != file.sha256) paths.push_back(file.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The digest of a file as it is now, from the last look where nothing of its state differs.
const std::string& SourcesWatch::content(const SourceFile& file) {
  const fs::path path = folder_ / path_bytes(file.path);
  Look& last = looks_[file.path];
  struct stat now {};
  timespec clock{};
  clock_gettime(CLOCK_REALTIME, &clock);
  if (stat(path.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) {
    last = {};
    last.sha256 = "gone";
    return last.sha256;
  }
  if (last.settled && last.size == static_cast<std::uint64_t>(now.st_size) && last.inode == now.st_ino &&
      last.device == now.st_dev && same(last.modified, now.st_mtim) && same(last.changed, now.st_ctim))
    return last.sha256;
  last = {static_cast<std::uint64_t>(now.st_size),
          now.st_ino,
          now.st_dev,
          now.st_mtim,
          now.st_ctim,
          is_settled(now, clock),
          content_or_unreadable(path)};
  return last.sha256;
}

std::vector<std::string> changed_sources(const std::vector<SourceFile>& recorded, const fs::path& folder) {
  return SourcesWatch(recorded, folder).changed();
}

Json input_digests(const std::vector<std::string>& inputs, const fs::path& folder) {
  Json digests = Json::object();
  std::vector<core::Problem> problems;
  for (const std::string& input : inputs) {
    const fs::path path = folder / input;
    std::error_code error;
    try {
      if (fs::is_directory(path, error)) {
        digests[path_text(input)] = core::sha256_hex(core::canonical_json(folder_contents(path)));
      } else if (fs::is_regular_file(path, error)) {
        digests[path_text(input)] = core::sha256_file(path);
      } else {
        problems.push_back({"inputs",
                            "no file or folder '" + input + "' in '" + folder.string() + "'",
                            "paths of inputs are relative to the sweep file",
                            {}});
      }
    } catch (const core::UserError& unreadable) {
      problems.insert(problems.end(), unreadable.problems().begin(), unreadable.problems().end());
    }
  }
  if (!problems.empty()) throw core::UserError(std::move(problems));
  return digests;
}

}  // namespace sweep
