// What a report must be, to the letter. Used by the tests of this folder.
#pragma once

#include <string>

#include "core/files.h"

/// A file of golden/.
inline std::string golden(const std::string& name) {
  const std::string folder = SWEEP_SOURCE_DIR "/tests/sweep/report/golden/";  // one literal: GCC 12 warns of a sum here
  return core::read_file(folder + name);
}
