// Memory and context of the emulated back end, and what launch.h asks of a context.
#include "tests/kernels/emulator/emulated_backend.h"

#include <stdlib.h>

#include <cstring>
#include <string>

#include "core/error.h"
#include "kernels/cuda_ops.h"

namespace kernels {
namespace emulated {
namespace {

struct Free {
  void operator()(void* memory) const { ::free(memory); }
};

void* allocate_filled(std::size_t bytes) {
  void* memory = nullptr;
  core::check(::posix_memalign(&memory, 64, bytes > 0 ? bytes : 1) == 0, "the test has no memory left");
  std::memset(memory, 0xff, bytes);
  return memory;
}

class EmulatedContext final : public Context {
 public:
  explicit EmulatedContext(int multiprocessors) : multiprocessors_(multiprocessors) {}
  std::string describe() const override {
    return "block emulator, " + std::to_string(multiprocessors_) + " multiprocessors";
  }
  int multiprocessors() const { return multiprocessors_; }
  float* workspace(std::size_t bytes) {
    workspace_.reset(allocate_filled(bytes));
    return static_cast<float*>(workspace_.get());
  }

 private:
  int multiprocessors_;
  std::unique_ptr<void, Free> workspace_;
};

EmulatedContext& own(Context& context) {
  auto* const found = dynamic_cast<EmulatedContext*>(&context);
  core::check(found != nullptr, "an emulated op was given a context of another back end");
  return *found;
}

void* allocate(Context&, std::size_t bytes) { return allocate_filled(bytes); }
void release(Context&, void* memory) { ::free(memory); }
void copy(Context&, void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}
void set_zero(Context&, void* memory, std::size_t bytes) {
  if (bytes > 0) std::memset(memory, 0, bytes);
}
void synchronize(Context&) {}

}  // namespace

Stream stream(Context& context, const char* op) {
  (void)own(context);
  return {op};
}
float* workspace(Context& context, const char*, std::size_t bytes) { return own(context).workspace(bytes); }
void clear(Context& context, const char*, void* memory, std::size_t bytes) { set_zero(context, memory, bytes); }
int multiprocessors(Context& context) { return own(context).multiprocessors(); }

}  // namespace emulated

const Backend& emulated_backend() {
  static const Backend table = emulated::with_ops({
      .name = "emulated",
      .allocate = emulated::allocate,
      .release = emulated::release,
      .copy_to_device = emulated::copy,
      .copy_to_host = emulated::copy,
      .set_zero = emulated::set_zero,
      .synchronize = emulated::synchronize,
  });
  return table;
}

std::unique_ptr<Context> make_emulated_context(int multiprocessors) {
  return std::make_unique<emulated::EmulatedContext>(multiprocessors);
}

}  // namespace kernels
