// Memory that knows what it is for.
#include "kernels/backends.h"

namespace kernels {

void* allocate_for(const Backend& backend, Context& context, std::size_t bytes, std::string_view what) {
  try {
    return backend.allocate(context, bytes);
  } catch (const OutOfMemory& error) {
    if (what.empty()) throw;
    throw OutOfMemory(std::string(what) + ": " + error.what());
  }
}

}  // namespace kernels
