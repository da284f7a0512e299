// A GPU's blocks on the host, for tests: kernels/launch.h includes this file where nvcc does not compile. It gives
// CUDA's words their meaning there: a thread is a fiber, __syncthreads and a shuffle are meetings of fibers, shared
// memory is fresh for each block and filled with NaNs, blocks and threads run one at a time in an order shuffled by a
// seed.
//
// It finds wrong indices, guards, barriers and orders of sums; under the thread sanitizer also races inside a block and
// between blocks (each fiber is a thread to it). It shows nothing of speed and of a GPU's memory model.
// A kernel that breaks the rules of meetings throws EmulatorError from launch(). One launch at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define SWEEP_SHARED(type, name)       \
  static const char name##_identity{}; \
  type& name = *static_cast<type*>(::emulator::shared_memory(&name##_identity, sizeof(type)))

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

/// Of the fiber that runs now.
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

/// The kernel broke a rule that hangs or corrupts a GPU: a barrier that not every thread reaches, a shuffle without the
/// whole warp. what() names threads and lines.
class EmulatorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where launches go: they run at once, or are handed to `keep`, as to a GPU's stream that is being captured.
struct Stream {
  const char* op;
  std::function<void(std::function<void()>)> keep{};
};

/// Far fewer than a GPU takes, so that small shapes make the kernels go by strides.
inline constexpr unsigned kMostBlocks = 4;

/// The order of blocks and threads in the launches that follow. 0: ascending.
void set_order(std::uint64_t seed);

/// Launches and meetings so far in this process, for tests of the emulator.
struct Counters {
  std::uint64_t launches, blocks, barriers, shuffles;
};
Counters counters();

using Site = std::source_location;

// What the words below stand on; not called by kernels.
void* shared_memory(const void* identity, std::size_t bytes);
void* launch_shared_memory();
void meet_block(Site site);
std::uint64_t meet_warp(std::uint64_t bits, unsigned mask, int source_lane, Site site);
int lane();
void run(dim3 grid, dim3 block, std::size_t shared_bytes, void (*kernel)(void*), void* arguments);

template <class T>
T exchange(T value, unsigned mask, int source_lane, Site site) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = meet_warp(bits, mask, source_lane, site);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(launch_shared_memory());
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, const Stream& stream,
            Arguments... arguments) {
  auto start = [=] {
    auto call = [&] { kernel(static_cast<Parameters>(arguments)...); };
    run(
        grid, block, shared_bytes, [](void* body) { (*static_cast<decltype(call)*>(body))(); }, &call);
  };
  if (stream.keep)
    stream.keep(std::move(start));
  else
    start();
}

}  // namespace emulator

inline void __syncthreads(emulator::Site site = emulator::Site::current()) { emulator::meet_block(site); }

template <class T>
T __shfl_sync(unsigned mask, T value, int source, emulator::Site site = emulator::Site::current()) {
  return emulator::exchange(value, mask, source & 31, site);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, emulator::Site site = emulator::Site::current()) {
  return emulator::exchange(value, mask, emulator::lane() ^ lane_mask, site);
}

/// Relaxed, as on the GPU: it orders nothing but itself.
inline unsigned long long atomicAdd(unsigned long long* address, unsigned long long value) {
  return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
