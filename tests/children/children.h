// Where the children are.
#pragma once

#include <string>

inline std::string child(const std::string& name) {
  std::string path = SWEEP_BINARY_DIR "/tests/children/";
  return path.append(name);
}
