// The state of the working folder as git knows it. Called by provenance.cpp; it writes nothing.
#pragma once

#include <filesystem>

#include "core/json.h"
#include "sweep/provenance/difference.h"
#include "sweep/provenance/secrets.h"

namespace sweep {

struct GitState {
  /// {"commit", "dirty", "difference", "difference_sha256", "folder", "remote", "untracked"}; null outside a working
  /// folder of git. `difference_sha256` covers tracked changes and untracked files that git does not ignore, by
  /// content; it is null where the folder is clean. `difference` is null: who keeps the file fills it in.
  core::Json json;
  Uncommitted uncommitted;  ///< not redacted
};

/// Runs `git` in `folder`, for at most some seconds. Files under `excluded` do not count.
GitState read_git(const std::filesystem::path& folder, const std::filesystem::path& excluded, const Secrets& secrets);

}  // namespace sweep
