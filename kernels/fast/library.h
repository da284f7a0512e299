// A shared library that is opened when it is first asked for, by name and then where CMake found it. Callers:
// cudnn.cpp, cublaslt.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/error.h"

namespace kernels::fast {

/// Stays open until the process ends: libraries of NVIDIA keep threads and handlers.
class Library {
 public:
  /// The first of `names` (a file's name, or a path) that can be opened. Errors: EnvironmentError with `title` and what
  /// the loader said.
  Library(std::string title, const std::vector<std::string>& names);

  /// Errors: EnvironmentError where the library has no such function.
  template <class Function>
  void find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::string title_;
  void* handle_ = nullptr;
};

/// "cudnn 9.19.0" of 91900: how both libraries count.
std::string version_text(const std::string& title, std::size_t number);

/// Whether `open`, which opens a library where it is not open yet, succeeds; else `why` is what it said.
template <class Open>
bool is_there(const Open& open, std::string& why) {
  try {
    (void)open();
    return true;
  } catch (const core::EnvironmentError& error) {
    why = error.what();
    return false;
  }
}

}  // namespace kernels::fast
