// Files under a folder, from git or by a walk; see list_files() in source_rules.h.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "protocol/files.h"
#include "sweep/program/source_rules.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 2'000'000;

// Relative paths, as git knows them: tracked, and untracked that it does not ignore. Nothing outside a work tree.
// The variables would lead it to another one; the settings keep it from running programs of the folder's configuration.
std::optional<std::vector<std::string>> git_list(const fs::path& folder) {
  const auto answer = program_output({"env",
                                      "-u",
                                      "GIT_DIR",
                                      "-u",
                                      "GIT_WORK_TREE",
                                      "-u",
                                      "GIT_INDEX_FILE",
                                      "git",
                                      "-C",
                                      folder.string(),
                                      "--no-optional-locks",
                                      "-c",
                                      "core.fsmonitor=false",
                                      "-c",
                                      "safe.directory=*",
                                      "ls-files",
                                      "-z",
                                      "--cached",
                                      "--others",
                                      "--exclude-standard"},
                                     std::chrono::seconds(60), 512u << 20);
  if (!answer || answer->code != 0) return std::nullopt;
  std::vector<std::string> paths;
  const std::string& text = answer->out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    paths.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

class Lister {
 public:
  Lister(fs::path root, const fs::path& excluded) : root_(std::move(root)), excluded_(excluded) {}

  std::vector<std::string> run() {
    list("");
    std::sort(files_.begin(), files_.end());
    files_.erase(std::unique(files_.begin(), files_.end()), files_.end());  // git lists a file in conflict three times
    return std::move(files_);
  }

 private:
  /// `prefix` is empty or ends with a slash; so below.
  void list(const std::string& prefix) {
    const fs::path folder = root_ / prefix;
    if (const auto listed = git_list(folder))
      take(prefix, *listed);
    else
      walk(prefix);
  }

  void take(const std::string& prefix, const std::vector<std::string>& listed) {
    std::set<std::string> environments;  // folders of Python's virtual environments
    for (const std::string& path : listed)
      if (path.ends_with("/pyvenv.cfg")) environments.insert(path.substr(0, path.size() - 10));
    for (const std::string& path : listed) {
      if (passes_skipped(path, environments) || is_excluded(prefix + path) || lies_in_ours(prefix + path)) continue;
      std::error_code error;
      // An untracked repository, or a submodule: git names the folder only.
      if (path.ends_with('/'))
        list(prefix + path);
      else if (fs::is_directory(fs::symlink_status(root_ / (prefix + path), error)))
        list(prefix + path + "/");
      else
        files_.push_back(prefix + path);
    }
  }

  void walk(const std::string& prefix) {
    std::error_code error;
    for (fs::directory_iterator entry(root_ / prefix, error), end; !error && entry != end; entry.increment(error)) {
      if (++entries_ > kMostEntries)
        throw core::UserError(root_.string(), "holds more than " + std::to_string(kMostEntries) + " files and folders",
                              "put the program into a folder of its own");
      const std::string name = entry->path().filename().string();
      std::error_code ignored;
      const fs::file_status status = entry->symlink_status(ignored);
      if (is_excluded(prefix + name)) continue;
      if (!fs::is_directory(status)) {
        files_.push_back(prefix + name);
      } else if (!is_skipped_folder(name) && !fs::exists(entry->path() / "pyvenv.cfg", ignored) &&
                 !is_ours(prefix + name)) {
        if (fs::exists(entry->path() / ".git", ignored))
          list(prefix + name + "/");
        else
          walk(prefix + name + "/");
      }
    }
  }

  /// Also of `./`, which git says of an empty submodule.
  static bool passes_skipped(std::string_view path, const std::set<std::string>& environments) {
    std::size_t begin = 0;
    for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', begin)) {
      if (is_skipped_folder(path.substr(begin, slash - begin))) return true;
      begin = slash + 1;
      if (environments.contains(std::string(path.substr(0, begin)))) return true;
    }
    return false;
  }

  bool is_ours(const std::string& folder) {
    const auto [found, is_new] = ours_.try_emplace(folder, false);
    if (is_new) found->second = holds_results(root_ / folder);
    return found->second;
  }
  bool lies_in_ours(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      if (is_ours(path.substr(0, slash))) return true;
    return false;
  }

  bool is_excluded(std::string_view path) const {
    if (excluded_.empty()) return false;
    const std::string excluded = excluded_.string();
    return path.starts_with(excluded) && (path.size() == excluded.size() || path[excluded.size()] == '/');
  }

  fs::path root_;
  fs::path excluded_;  // relative to the root; empty where it lies elsewhere
  std::vector<std::string> files_;
  std::map<std::string, bool> ours_;  // by relative folder
  std::size_t entries_ = 0;
};

}  // namespace

bool holds_results(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / protocol::kStoreFile, ignored) || fs::exists(folder / protocol::kExportFile, ignored);
}

std::vector<std::string> list_files(const fs::path& folder, const fs::path& excluded) {
  std::error_code error;
  const fs::path root = fs::weakly_canonical(folder, error);
  fs::path relative = excluded.empty() ? fs::path() : fs::weakly_canonical(excluded, error).lexically_relative(root);
  if (!relative.empty() && *relative.begin() == "..") relative.clear();
  if (relative == ".") return {};
  return Lister(root, relative).run();
}

}  // namespace sweep
