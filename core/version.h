// What this build is: printed by `--version` and recorded with every sweep and attempt.
#pragma once

#include <string_view>

namespace core {

struct Build {
  std::string_view version;     ///< the project's version
  std::string_view git_commit;  ///< 40 hex digits with "+dirty" where the tree was; "unknown" outside a checkout
  std::string_view compiler;    ///< name and version
  std::string_view flags;       ///< build type and the flags that decide arithmetic
  std::string_view back_ends;   ///< "cpu" or "cpu, cuda 13.0"
};

/// The build of this very program.
const Build& build();

}  // namespace core
