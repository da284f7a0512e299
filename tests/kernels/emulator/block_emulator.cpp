// The scheduler of the block emulator. Compiled without the thread sanitizer's instrumentation (CMakeLists.txt): to it
// the fibers are threads, which meet only where this file says so with __tsan_release and __tsan_acquire.
#include "block_emulator.h"

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <cstdlib>
#include <memory>
#include <vector>

#include "fiber_sanitizers.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {
namespace {

namespace context = boost::context;

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kMostSharedBytes = 227 * 1024;  ///< of one block on a GPU of compute capability 9.0
constexpr int kWarp = 32;
constexpr std::uint32_t kNanPattern = 0xffc0dead;

enum class State { kReady, kAtBarrier, kAtShuffle, kDone };

/// Ends a fiber whose launch failed.
struct Abandoned {};

/// A meeting place. Two generations, so that what is published for the next one cannot leak into this one.
struct Meeting {
  int arrived = 0;
  unsigned generation = 0;
  char published[2] = {};
  Site first = Site::current();  ///< where the first one waits
};

struct SharedVariable {
  const void* identity;
  void* memory;
  std::size_t bytes;
};

/// One block. Kept until its launch ends, so that no address serves two blocks: a race between blocks stays visible.
struct Block {
  Meeting barrier;
  std::vector<Meeting> warps;
  std::vector<SharedVariable> shared;
  std::size_t shared_bytes = 0;
};

struct Fiber {
  context::fiber context;
  const char* stack_bottom = nullptr;
  dim3 index;
  int linear = 0;
  State state = State::kDone;
  Site site = Site::current();
  std::uint64_t offered[2] = {};  ///< to the other lanes of its warp, by the meeting's generation
  void* asan_stack = nullptr;
  void* tsan = nullptr;
};

struct Scheduler {
  context::fiber loop;  ///< the scheduler itself, while a fiber runs
  const void* stack_bottom = nullptr;
  std::size_t stack_bytes = 0;
  void* asan_stack = nullptr;
  void* tsan = nullptr;
  /// Block b runs on the fibers of b mod 3: to the thread sanitizer neighbouring blocks have no thread in common.
  std::vector<std::unique_ptr<Fiber>> pools[3];
  std::vector<std::unique_ptr<Fiber>> fibers;  ///< of this block, out of its pool meanwhile
  Fiber* current = nullptr;
  std::vector<std::unique_ptr<Block>> blocks;  ///< of this launch
  Block* block = nullptr;
  int threads = 0;  ///< of a block
  std::size_t launch_shared_bytes = 0;
  void (*kernel)(void*) = nullptr;
  void* arguments = nullptr;
  char launch_start = 0, launch_end = 0;
  bool abandoned = false;
  std::string error;
  std::uint64_t seed = 0;
  Counters counters{};
};

Scheduler& scheduler() {
  static Scheduler& instance = *new Scheduler;  // never destroyed: its fibers end with the process
  return instance;
}

/// splitmix64: the order of blocks and threads is no number of a trial.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

std::vector<int> shuffled(int count, std::uint64_t seed) {
  std::vector<int> order(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  if (seed == 0) return order;
  for (int i = count - 1; i > 0; --i) {
    const auto other = static_cast<std::size_t>(next_random(seed) % static_cast<std::uint64_t>(i + 1));
    std::swap(order[static_cast<std::size_t>(i)], order[other]);
  }
  return order;
}

dim3 unfold(unsigned linear, dim3 shape) {
  return dim3(linear % shape.x, linear / shape.x % shape.y, linear / (shape.x * shape.y));
}

std::string describe(const Fiber& fiber) {
  const dim3 at = fiber.index;
  std::string text =
      "thread (" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) + ")";
  if (fiber.state == State::kDone) return text + " has ended";
  const char* name =
      fiber.state == State::kAtShuffle ? " waits for its warp at line " : " waits at the barrier of line ";
  return text + name + std::to_string(fiber.site.line());
}

/// Back to the scheduler until it resumes this fiber.
void suspend(Fiber& fiber) {
  Scheduler& s = scheduler();
  Sanitizers::become(s.tsan);
  Sanitizers::leave_stack(&fiber.asan_stack, s.stack_bottom, s.stack_bytes);
  s.loop = std::move(s.loop).resume();
  Sanitizers::enter_stack(fiber.asan_stack, &s.stack_bottom, &s.stack_bytes);
  if (s.abandoned) throw Abandoned{};
}

/// Runs `fiber` until it waits or ends.
void resume(Fiber& fiber) {
  Scheduler& s = scheduler();
  s.current = &fiber;
  threadIdx = fiber.index;
  Sanitizers::leave_stack(&s.asan_stack, fiber.stack_bottom, kStackBytes);
  Sanitizers::become(fiber.tsan);
  fiber.context = std::move(fiber.context).resume();
  Sanitizers::enter_stack(s.asan_stack, nullptr, nullptr);
}

/// What each fiber does for ever: one thread of a block after another.
void live(Fiber& fiber) {
  Scheduler& s = scheduler();
  Sanitizers::enter_stack(nullptr, &s.stack_bottom, &s.stack_bytes);
  for (;;) {
    Sanitizers::observe(&s.launch_start);
    try {
      if (!s.abandoned) s.kernel(s.arguments);
    } catch (const Abandoned&) {
    }
    Sanitizers::publish(&s.launch_end);
    fiber.state = State::kDone;
    try {
      suspend(fiber);
    } catch (const Abandoned&) {
    }
  }
}

/// A stack that tells where it lies.
struct Stack {
  context::fixedsize_stack allocator{kStackBytes};
  Fiber* owner;
  context::stack_context allocate() {
    const context::stack_context made = allocator.allocate();
    owner->stack_bottom = static_cast<const char*>(made.sp) - made.size;
    return made;
  }
  void deallocate(context::stack_context& made) { allocator.deallocate(made); }
};

void make_fibers(int count) {
  Scheduler& s = scheduler();
  while (s.fibers.size() < static_cast<std::size_t>(count)) {
    auto fiber = std::make_unique<Fiber>();
    Fiber& made = *fiber;
    made.linear = static_cast<int>(s.fibers.size());
    made.tsan = Sanitizers::new_thread();
    made.context = context::fiber(std::allocator_arg, Stack{.owner = &made}, [&made](context::fiber&& loop) {
      scheduler().loop = std::move(loop);
      live(made);
      return std::move(scheduler().loop);
    });
    s.fibers.push_back(std::move(fiber));
  }
}

/// Fills without memset, which the sanitizers would count as this fiber's write.
void fill_with_nans(void* memory, std::size_t bytes) {
  auto* words = static_cast<volatile std::uint32_t*>(memory);
  for (std::size_t i = 0; i < bytes / sizeof(std::uint32_t); ++i) words[i] = kNanPattern;
}

void free_blocks() {
  for (const auto& block : scheduler().blocks) {
    for (const SharedVariable& variable : block->shared) std::free(variable.memory);
  }
  scheduler().blocks.clear();
}

void open_meeting(Meeting& meeting) {
  meeting.arrived = 0;
  ++meeting.generation;
}

/// Lets everyone go whose meeting is complete. Returns whether anyone may run.
bool release_complete_meetings() {
  Scheduler& s = scheduler();
  for (std::size_t warp = 0; warp < s.block->warps.size(); ++warp) {
    if (s.block->warps[warp].arrived != kWarp) continue;
    open_meeting(s.block->warps[warp]);
    for (int i = 0; i < kWarp; ++i) s.fibers[warp * kWarp + static_cast<std::size_t>(i)]->state = State::kReady;
  }
  if (s.block->barrier.arrived == s.threads) {
    open_meeting(s.block->barrier);
    for (int i = 0; i < s.threads; ++i) s.fibers[static_cast<std::size_t>(i)]->state = State::kReady;
  }
  for (int i = 0; i < s.threads; ++i) {
    if (s.fibers[static_cast<std::size_t>(i)]->state == State::kReady) return true;
  }
  return false;
}

/// Two threads of the block in different places, for the message.
std::string describe_deadlock() {
  Scheduler& s = scheduler();
  const Fiber* waiting = nullptr;
  for (int i = 0; i < s.threads && waiting == nullptr; ++i) {
    if (s.fibers[static_cast<std::size_t>(i)]->state != State::kDone)
      waiting = s.fibers[static_cast<std::size_t>(i)].get();
  }
  for (int i = 0; i < s.threads; ++i) {
    const Fiber& other = *s.fibers[static_cast<std::size_t>(i)];
    if (other.state != waiting->state) return describe(*waiting) + ", " + describe(other);
  }
  return describe(*waiting) + " for ever";
}

void abandon(const std::string& error) {
  Scheduler& s = scheduler();
  if (s.error.empty()) s.error = error;
  s.abandoned = true;
  for (int i = 0; i < s.threads; ++i) {
    Fiber& fiber = *s.fibers[static_cast<std::size_t>(i)];
    if (fiber.state != State::kDone) resume(fiber);
  }
  s.abandoned = false;
}

void run_block(std::uint64_t seed) {
  Scheduler& s = scheduler();
  s.blocks.push_back(std::make_unique<Block>());
  s.block = s.blocks.back().get();
  s.block->warps.resize(static_cast<std::size_t>(s.threads / kWarp));
  std::vector<std::unique_ptr<Fiber>>& pool = s.pools[s.blocks.size() % 3];
  s.fibers.swap(pool);
  make_fibers(s.threads);
  for (int i = 0; i < s.threads; ++i) {
    Fiber& fiber = *s.fibers[static_cast<std::size_t>(i)];
    fiber.index = unfold(static_cast<unsigned>(i), blockDim);
    fiber.state = State::kReady;
  }
  const std::vector<int> order = shuffled(s.threads, seed);
  do {
    for (const int i : order) {
      Fiber& fiber = *s.fibers[static_cast<std::size_t>(i)];
      if (fiber.state == State::kReady) resume(fiber);
      if (!s.error.empty()) break;
    }
  } while (s.error.empty() && release_complete_meetings());
  if (!s.error.empty()) Sanitizers::observe(&s.launch_end);
  const bool all_done = std::all_of(s.fibers.begin(), s.fibers.begin() + s.threads,
                                    [](const auto& fiber) { return fiber->state == State::kDone; });
  if (!all_done) abandon(s.error.empty() ? describe_deadlock() : s.error);
  s.fibers.swap(pool);
  ++s.counters.blocks;
}

/// Ends the launch from inside a fiber.
void fail(const std::string& error) {
  Scheduler& s = scheduler();
  s.error = error;
  Sanitizers::publish(&s.launch_end);
  suspend(*s.current);
}

/// This fiber has arrived: waits until the meeting is complete.
void meet(Meeting& meeting, State state, Site site) {
  Fiber& fiber = *scheduler().current;
  char& place = meeting.published[meeting.generation % 2];
  Sanitizers::publish(&place);
  if (meeting.arrived++ == 0) meeting.first = site;
  fiber.state = state;
  fiber.site = site;
  if (meeting.first.line() != site.line()) {
    fail(describe(fiber) + ", another at line " + std::to_string(meeting.first.line()));
  }
  suspend(fiber);
  Sanitizers::observe(&place);
}

}  // namespace

void set_order(std::uint64_t seed) { scheduler().seed = seed; }

Counters counters() { return scheduler().counters; }

int lane() { return scheduler().current->linear % kWarp; }

void* shared_memory(const void* identity, std::size_t bytes) {
  Scheduler& s = scheduler();
  Fiber& fiber = *s.current;
  const auto& variables = s.block->shared;
  auto found = std::find_if(variables.begin(), variables.end(),
                            [&](const SharedVariable& variable) { return variable.identity == identity; });
  if (found == variables.end()) {
    // In the scheduler's name: to the thread sanitizer the memory belongs to no fiber of the block.
    Sanitizers::become(s.tsan);
    void* memory = nullptr;
    if (::posix_memalign(&memory, 128, std::max<std::size_t>(bytes, 1)) != 0) std::abort();
    fill_with_nans(memory, bytes);
    s.block->shared.push_back({identity, memory, bytes});
    s.block->shared_bytes += bytes;
    Sanitizers::publish(memory);
    Sanitizers::become(fiber.tsan);
    if (s.block->shared_bytes > kMostSharedBytes) {
      fail("the block uses " + std::to_string(s.block->shared_bytes) + " bytes of shared memory, a GPU has " +
           std::to_string(kMostSharedBytes));
    }
    found = s.block->shared.end() - 1;
  }
  Sanitizers::observe(found->memory);
  return found->memory;
}

void* launch_shared_memory() { return shared_memory(&scheduler(), scheduler().launch_shared_bytes); }

void meet_block(Site site) {
  Scheduler& s = scheduler();
  if (s.block->barrier.arrived == 0) ++s.counters.barriers;
  meet(s.block->barrier, State::kAtBarrier, site);
}

std::uint64_t meet_warp(std::uint64_t bits, unsigned mask, int source_lane, Site site) {
  Scheduler& s = scheduler();
  Fiber& fiber = *s.current;
  if (mask != 0xffffffffu) fail("a shuffle names only some lanes of the warp at line " + std::to_string(site.line()));
  if (s.threads % kWarp != 0) fail("a shuffle in a block of " + std::to_string(s.threads) + " threads, no whole warps");
  const std::size_t warp = static_cast<std::size_t>(fiber.linear / kWarp);
  Meeting& meeting = s.block->warps[warp];
  const unsigned slot = meeting.generation % 2;
  if (meeting.arrived == 0) ++s.counters.shuffles;
  fiber.offered[slot] = bits;
  meet(meeting, State::kAtShuffle, site);
  return s.fibers[warp * kWarp + static_cast<std::size_t>(source_lane)]->offered[slot];
}

void run(dim3 grid, dim3 block, std::size_t shared_bytes, void (*kernel)(void*), void* arguments) {
  Scheduler& s = scheduler();
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > 1024 || grid.y > 65535 || grid.z > 65535) {
    throw EmulatorError("no GPU launches " + std::to_string(threads) + " threads a block in this grid");
  }
  const int count = static_cast<int>(grid.x * grid.y * grid.z);
  s.threads = static_cast<int>(threads);
  s.launch_shared_bytes = shared_bytes;
  s.kernel = kernel;
  s.arguments = arguments;
  s.error.clear();
  s.tsan = Sanitizers::this_thread();
  gridDim = grid;
  blockDim = block;
  Sanitizers::publish(&s.launch_start);
  std::uint64_t state = s.seed;
  for (const int linear : shuffled(count, s.seed)) {
    blockIdx = unfold(static_cast<unsigned>(linear), grid);
    run_block(s.seed == 0 ? 0 : next_random(state));
    if (!s.error.empty()) break;
  }
  Sanitizers::observe(&s.launch_end);
  free_blocks();
  ++s.counters.launches;
  if (!s.error.empty()) throw EmulatorError(s.error);
}

}  // namespace emulator
