// See difference.h.
#include "sweep/provenance/difference.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <string_view>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr char kLeftOut[] = "[this line was left out: it holds what looks like a secret]";

// Where a line has the first or the last line of a private key, whatever stands around it; npos where it has not.
std::size_t border_of_key(std::string_view line, std::string_view border) {
  const std::size_t at = line.rfind(border);
  return at != line.npos && line.find("PRIVATE KEY", at) != line.npos ? at : line.npos;
}

// A full line from the middle of a key, where neither its first nor its last line is among those shown.
bool is_inside_key(std::string_view line) {
  static const RE2 full(R"([+\- ]?\s*["']?([A-Za-z0-9+/]{60,76})(?:\\n)?["']?\s*[,;+\\]?\s*)");
  static const RE2 upper("[A-Z]"), lower("[a-z]"), digit("[0-9]");
  std::string word;
  return RE2::FullMatch(line, full, &word) && RE2::PartialMatch(word, upper) && RE2::PartialMatch(word, lower) &&
         RE2::PartialMatch(word, digit);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool begins_file(std::string_view line) { return line.starts_with("diff --git "); }
bool begins_hunk(std::string_view line) { return line.starts_with("@@"); }

// "@@ -1,3 +1,4 @@" without the line behind it, which git takes from above the hunk: it may be one of a key.
std::string_view bare_hunk(std::string_view line) {
  const std::size_t end = line.find(" @@", 2);
  return end == line.npos ? line : line.substr(0, end + 3);
}

// Which lines of the changes are of a private key. A hunk that begins inside of one shows no first line of it, and one
// that ends inside of it no last: it reaches back to the hunk's begin, or on to the file's end.
std::vector<bool> lines_of_keys(const std::vector<std::string_view>& lines) {
  std::vector<bool> of_key(lines.size(), false);
  bool in_key = false;
  std::size_t hunk = 0;  // its first line
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (begins_file(line)) in_key = false;
    if (begins_file(line) || begins_hunk(line)) {
      hunk = i + 1;
      continue;
    }
    const std::size_t begin = border_of_key(line, "-----BEGIN "), end = border_of_key(line, "-----END ");
    if (end != line.npos && !in_key && line.find("-----BEGIN ") > end)
      std::fill(of_key.begin() + static_cast<std::ptrdiff_t>(hunk), of_key.begin() + static_cast<std::ptrdiff_t>(i),
                true);
    of_key[i] = in_key || begin != line.npos || end != line.npos || is_inside_key(line);
    if (begin != line.npos && (end == line.npos || begin > end))
      in_key = true;
    else if (line.find("-----END ") != line.npos)
      in_key = false;
  }
  return of_key;
}

// Takes lines until the cap is reached; the mark of a changed line ('+', '-', ' ') stays, so that the counts of its
// part of the difference hold.
class Writer {
 public:
  Writer(const Secrets& secrets, std::size_t most_bytes) : secrets_(secrets), most_bytes_(most_bytes) {}

  void add(std::string_view line, bool of_key = false) {
    if (kept_.cut) return;
    const bool is_secret = of_key || secrets_.in(line);
    const bool has_mark = !line.empty() && std::string_view("+- ").find(line[0]) != std::string_view::npos;
    std::string text = is_secret ? (has_mark ? std::string(1, line[0]) : "") + kLeftOut : std::string(line);
    if (kept_.text.size() + text.size() + 1 > most_bytes_) {
      kept_.cut = true;
      return;
    }
    if (is_secret) ++kept_.lines_left_out;
    kept_.text += text + "\n";
  }

  KeptDifference take() { return std::move(kept_); }

 private:
  const Secrets& secrets_;
  std::size_t most_bytes_;
  KeptDifference kept_;
};

}  // namespace

KeptDifference redact_difference(const Uncommitted& uncommitted, const Secrets& secrets, std::size_t most_bytes) {
  Writer writer(secrets, most_bytes);
  writer.add(fmt::format("untracked files: {}", uncommitted.untracked.size()));
  for (const std::string& line : uncommitted.untracked) writer.add(line);
  writer.add("changes:");
  const std::vector<std::string_view> changes = lines_of(uncommitted.changes);
  const std::vector<bool> of_key = lines_of_keys(changes);
  for (std::size_t i = 0; i < changes.size(); ++i)
    writer.add(begins_hunk(changes[i]) ? bare_hunk(changes[i]) : changes[i], of_key[i]);
  return writer.take();
}

Json keep_difference(const KeptDifference& difference, const fs::path& runs) {
  const std::string digest = core::sha256_hex(difference.text);
  const fs::path name = fs::path(protocol::kDifferencesFolder) / (digest + ".txt");
  if (!fs::exists(runs / name)) core::write_file_durably(runs / name, difference.text, 0644);
  return {{"file", name.string()},
          {"sha256", digest},
          {"bytes", difference.text.size()},
          {"lines_left_out", difference.lines_left_out},
          {"cut", difference.cut}};
}

std::string difference_problem(const Json& provenance, const fs::path& runs) {
  const Json::json_pointer place("/git/difference");
  if (!provenance.is_object() || !provenance.contains(place) || !provenance.at(place).is_object()) return {};
  const Json& kept = provenance.at(place);
  const fs::path file = runs / kept.value("file", "");
  const std::string recorded = kept.value("sha256", "");
  try {
    const std::string digest = core::sha256_file(file);
    return digest == recorded ? "" : fmt::format("{} has changed: its digest is {}", file.string(), digest);
  } catch (const core::UserError&) {
    return file.string() + " is gone or cannot be read";
  }
}

}  // namespace sweep
