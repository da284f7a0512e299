// Our gemm beside OpenBLAS' sgemm on one thread (or --threads N), interleaved in one run: for each shape and
// transposition the median of the ratios of neighbouring runs. Ends with exit code 1 where --require R is given and a
// shape of the promise (the first three) is below R.
#include <cblas.h>
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "kernels/backends.h"

extern "C" void openblas_set_num_threads(int);
extern "C" char* openblas_get_config();

namespace {

using kernels::Transpose;

struct Shape {
  int m, n, k;
  const char* what;
};

constexpr Shape kShapes[] = {
    {128, 256, 784, "promised"},        {512, 512, 512, "promised"},
    {256, 768, 128, "promised"},        {128, 512, 784, "layer 1 forward"},
    {128, 256, 512, "layer 2 forward"}, {128, 10, 256, "layer 3 forward"},
    {128, 512, 256, "layer 2 input"},   {128, 256, 10, "layer 3 input"},
    {512, 784, 128, "layer 1 weights"}, {256, 512, 128, "layer 2 weights"},
    {10, 256, 128, "layer 3 weights"},  {1000, 10, 784, "n = 10"},
    {8, 2048, 512, "small m"},          {4096, 64, 64, "tall"},
};
constexpr int kPromised = 3;

/// With one thread the time that this thread was computing, which other programs on the machine disturb less.
double seconds(int threads) {
  timespec now{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Measured {
  double ratio;            ///< OpenBLAS' time over ours
  double ours, open_blas;  ///< GFLOP/s
};

Measured measure(kernels::Context& context, int threads, Transpose transpose, const Shape& shape, int rounds) {
  const kernels::Backend& cpu = kernels::cpu_backend();
  const auto [m, n, k, what] = shape;
  const auto matrix = [&](int rows, int columns) {
    kernels::Buffer<float> buffer(cpu, context, static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    std::mt19937 generator(static_cast<unsigned>(rows));
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer.data()[i] = static_cast<float>(generator() >> 8) * 0x1p-24f;
    return buffer;
  };
  kernels::Buffer<float> a = matrix(m, k), b = matrix(k, n), c = matrix(m, n);
  const bool a_transposed = transpose == Transpose::kTN, b_transposed = transpose == Transpose::kNT;
  const auto ours = [&] { cpu.gemm(context, transpose, m, n, k, a.data(), b.data(), c.data()); };
  const auto theirs = [&] {
    cblas_sgemm(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans, b_transposed ? CblasTrans : CblasNoTrans, m, n,
                k, 1.0f, a.data(), a_transposed ? m : k, b.data(), b_transposed ? k : n, 0.0f, c.data(), n);
  };
  const double flop = 2.0 * m * n * k;
  const int repeats = std::max(1, static_cast<int>(1e8 / flop));
  const auto time = [&](const auto& call) {
    const double start = seconds(threads);
    for (int repeat = 0; repeat < repeats; ++repeat) call();
    return (seconds(threads) - start) / repeats;
  };
  time(ours);
  time(theirs);
  std::vector<double> ratios, our_times, their_times;
  for (int round = 0; round < rounds; ++round) {
    our_times.push_back(time(ours));
    their_times.push_back(time(theirs));
    ratios.push_back(their_times.back() / our_times.back());
  }
  return {median(ratios), flop / median(our_times) * 1e-9, flop / median(their_times) * 1e-9};
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1, rounds = 101;
  double required = 0.0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--threads") threads = std::atoi(argv[i + 1]);
    if (flag == "--rounds") rounds = std::atoi(argv[i + 1]);
    if (flag == "--require") required = std::atof(argv[i + 1]);
  }
  openblas_set_num_threads(threads);
  const auto context = kernels::make_cpu_context(threads);
  fmt::print("ours: {}\ntheirs: {}\nratio: ours over theirs in speed, median of {} interleaved pairs; GFLOP/s\n\n",
             describe_device(*context), openblas_get_config(), rounds);
  fmt::print("{:>16}  {:<16} {:^25} {:^25} {:^25}\n", "m×n×k", "", "NN", "NT", "TN");
  bool kept = true;
  for (int i = 0; const Shape& shape : kShapes) {
    fmt::print("{:>16}  {:<16}", fmt::format("{}×{}×{}", shape.m, shape.n, shape.k), shape.what);
    for (Transpose transpose : {Transpose::kNN, Transpose::kNT, Transpose::kTN}) {
      const Measured measured = measure(*context, threads, transpose, shape, rounds);
      fmt::print("  {:5.3f} ({:5.1f} to {:5.1f})  ", measured.ratio, measured.ours, measured.open_blas);
      if (i < kPromised && measured.ratio < required) kept = false;
    }
    fmt::print("\n");
    std::fflush(stdout);
    ++i;
  }
  return kept ? 0 : 1;
}
