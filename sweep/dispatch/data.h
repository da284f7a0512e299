// Where the data set of a sweep lies, and its digest. Called by prepare.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/known_digests.h"
#include "protocol/trial_document.h"
#include "sweep/store/store.h"

namespace sweep {

/// The data set that `name` means, read by `options`, with its digest: builtin:NAME, or a path, tried as it stands
/// where it is absolute, else beside the sweep file, in ./data and in $SWEEP_DATA, in this order. Errors: UserError
/// that lists the places. Files that `known` has seen as they are now are not read: the trainer reads every byte
/// anyway.
protocol::DataSource find_data(const std::string& name, const protocol::DataOptions& options,
                               const std::filesystem::path& sweep_file, core::KnownDigests& known);

/// Data of a recorded sweep: where it was, else where a name is looked for; the digest decides. Errors: UserError with
/// both digests where it has changed.
std::optional<protocol::DataSource> find_recorded_data(const SweepRecord& record, core::KnownDigests& known);

}  // namespace sweep
