// See library.h.
#include "kernels/fast/library.h"

#include <dlfcn.h>

#include <utility>

#include "core/error.h"

namespace kernels::fast {

Library::Library(std::string title, const std::vector<std::string>& names) : title_(std::move(title)) {
  std::string why;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    handle_ = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    if (why.empty()) why = ::dlerror();
  }
  throw core::EnvironmentError(title_, "cannot be opened: " + why, "install it, or use numerics portable");
}

void* Library::symbol(const char* name) const {
  void* const found = ::dlsym(handle_, name);
  if (found == nullptr)
    throw core::EnvironmentError(title_, std::string("has no function ") + name,
                                 "install the version that this program was built for");
  return found;
}

std::string version_text(const std::string& title, std::size_t number) {
  return title + " " + std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

}  // namespace kernels::fast
