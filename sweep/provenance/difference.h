// What was not committed when a sweep began, kept as one file under runs/differences/: the list of untracked files and
// the changes, without lines that hold secrets and no longer than a cap. Called by provenance.cpp and `sweep verify`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/provenance/secrets.h"

namespace sweep {

inline constexpr std::size_t kMostDifferenceBytes = 1u << 20;

/// Where a difference comes from. None of it is redacted.
struct Uncommitted {
  std::string changes;                 ///< of `git diff`, without the contents of binary files
  std::vector<std::string> untracked;  ///< a line each: "sha256 … NAME"
};

/// The text of the file: a heading, a line for each untracked file, then the changes, as `git apply` takes them. In
/// place of a line that holds a secret stands one that says so; a private key is left out from its first line to its
/// last, whatever part of it a hunk shows, and so is what stands behind a hunk's place ("@@ … @@"). `lines_left_out`
/// and `cut` say what is missing.
struct KeptDifference {
  std::string text;
  std::uint64_t lines_left_out = 0;
  bool cut = false;
};
KeptDifference redact_difference(const Uncommitted& uncommitted, const Secrets& secrets,
                                 std::size_t most_bytes = kMostDifferenceBytes);

/// Writes it to runs/differences/<sha256>.txt and returns {"file", "sha256", "bytes", "lines_left_out", "cut"}; the
/// file's name is relative to `runs`. Errors: EnvironmentError.
core::Json keep_difference(const KeptDifference& difference, const std::filesystem::path& runs);

/// Why the kept file is not what `git.difference` of a provenance says, in words; empty where it is, or where there is
/// none.
std::string difference_problem(const core::Json& provenance, const std::filesystem::path& runs);

}  // namespace sweep
