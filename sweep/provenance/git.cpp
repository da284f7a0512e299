// The state of the working folder as git knows it; see git_provenance() in provenance.h. Reads only: no lock is taken,
// no configured program is run, no remote is looked at.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "sweep/provenance/program_output.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

// What an unborn branch is compared with: the tree without files, which every repository knows.
constexpr char kEmptyTree[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr std::uintmax_t kWholeFileBytes = 16u << 20;  // of larger untracked files only the size is looked at
constexpr std::size_t kMostUntracked = 10'000;         // more are counted, not read

std::optional<std::string> git(const fs::path& folder, std::vector<std::string> arguments) {
  std::vector<std::string> command = {
      "git", "-C", folder.string(), "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"};
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

bool lies_in(const fs::path& file, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

}  // namespace

Json git_provenance(const fs::path& folder, const fs::path& excluded) {
  const auto top_line = git(folder, {"rev-parse", "--show-toplevel"});
  if (!top_line) return {};
  const fs::path top = first_line(*top_line);
  const auto commit = git(top, {"rev-parse", "--verify", "--quiet", "HEAD"});
  const auto changes = git(top, {"diff", "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "--full-index",
                                 commit ? "HEAD" : kEmptyTree});
  const auto others = git(top, {"ls-files", "--others", "--exclude-standard", "-z"});
  Json state = {{"commit", commit ? Json(first_line(*commit)) : Json()},
                {"dirty", nullptr},
                {"difference_sha256", nullptr},
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
    digest.update(std::string_view("\0", 1));
    digest.update(name);
    digest.update(std::string_view("\0", 1));
    digest.update(file_state(top / name));
  }
  const bool dirty = !changes->empty() || untracked > 0;
  state["dirty"] = dirty;
  state["untracked"] = untracked;
  if (dirty) state["difference_sha256"] = digest.hex();
  return state;
}

}  // namespace sweep
