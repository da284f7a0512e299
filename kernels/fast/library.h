// A shared library that is opened when it is first asked for, by name and then where CMake found it. Callers:
// cudnn.cpp, cublaslt.cpp.
#pragma once

#include <string>
#include <vector>

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

}  // namespace kernels::fast
