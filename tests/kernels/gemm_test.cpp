// gemm of the CPU back end, on every instruction set and number of threads, against the dot rule as a plain loop.
#include <immintrin.h>

#include <cmath>

#include "tests/kernels/cpu_contexts.h"

using kernels::Transpose;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;

namespace {

struct Problem {
  Transpose transpose;
  int m, n, k;
  std::vector<float> a, b;
};

const char* name(Transpose transpose) {
  return transpose == Transpose::kNN ? "NN" : transpose == Transpose::kNT ? "NT" : "TN";
}

/// The dot rule, word for word.
std::vector<float> expected_product(const Problem& problem) {
  const auto [transpose, m, n, k, a, b] = problem;
  std::vector<float> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      float total = 0.0f, group = 0.0f, chunk = 0.0f;
      for (int p = 0; p < k; ++p) {
        const float left = a[static_cast<std::size_t>(transpose == Transpose::kTN ? p * m + i : i * k + p)];
        const float right = b[static_cast<std::size_t>(transpose == Transpose::kNT ? j * k + p : p * n + j)];
        chunk = std::fma(left, right, chunk);
        const bool chunk_ends = p + 1 == k || (p + 1) % 256 == 0;
        const bool group_ends = p + 1 == k || (p + 1) % 4096 == 0;
        if (chunk_ends) group = group + chunk, chunk = 0.0f;
        if (group_ends) total = total + group, group = 0.0f;
      }
      c[static_cast<std::size_t>(i * n + j)] = total;
    }
  }
  return c;
}

std::vector<float> product(kernels::Context& context, const Problem& problem) {
  const Array<float> a(problem.a), b(problem.b);
  Array<float> c(static_cast<std::size_t>(problem.m) * static_cast<std::size_t>(problem.n));
  kernels::cpu_backend().gemm(context, problem.transpose, problem.m, problem.n, problem.k, a.data(), b.data(),
                              c.data());
  return c.values();
}

void require_equal_everywhere(const Problem& problem) {
  const std::vector<float> expected = expected_product(problem);
  for (kernels::Context* context : cpu_contexts()) {
    INFO(name(problem.transpose) << " " << problem.m << "×" << problem.n << "×" << problem.k << " on "
                                 << describe_device(*context));
    const std::string difference = first_difference(product(*context, problem), expected);
    if (!difference.empty()) FAIL(difference);
  }
}

using Fill = std::vector<float> (*)(std::size_t, std::uint32_t);

Problem make(Transpose transpose, int m, int n, int k, Fill fill) {
  const auto seed = static_cast<std::uint32_t>(m * 7919 + n * 131 + k);
  return {transpose,
          m,
          n,
          k,
          fill(static_cast<std::size_t>(m) * static_cast<std::size_t>(k), seed),
          fill(static_cast<std::size_t>(k) * static_cast<std::size_t>(n), seed + 1)};
}

const Transpose kTransposes[] = {Transpose::kNN, Transpose::kNT, Transpose::kTN};

}  // namespace

TEST_CASE("gemm equals the plain loop at every odd shape") {
  const std::vector<int> sizes = {1, 2, 3, 5, 7, 11, 13, 17, 31, 33, 63, 65, 127, 129};
  std::size_t next = 0;
  for (Transpose transpose : kTransposes) {
    for (int m : sizes) {
      for (int n : sizes)
        require_equal_everywhere(make(transpose, m, n, sizes[next++ % 14 * 5 % 14], tests::random_floats));
    }
  }
}

TEST_CASE("gemm opens a chunk every 256 terms and a group every 4096") {
  const std::pair<int, int> shapes[] = {{1, 1}, {3, 5}, {13, 17}, {2, 33}, {25, 10}};
  for (Transpose transpose : kTransposes) {
    for (int k : {0, 1, 255, 256, 257, 4095, 4096, 4097, 8193}) {
      for (auto [m, n] : shapes) require_equal_everywhere(make(transpose, m, n, k, tests::random_floats));
    }
  }
}

TEST_CASE("gemm keeps denormals, signed zeros, infinities and NaN as the plain loop does") {
  for (Transpose transpose : kTransposes) {
    for (int k : {1, 3, 64, 300}) {
      const Problem wild = make(transpose, 14, 35, k, tests::wild_floats);
      CHECK(tests::nan_share(expected_product(wild)) <= 0.5);
      require_equal_everywhere(wild);
    }
    for (int k : {1, 3, 64, 300, 4100}) {
      require_equal_everywhere(make(transpose, 14, 35, k, tests::small_floats));
      require_equal_everywhere(make(transpose, 7, 18, k, tests::tiny_floats));
    }
  }
}

TEST_CASE("gemm of sums that end in minus zero gives plus zero") {
  for (Transpose transpose : kTransposes) {
    for (int k : {1, 256, 257, 5000}) {
      const auto fill = [](float value, int count) {
        return std::vector<float>(static_cast<std::size_t>(count), value);
      };
      require_equal_everywhere({transpose, 5, 20, k, fill(-0.0f, 5 * k), fill(0.0f, 20 * k)});
      require_equal_everywhere({transpose, 5, 20, k, fill(0x1p-100f, 5 * k), fill(-0x1p-100f, 20 * k)});
    }
  }
}

TEST_CASE("gemm equals the plain loop where C is cut between threads and B into blocks") {
  for (Transpose transpose : kTransposes) {
    require_equal_everywhere(make(transpose, 100, 10, 300, tests::random_floats));
    require_equal_everywhere(make(transpose, 5, 1100, 260, tests::random_floats));
    require_equal_everywhere(make(transpose, 70, 200, 300, tests::random_floats));
  }
  require_equal_everywhere(make(Transpose::kNT, 3, 600, 4200, tests::random_floats));
}

TEST_CASE("an empty product touches nothing and a product over nothing is plus zero") {
  for (kernels::Context* context : cpu_contexts()) {
    for (Transpose transpose : kTransposes) {
      CHECK(product(*context, {transpose, 0, 5, 3, {}, std::vector<float>(15)}).empty());
      CHECK(product(*context, {transpose, 5, 0, 3, std::vector<float>(15), {}}).empty());
      CHECK(first_difference(product(*context, {transpose, 4, 3, 0, {}, {}}), std::vector<float>(12, 0.0f)) == "");
    }
  }
}

TEST_CASE("a thread that flushes denormals gets the same bits and its own state back") {
  const Problem problem = make(Transpose::kNN, 90, 100, 50, tests::tiny_floats);
  const std::vector<float> expected = expected_product(problem);
  constexpr unsigned kFlush = 0x1f80 | 0x8040;  // FTZ and DAZ, as -Ofast sets them
  for (kernels::Context* context : cpu_contexts()) {
    INFO(describe_device(*context));
    const unsigned before = _mm_getcsr();
    _mm_setcsr(kFlush);
    const std::vector<float> found = product(*context, problem);
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    CHECK((after & ~0x3fu) == kFlush);
    CHECK(first_difference(found, expected) == "");
  }
}
