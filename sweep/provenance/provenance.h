// Where a result comes from: machine, libraries, compiler, git → JSON (the GPUs: gpus/). Called by dispatch/ once a
// sweep and by `sweep doctor`; what may change between attempts the trainer says in `started`. It records; nothing of
// it is part of an identity or of a CSV.
//
// No secrets: nothing of the environment but the variables of protocol/numeric_variables.h, no user name, no branch;
// addresses, the command line, outputs and the kept difference are redacted (secrets.h).
// Errors: none. What cannot be found out is null.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/provenance/secrets.h"

namespace sweep {

struct ProvenanceRequest {
  std::filesystem::path working_folder;
  std::filesystem::path runs;             ///< gets the difference; no part of the working folder's own
  std::vector<std::string> secret_names;  ///< environment variables whose values are secrets, whatever they are called
};

/// {"host", "machine", "build", "libraries", "command_line", "variables", "git"}: once a sweep. Runs `git` in the
/// working folder, for at most some seconds. What the fields mean: fields.h.
core::Json sweep_provenance(const ProvenanceRequest& request);

/// The words of a command line without secrets; a value behind `--token` is one, too. The home folder becomes "~".
core::Json redacted_command(const std::vector<std::string>& words, const Secrets& secrets);

/// {"file", "bytes", "sha256"} of a program's file, links followed; null where it cannot be read.
core::Json executable_provenance(const std::filesystem::path& file);

/// {"cpu": {"model", "flags", "cores"}, "memory_bytes", "os", "kernel", "arch"}. The flags are those that decide which
/// code runs (avx2, fma, avx512f …), sorted.
core::Json machine_provenance();

/// {"version", "git_commit", "compiler", "flags", "back_ends"} of this program.
core::Json build_provenance();

/// Versions of the libraries as they are loaded (headers' versions for those without a question to ask).
core::Json library_provenance();

}  // namespace sweep
