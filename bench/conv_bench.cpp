// The convolutions of the CPU back end and their two gradients, in batches of 128, beside a matrix product of
// 512×512×512, which is near what the processor can do: the last argument of each is the number of threads. FLOP/s
// counts each multiplication and addition of the sums, those with zeros beside the image as well. Pooling, batch
// normalisation and column sums give the bytes that they read and write.
#include "bench/op_bench.h"

namespace {

void gemm(benchmark::State& state) {
  constexpr int kSize = 512;
  kernels::Buffer<float> a = random(kSize * kSize), b = random(kSize * kSize), c = random(kSize * kSize);
  for (auto _ : state) {
    cpu().gemm(context(state.range(0)), kernels::Transpose::kNN, kSize, kSize, kSize, a.data(), b.data(), c.data());
  }
  count_operations(state, 2.0 * kSize * kSize * kSize);
}

/// A convolution of 3×3 that keeps the size of the image, and its arrays.
struct Problem {
  kernels::Conv2dShape shape;
  kernels::Buffer<float> x, w, y;

  explicit Problem(const benchmark::State& state)
      : shape(shape_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                       static_cast<int>(state.range(2)))),
        x(random(shape.batch * shape.height * shape.width * shape.channels)),
        w(random(shape.filters * 9 * shape.channels)),
        y(random(shape.batch * shape.height * shape.width * shape.filters)) {}

  double operations() const {
    return 2.0 * 9 * shape.batch * shape.height * shape.width * shape.channels * shape.filters;
  }

  static kernels::Conv2dShape shape_of(int size, int channels, int filters) {
    return {128, size, size, channels, filters, 3, 3, 1, 1, 1, size, size};
  }
};

void forward(benchmark::State& state) {
  Problem at(state);
  for (auto _ : state) cpu().conv2d(context(state.range(3)), at.shape, at.y.data(), at.x.data(), at.w.data());
  count_operations(state, at.operations());
}

void data_gradient(benchmark::State& state) {
  Problem at(state);
  for (auto _ : state) cpu().conv2d_data(context(state.range(3)), at.shape, at.x.data(), at.y.data(), at.w.data());
  count_operations(state, at.operations());
}

void filter_gradient(benchmark::State& state) {
  Problem at(state);
  for (auto _ : state) cpu().conv2d_filter(context(state.range(3)), at.shape, at.w.data(), at.y.data(), at.x.data());
  count_operations(state, at.operations());
}

/// Images of size × size × channels, and what pooling by 2×2 and normalisation need.
struct Images {
  int size, channels, count;
  kernels::Pool2dShape pool;
  kernels::Buffer<float> x, dx, y, column[6];
  kernels::Buffer<std::int32_t> winner;

  explicit Images(const benchmark::State& state)
      : size(static_cast<int>(state.range(0))),
        channels(static_cast<int>(state.range(1))),
        count(128 * size * size * channels),
        pool{128, size, size, channels, 2, 2, 2, size / 2, size / 2},
        x(random(count)),
        dx(random(count)),
        y(random(count / 4)),
        winner(cpu(), context(1), y.size()) {
    for (kernels::Buffer<float>& made : column) made = random(channels);
    cpu().max_pool2d(context(1), pool, y.data(), winner.data(), x.data());
  }
};

void max_pool(benchmark::State& state) {
  Images at(state);
  for (auto _ : state) {
    cpu().max_pool2d(context(state.range(2)), at.pool, at.y.data(), at.winner.data(), at.x.data());
  }
  count_bytes(state, 6.0 * at.count);
}

void max_pool_gradient(benchmark::State& state) {
  Images at(state);
  for (auto _ : state) {
    cpu().max_pool2d_backward(context(state.range(2)), at.pool, at.dx.data(), at.y.data(), at.winner.data());
  }
  count_bytes(state, 6.0 * at.count);
}

void batch_norm(benchmark::State& state) {
  Images at(state);
  auto& [mean, inverse, running_mean, running_variance, gamma, beta] = at.column;
  for (auto _ : state) {
    cpu().batch_norm(context(state.range(2)), kernels::Activation::kRelu, at.dx.data(), mean.data(), inverse.data(),
                     running_mean.data(), running_variance.data(), at.x.data(), gamma.data(), beta.data(),
                     at.count / at.channels, at.channels, 1e-5f, 0.1f);
  }
  count_bytes(state, 16.0 * at.count);
}

void batch_norm_gradient(benchmark::State& state) {
  Images at(state);
  kernels::Buffer<float> dout = random(at.count);
  auto& [mean, inverse, dgamma, dbeta, gamma, beta] = at.column;
  for (auto _ : state) {
    cpu().batch_norm_backward(context(state.range(2)), kernels::Activation::kRelu, at.dx.data(), dgamma.data(),
                              dbeta.data(), dout.data(), nullptr, at.x.data(), gamma.data(), beta.data(), mean.data(),
                              inverse.data(), at.count / at.channels, at.channels);
  }
  count_bytes(state, 20.0 * at.count);
}

void column_sum(benchmark::State& state) {
  Images at(state);
  for (auto _ : state) {
    cpu().column_sum(context(state.range(2)), at.column[0].data(), at.x.data(), at.count / at.channels, at.channels);
  }
  count_bytes(state, 4.0 * at.count);
}

/// size, channels, threads
void images_on_one(benchmark::internal::Benchmark* made) {
  made->Unit(benchmark::kMicrosecond)->Args({28, 16, 1})->Args({14, 32, 1})->Args({32, 64, 1});
}

/// size, channels, filters, threads. One thread is measured by its own clock, which other programs disturb less.
void shapes_on(benchmark::internal::Benchmark* made, int threads) {
  made->Unit(benchmark::kMicrosecond);
  if (threads > 1) made->UseRealTime();
  made->Args({28, 1, 16, threads})->Args({28, 1, 32, threads})->Args({14, 16, 32, threads});
  made->Args({28, 32, 64, threads})->Args({32, 64, 64, threads});
}
void on_one(benchmark::internal::Benchmark* made) { shapes_on(made, 1); }
void on_two(benchmark::internal::Benchmark* made) { shapes_on(made, 2); }

BENCHMARK(gemm)->Unit(benchmark::kMicrosecond)->Arg(1);
BENCHMARK(gemm)->Unit(benchmark::kMicrosecond)->Arg(2)->UseRealTime();
BENCHMARK(forward)->Apply(on_one);
BENCHMARK(data_gradient)->Apply(on_one);
BENCHMARK(filter_gradient)->Apply(on_one);
BENCHMARK(forward)->Apply(on_two);
BENCHMARK(data_gradient)->Apply(on_two);
BENCHMARK(filter_gradient)->Apply(on_two);
BENCHMARK(max_pool)->Apply(images_on_one);
BENCHMARK(max_pool_gradient)->Apply(images_on_one);
BENCHMARK(batch_norm)->Apply(images_on_one);
BENCHMARK(batch_norm_gradient)->Apply(images_on_one);
BENCHMARK(column_sum)->Apply(images_on_one);

}  // namespace

BENCHMARK_MAIN();
