// What a context keeps of its memory between two trials, and when it lets it go.
#include "kernels/kept_memory.h"

#include <cstring>
#include <set>
#include <vector>

#include "kernels/backends.h"
#include "tests/catch.h"

namespace {

/// Blocks that are only names: places in an array.
struct Blocks {
  std::vector<char> places = std::vector<char>(16);
  std::vector<int> freed{};
  kernels::KeptMemory kept{[this](void* block) { freed.push_back(number(block)); }};

  void* block(int i) { return &places[static_cast<std::size_t>(i)]; }
  int number(void* block) { return static_cast<int>(static_cast<char*>(block) - places.data()); }

  /// Block i of `bytes` is made, used and released.
  void use(int i, std::size_t bytes) {
    kept.lend(block(i), bytes);
    kept.give_back(block(i));
  }
};

}  // namespace

TEST_CASE("memory is kept only once that is asked for") {
  Blocks blocks;
  blocks.use(1, 100);
  CHECK(blocks.freed == std::vector{1});
  CHECK(blocks.kept.take(100) == nullptr);
  blocks.kept.lend(blocks.block(2), 100);
  blocks.kept.keep();
  blocks.kept.give_back(blocks.block(2));  // made before: its size is not known
  CHECK(blocks.freed == std::vector{1, 2});
}

TEST_CASE("a request gets the smallest spare block that holds it, and none that it would waste") {
  Blocks blocks;
  blocks.kept.keep();
  blocks.use(1, 100000);
  blocks.use(2, 110000);
  blocks.use(3, 400000);
  CHECK(blocks.kept.take(400001) == nullptr);
  CHECK(blocks.kept.take(200000) == nullptr);
  CHECK(blocks.kept.take(100001) == blocks.block(2));
  CHECK(blocks.kept.take(100001) == nullptr);
  CHECK(blocks.kept.take(90000) == blocks.block(1));
  blocks.kept.give_back(blocks.block(2));
  CHECK(blocks.kept.take(110000) == blocks.block(2));  // a smaller request has not made it smaller
  CHECK(blocks.freed.empty());
}

TEST_CASE("a spare block that a whole trial did not use goes, and all go when they must") {
  Blocks blocks;
  blocks.kept.keep();
  blocks.use(1, 100000);
  blocks.use(2, 200000);
  blocks.kept.drop_unused();
  CHECK(blocks.freed.empty());
  CHECK(blocks.kept.take(200000) == blocks.block(2));
  blocks.kept.give_back(blocks.block(2));
  blocks.kept.drop_unused();
  CHECK(blocks.freed == std::vector{1});
  CHECK(blocks.kept.drop_all());
  CHECK(blocks.freed == std::vector{1, 2});
  CHECK_FALSE(blocks.kept.drop_all());
}

TEST_CASE("no more is kept than the limit") {
  Blocks blocks;
  blocks.kept.keep();
  blocks.use(1, kernels::KeptMemory::kMostBytes);
  blocks.use(2, 1);
  CHECK(blocks.freed == std::vector{2});
  CHECK(blocks.kept.take(kernels::KeptMemory::kMostBytes) == blocks.block(1));
  blocks.use(3, 1);
  CHECK(blocks.freed == std::vector{2});
}

TEST_CASE("a context of the CPU gives a block out again, and rather gives up what it keeps than fail") {
  const auto context = kernels::make_cpu_context(1);
  const kernels::Backend& ops = kernels::cpu_backend();
  kernels::KeptMemory& kept = *context->kept_memory();
  kept.keep();
  void* const first = ops.allocate(*context, 1 << 20);
  std::memset(first, 0xff, 1 << 20);
  ops.release(*context, first);
  void* const again = ops.allocate(*context, 1 << 20);
  CHECK(again == first);
  ops.release(*context, again);
  CHECK_THROWS_AS(ops.allocate(*context, std::size_t{1} << 60), kernels::OutOfMemory);
  CHECK_FALSE(kept.drop_all());
}
