// See git.h. Reads only: no lock is taken, no program of the folder's configuration is run, no remote is asked.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/utf8.h"
#include "sweep/provenance/git.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

// What an unborn branch is compared with: the tree without files, which every repository knows.
constexpr char kEmptyTree[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr char kNothing[] = "SWEEP_NOTHING";  // an empty variable, for --config-env: names of filters may hold a '='
constexpr std::uintmax_t kWholeFileBytes = 16u << 20;  // of larger untracked files only the size is looked at
constexpr std::size_t kMostUntracked = 10'000;         // more are counted, not read

std::optional<std::string> git(const fs::path& folder, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& settings = {}) {
  std::vector<std::string> command = {"env",
                                      std::string(kNothing) + "=",
                                      "git",
                                      "-C",
                                      folder.string(),
                                      "--no-optional-locks",
                                      "-c",
                                      "core.fsmonitor=false",
                                      "-c",
                                      "core.quotePath=false"};
  command.insert(command.end(), settings.begin(), settings.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto answer = program_output(command, std::chrono::seconds(20), 256u << 20);
  if (!answer || answer->code != 0) return std::nullopt;
  return answer->out;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return parts;
}

// Content of a file for the digest; never opens a pipe or a device.
std::string file_state(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(file, error);
  if (fs::is_symlink(status)) return "link " + fs::read_symlink(file, error).string();
  if (!fs::is_regular_file(status)) return "not a file";
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error || bytes > kWholeFileBytes) return "bytes " + std::to_string(bytes);
  try {
    return "sha256 " + core::sha256_file(file);
  } catch (const core::UserError&) {
    return "not readable";
  }
}

// Settings that turn off the programs which clean contents, of the configuration of a repository and of those in it:
// git looks into these too. What the user's own configuration names (git-lfs, for example) goes on.
std::vector<std::string> without_filters(const fs::path& top) {
  std::vector<std::string> settings;
  const auto configured =
      git(top, {"config", "--show-scope", "--null", "--name-only", "--get-regexp", "^filter\\..*\\.(clean|process)$"});
  const std::vector<std::string> words = split_at_nul(configured.value_or(""));  // scope, name, scope, name …
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i] == "system" || words[i] == "global") continue;
    const std::string filter = words[i + 1].substr(0, words[i + 1].rfind('.'));
    for (const char* key : {".clean", ".process", ".required"})
      settings.push_back("--config-env=" + filter + key + "=" + kNothing);
  }
  constexpr std::string_view kRepository = "160000 ";
  for (const std::string& entry : split_at_nul(git(top, {"ls-files", "--stage", "-z"}).value_or(""))) {
    const fs::path inner = top / entry.substr(entry.find('\t') + 1);
    std::error_code ignored;
    if (!entry.starts_with(kRepository) || !fs::exists(inner / ".git", ignored)) continue;
    const std::vector<std::string> more = without_filters(inner);
    settings.insert(settings.end(), more.begin(), more.end());
  }
  return settings;
}

std::optional<std::string> difference_from(const fs::path& top, const std::string& base, const char* form,
                                           const std::vector<std::string>& settings) {
  return git(top, {"diff", "--no-ext-diff", "--no-textconv", "--no-color", form, "--full-index", base}, settings);
}

// A name may hold anything but NUL.
std::string one_line(std::string name) {
  for (char& c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return name;
}

Json text(const std::string& bytes) { return core::valid_utf8(bytes); }

bool lies_in(const fs::path& file, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

}  // namespace

GitState read_git(const fs::path& folder, const fs::path& excluded, const Secrets& secrets) {
  const auto places = git(folder, {"rev-parse", "--show-toplevel", "--show-prefix"});
  if (!places) return {};
  const fs::path top = first_line(*places);
  const auto commit = git(top, {"rev-parse", "--verify", "--quiet", "HEAD"});
  const std::string base = commit ? "HEAD" : kEmptyTree;
  const std::vector<std::string> settings = without_filters(top);
  const auto changes = difference_from(top, base, "--binary", settings);
  const auto others = git(top, {"ls-files", "--others", "--exclude-standard", "-z"});
  const auto remote = git(top, {"config", "--get", "remote.origin.url"});
  GitState state;
  state.json = {{"commit", commit ? Json(first_line(*commit)) : Json()},
                {"dirty", nullptr},
                {"difference", nullptr},
                {"difference_sha256", nullptr},
                {"folder", text(secrets.redact(first_line(places->substr(top.string().size() + 1))))},
                {"remote", remote ? text(redacted_address(first_line(*remote), secrets)) : Json()},
                {"untracked", nullptr}};
  if (!changes || !others) return state;  // too large to look at

  std::error_code error;
  const fs::path left_out = excluded.empty() ? fs::path() : fs::weakly_canonical(excluded, error);
  core::Sha256 digest;
  digest.update(core::sha256_hex(*changes));
  std::size_t untracked = 0;
  for (const std::string& name : split_at_nul(*others)) {
    if (!left_out.empty() && lies_in(top / name, left_out)) continue;
    if (++untracked > kMostUntracked) continue;
    const std::string content = file_state(top / name);
    digest.update(std::string_view("\0", 1));
    digest.update(name);
    digest.update(std::string_view("\0", 1));
    digest.update(content);
    state.uncommitted.untracked.push_back(content + "  " + one_line(name));
  }
  const bool dirty = !changes->empty() || untracked > 0;
  state.json["dirty"] = dirty;
  state.json["untracked"] = untracked;
  if (!dirty) return state;
  state.json["difference_sha256"] = digest.hex();
  // Contents of binary files would hide from whoever looks for secrets.
  if (!changes->empty()) state.uncommitted.changes = difference_from(top, base, "--patch", settings).value_or("");
  return state;
}

}  // namespace sweep
