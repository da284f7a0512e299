// The data set that a capsule's trial was trained on, found by its digest. Called by open.cpp. Reads only.
#pragma once

#include <filesystem>

#include "core/json.h"
#include "protocol/trial_document.h"

namespace sweep {

/// `recorded`: protocol::DataSource as JSON, without a path. Looked for in `inside` (the capsule's own files, where it
/// has some), else as --data `given` itself and by its name in that folder, and without --data by its name here, in
/// ./data and in $SWEEP_DATA. Errors: UserError with the digest that is needed, every place and what lies there.
protocol::DataSource find_needed_data(const core::Json& recorded, const std::filesystem::path& inside,
                                      const std::filesystem::path& given);

}  // namespace sweep
