// See difference.h.
#include "sweep/provenance/difference.h"

#include <fmt/format.h>

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

// Takes lines until the cap is reached; the mark of a changed line ('+', '-', ' ') stays, so that the counts of its
// part of the difference hold.
class Writer {
 public:
  Writer(const Secrets& secrets, std::size_t most_bytes) : secrets_(secrets), most_bytes_(most_bytes) {}

  void add(std::string_view line) {
    if (kept_.cut) return;
    const bool begins_key = line.find("-----BEGIN ") != line.npos && line.find("PRIVATE KEY") != line.npos;
    in_key_ = in_key_ || begins_key;
    const bool is_secret = in_key_ || secrets_.in(line);
    if (line.find("-----END ") != line.npos || line.starts_with("diff --git ")) in_key_ = false;
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
  bool in_key_ = false;
  KeptDifference kept_;
};

}  // namespace

KeptDifference redact_difference(const Uncommitted& uncommitted, const Secrets& secrets, std::size_t most_bytes) {
  Writer writer(secrets, most_bytes);
  writer.add(fmt::format("untracked files: {}", uncommitted.untracked.size()));
  for (const std::string& line : uncommitted.untracked) writer.add(line);
  writer.add("changes:");
  const std::string_view changes = uncommitted.changes;
  for (std::size_t at = 0; at < changes.size();) {
    const std::size_t end = std::min(changes.find('\n', at), changes.size());
    writer.add(changes.substr(at, end - at));
    at = end + 1;
  }
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
