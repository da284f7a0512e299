// Runs a piece of Python in a test: the one process that the tests of this room start. A machine without python3 skips.
#pragma once

#include <map>
#include <string>
#include <vector>

struct PythonResult {
  int code = 0;       ///< exit code, or 128 + the signal
  std::string out;    ///< standard output
  std::string error;  ///< standard error
};

/// python3 with `script` as its source and `arguments` behind it, in an environment that holds PATH and `environment`
/// and nothing else. Calls skip() where there is no python3.
PythonResult run_python(const std::string& script, const std::vector<std::string>& arguments = {},
                        const std::map<std::string, std::string>& environment = {});
