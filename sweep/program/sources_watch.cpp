// SourcesWatch and the digests of inputs; see sources.h.
#include <algorithm>
#include <system_error>

#include "core/digest.h"
#include "sweep/program/source_rules.h"
#include "sweep/program/sources.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

// {relative path: sha256} of every file under a folder, except under .git and where trials left results: a run may not
// change what its next one is.
Json folder_contents(const fs::path& folder) {
  Json contents = Json::object();
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && (entry->path().filename() == ".git" || holds_results(entry->path())))
      entry.disable_recursion_pending();
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

std::string SourcesWatch::content(const SourceFile& file) {
  const fs::path path = folder_ / path_bytes(file.path);
  try {
    return known_.of(path);
  } catch (const core::UserError&) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) ? "unreadable" : "gone";
  }
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
