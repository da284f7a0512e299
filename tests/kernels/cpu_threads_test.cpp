// The worker threads of the CPU back end.
#include "kernels/cpu_threads.h"

#include <immintrin.h>

#include <array>

#include "tests/kernels/cpu_contexts.h"

using kernels::cpu::Threads;

TEST_CASE("every part runs once, whatever the number of threads") {
  for (int count : {1, 2, 3, 5}) {
    Threads threads(count);
    CHECK(threads.count() == count);
    for (int parts : {0, 1, 2, 3, 7, 64}) {
      std::array<std::atomic<int>, 64> runs{};
      threads.run(parts, [&](int part) { runs[static_cast<std::size_t>(part)].fetch_add(1); });
      for (int part = 0; part < 64; ++part) CHECK(runs[static_cast<std::size_t>(part)] == (part < parts ? 1 : 0));
    }
  }
}

TEST_CASE("what a part wrote is seen after the join") {
  Threads threads(3);
  std::array<int, 3> sums{};
  for (int round = 0; round < 1000; ++round) {
    threads.run(3, [&](int part) { sums[static_cast<std::size_t>(part)] += part + 1; });
    if (sums[0] != round + 1 || sums[1] != 2 * (round + 1) || sums[2] != 3 * (round + 1)) FAIL("round " << round);
  }
}

TEST_CASE("a part finds the scratch memory of its thread free") {
  Threads threads(2);
  std::array<std::atomic<bool>, 2> busy{};
  std::atomic<bool> shared = false;
  threads.run(64, [&](int part) {
    std::atomic<bool>& mine = busy[static_cast<std::size_t>(part % 2)];
    if (mine.exchange(true)) shared = true;
    mine = false;
  });
  CHECK_FALSE(shared.load());
}

TEST_CASE("every computing thread rounds to nearest and keeps denormals") {
  Threads threads(3);
  const unsigned before = _mm_getcsr();
  _mm_setcsr(0x1f80 | 0x8040 | 0x6000);  // flush, and round towards zero
  std::array<unsigned, 3> states{};
  threads.run(3, [&](int part) { states[static_cast<std::size_t>(part)] = _mm_getcsr(); });
  _mm_setcsr(before);
  for (unsigned state : states) CHECK((state & ~0x3fu) == 0x1f80);
}

TEST_CASE("losses and attention have the same bits whatever the rounding of the thread that calls them") {
  constexpr int kRows = 3;  // 1 / 3 and 1 / sqrt(3) are not the same downwards
  const kernels::AttentionShape shape{1, kRows, 1, kRows};
  const auto in = tests::random_floats(3 * kRows * kRows, 1);
  const std::vector<std::int32_t> labels{0, 2, 1};
  const auto written = [&](kernels::Context& context, unsigned mxcsr) {
    std::vector<std::vector<float>> all(7, std::vector<float>(3 * kRows * kRows));
    std::vector<std::int32_t> correct(kRows);
    const kernels::Backend& ops = kernels::cpu_backend();
    const unsigned before = _mm_getcsr();
    _mm_setcsr(mxcsr);
    ops.softmax_cross_entropy(context, all[0].data(), correct.data(), all[1].data(), in.data(), labels.data(), kRows,
                              kRows, 0.1f);
    ops.regression_loss(context, kernels::Regression::kAbsolute, all[2].data(), all[3].data(), in.data(),
                        in.data() + kRows, kRows);
    ops.attention(context, all[4].data(), all[5].data(), in.data(), shape);
    std::vector<float> scratch(kRows * kRows);
    ops.attention_backward(context, all[6].data(), scratch.data(), in.data(), in.data(), all[5].data(), shape);
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    CHECK((after & ~0x3fu) == (mxcsr & ~0x3fu));
    return all;
  };
  for (kernels::Context* context : tests::cpu_contexts()) {
    const auto expected = written(*context, 0x1f80);
    for (const unsigned mode : {0x2000u, 0x4000u, 0x6000u, 0x8040u}) {  // down, up, towards zero, flushing
      const auto found = written(*context, 0x1f80 | mode);
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(tests::first_difference(found[i], expected[i]) == "");
    }
  }
}

TEST_CASE("threads that never ran anything end") {
  for (int round = 0; round < 20; ++round) Threads threads(4);
}
