// Where a result comes from: machine, libraries, compiler, git → JSON (the GPUs: gpus/). Called by dispatch/ once a
// sweep and by `sweep doctor`; what may change between attempts the trainer says in `started`. It records; nothing of
// it is part of an identity or of a CSV.
//
// No secrets: no dump of the environment, no git remote, no branch, no user name; of uncommitted changes only a digest.
// Errors: none. What cannot be found out is null.
#pragma once

#include <filesystem>

#include "core/json.h"

namespace sweep {

/// {"host", "machine", "build", "libraries", "git"}: once a sweep. Runs `git` in `working_folder`, for at most some
/// seconds. Files under `excluded` (the runs folder) are no part of the working folder's digest.
core::Json sweep_provenance(const std::filesystem::path& working_folder, const std::filesystem::path& excluded);

/// {"cpu": {"model", "flags", "cores"}, "memory_bytes", "os", "kernel", "arch"}. The flags are those that decide which
/// code runs (avx2, fma, avx512f …), sorted.
core::Json machine_provenance();

/// {"version", "git_commit", "compiler", "flags", "back_ends"} of this program.
core::Json build_provenance();

/// Versions of the libraries as they are loaded (headers' versions for those without a question to ask).
core::Json library_provenance();

/// {"commit", "dirty", "difference_sha256", "untracked"}: null outside a git working folder. The digest covers tracked
/// changes and untracked files that git does not ignore, by content; it is null where the folder is clean.
core::Json git_provenance(const std::filesystem::path& folder, const std::filesystem::path& excluded);

}  // namespace sweep
