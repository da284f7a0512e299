// Memory and context of the emulated back end, and what launch.h asks of a context.
#include "tests/kernels/emulator/emulated_backend.h"

#include <stdlib.h>

#include <cstring>
#include <string>

#include "core/error.h"
#include "kernels/cuda_ops.h"
#include "kernels/recorded_calls.h"

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

  /// Of its own for each op, so that the address sanitizer sees its end; filled anew whenever the op is replayed.
  float* workspace(std::size_t bytes) {
    workspace_ = std::shared_ptr<void>(allocate_filled(bytes), Free());
    if (RecordedCalls* const recording = recorder.open())
      recording->add([memory = workspace_, bytes] { std::memset(memory.get(), 0xff, bytes); });
    return static_cast<float*>(workspace_.get());
  }

  void clear(void* memory, std::size_t bytes) {
    if (RecordedCalls* const recording = recorder.open())
      recording->add([=] { std::memset(memory, 0, bytes); });
    else if (bytes > 0)
      std::memset(memory, 0, bytes);
  }

  CallRecorder recorder;

 private:
  int multiprocessors_;
  std::shared_ptr<void> workspace_;
};

EmulatedContext& own(Context& context) {
  auto* const found = dynamic_cast<EmulatedContext*>(&context);
  core::check(found != nullptr, "an emulated op was given a context of another back end");
  return *found;
}

/// The context of what cannot be recorded.
void check_idle(Context& context) { own(context).recorder.check_idle(); }

void* allocate(Context& context, std::size_t bytes) {
  check_idle(context);
  return allocate_filled(bytes);
}
void release(Context&, void* memory) { ::free(memory); }
void copy(Context& context, void* to, const void* from, std::size_t bytes) {
  check_idle(context);
  if (bytes > 0) std::memcpy(to, from, bytes);
}
void set_zero(Context& context, void* memory, std::size_t bytes) { own(context).clear(memory, bytes); }
void synchronize(Context& context) { check_idle(context); }

void begin_recording(Context& context) { own(context).recorder.begin(); }
std::unique_ptr<Recording> end_recording(Context& context) { return own(context).recorder.end(); }
void replay(Context& context, const Recording& recording) { own(context).recorder.replay(recording); }

}  // namespace

Stream stream(Context& context, const char* op) {
  RecordedCalls* const recording = own(context).recorder.open();
  if (!recording) return {op};
  return {op, [recording](std::function<void()> launch) { recording->add(std::move(launch)); }};
}
float* workspace(Context& context, const char*, std::size_t bytes) { return own(context).workspace(bytes); }
void clear(Context& context, const char*, void* memory, std::size_t bytes) { own(context).clear(memory, bytes); }
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
      .begin_recording = emulated::begin_recording,
      .end_recording = emulated::end_recording,
      .replay = emulated::replay,
  });
  return table;
}

std::unique_ptr<Context> make_emulated_context(int multiprocessors) {
  return std::make_unique<emulated::EmulatedContext>(multiprocessors);
}

}  // namespace kernels
