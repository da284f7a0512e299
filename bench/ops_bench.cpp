// Each op of the CPU back end at the shapes of a 784-512-256-10 MLP with batches of 128, and a whole training step of
// it (dropout 0.2, Adam); and batch norm with pooling at those of a CNN. The last argument of each benchmark is the
// number of threads. Counters: bytes that an op reads and writes, or operations (multiply and add apart), a second.
#include <vector>

#include "bench/op_bench.h"

namespace {

using kernels::Activation;
using kernels::Transpose;

constexpr int kBatch = 128;

void gemm(benchmark::State& state, Transpose transpose) {
  const int m = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1));
  const int k = static_cast<int>(state.range(2));
  kernels::Buffer<float> a = random(m * k), b = random(n * k), c = random(m * n);
  for (auto _ : state) {
    cpu().gemm(context(state.range(3)), transpose, m, n, k, a.data(), b.data(), c.data());
  }
  count_operations(state, 2.0 * m * n * k);
}

void bias_activation(benchmark::State& state, Activation activation) {
  const int columns = static_cast<int>(state.range(0)), count = kBatch * columns;
  kernels::Buffer<float> x = random(count), out = random(count), bias = random(columns);
  for (auto _ : state) {
    cpu().bias_activation(context(state.range(1)), activation, out.data(), nullptr, x.data(), bias.data(), kBatch,
                          columns);
  }
  count_bytes(state, 8.0 * count);
}

void activation_backward(benchmark::State& state, Activation activation) {
  const int columns = static_cast<int>(state.range(0)), count = kBatch * columns;
  kernels::Buffer<float> dout = random(count), out = random(count), dz = random(count), dbias = random(columns);
  for (auto _ : state) {
    cpu().activation_backward(context(state.range(1)), activation, dz.data(), dbias.data(), dout.data(), out.data(),
                              out.data(), kBatch, columns);
  }
  count_bytes(state, 12.0 * count);
}

void dropout(benchmark::State& state) {
  const int count = kBatch * static_cast<int>(state.range(0));
  kernels::Buffer<float> in = random(count), out = random(count);
  const kernels::StepState step{1, 0, 0.0f, 0.0f, 0.0f};
  for (auto _ : state) cpu().dropout(context(state.range(1)), out.data(), in.data(), count, 0.2f, 1, 1, &step);
  count_bytes(state, 8.0 * count);
}

void column_sum(benchmark::State& state) {
  const int columns = static_cast<int>(state.range(0));
  kernels::Buffer<float> x = random(kBatch * columns), out = random(columns);
  for (auto _ : state) cpu().column_sum(context(state.range(1)), out.data(), x.data(), kBatch, columns);
  count_bytes(state, 4.0 * kBatch * columns);
}

/// Batch norm with relu and pooling 2×2, and the way back: of images with `side` and `channels`.
struct PooledNorm {
  PooledNorm(int side, int channels)
      : shape{kBatch, side, side, channels, 2, 2, 2, side / 2, side / 2},
        pixels(kBatch * side * side),
        x(random(pixels * channels)),
        y(random(pixels / 4 * channels)),
        dx(random(pixels * channels)),
        winner(cpu(), context(1), y.size()),
        columns(random(8 * channels)) {}

  float* column(int which) { return columns.data() + which * shape.channels; }
  void forward(kernels::Context& on) {
    cpu().batch_norm_max_pool(on, Activation::kRelu, shape, y.data(), winner.data(), column(0), column(1), column(2),
                              column(3), x.data(), column(4), column(5), 1e-5f, 0.1f);
  }
  void backward(kernels::Context& on) {
    cpu().batch_norm_max_pool_backward(on, Activation::kRelu, shape, dx.data(), column(6), column(7), y.data(),
                                       winner.data(), x.data(), column(4), column(5), column(0), column(1));
  }

  kernels::Pool2dShape shape;
  int pixels;
  kernels::Buffer<float> x, y, dx;
  kernels::Buffer<std::int32_t> winner;
  kernels::Buffer<float> columns;
};

/// x three times, and y and winner.
void batch_norm_max_pool(benchmark::State& state) {
  PooledNorm op(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) op.forward(context(state.range(2)));
  count_bytes(state, 4.0 * op.pixels * op.shape.channels * 3.5);
}

/// x, y and winner twice, and dx.
void batch_norm_max_pool_backward(benchmark::State& state) {
  PooledNorm op(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  op.forward(context(1));
  for (auto _ : state) op.backward(context(state.range(2)));
  count_bytes(state, 4.0 * op.pixels * op.shape.channels * 4);
}

void softmax_cross_entropy(benchmark::State& state) {
  const int classes = static_cast<int>(state.range(0));
  kernels::Buffer<float> logits = random(kBatch * classes), gradient = random(kBatch * classes), loss = random(kBatch);
  std::vector<std::int32_t> labels(kBatch, 1), correct(kBatch);
  for (auto _ : state) {
    cpu().softmax_cross_entropy(context(state.range(1)), loss.data(), correct.data(), gradient.data(), logits.data(),
                                labels.data(), kBatch, classes, 0.0f);
  }
  count_bytes(state, 8.0 * kBatch * classes);
}

void optimizer_update(benchmark::State& state, kernels::Optimizer kind) {
  const int count = static_cast<int>(state.range(0));
  kernels::Buffer<float> w = random(count), m = random(count), v = random(count), gradient = random(count);
  cpu().set_zero(context(1), v.data(), v.size() * sizeof(float));
  const kernels::OptimizerSettings settings{kind};
  const kernels::StepState step{1, 0, 0.001f, 10.0f, 30.0f};
  std::uint64_t fingerprint = 0;
  for (auto _ : state) {
    cpu().optimizer_update(context(state.range(1)), settings, &step, w.data(), m.data(), v.data(), gradient.data(),
                           count, 1, &fingerprint);
  }
  count_bytes(state, (kind == kernels::Optimizer::kSgd ? 20.0 : 28.0) * count);
}

void fingerprint(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  kernels::Buffer<float> w = random(count);
  std::uint64_t result = 0;
  for (auto _ : state) cpu().fingerprint(context(state.range(1)), w.data(), count, 1, &result);
  count_bytes(state, 4.0 * count);
}

void gather_rows(benchmark::State& state) {
  constexpr int kImages = 54000;
  const int columns = static_cast<int>(state.range(0));
  kernels::Buffer<float> source(cpu(), context(1),
                                static_cast<std::size_t>(kImages) * static_cast<std::size_t>(columns));
  cpu().set_zero(context(1), source.data(), source.size() * sizeof(float));
  kernels::Buffer<float> out = random(kBatch * columns);
  kernels::Buffer<std::uint32_t> indices(cpu(), context(1), kBatch);
  kernels::StepState step{};
  for (auto _ : state) {
    cpu().shuffle_indices(context(state.range(1)), indices.data(), kImages, 1, &step, kBatch);
    cpu().gather_rows(context(state.range(1)), out.data(), source.data(), indices.data(), kBatch, columns);
    step.first = (step.first + kBatch) % (kImages - kBatch);
  }
  count_bytes(state, 8.0 * kBatch * columns);
}

void gather_pixels(benchmark::State& state) {
  constexpr int kImages = 60000, kColumns = 784;
  kernels::Buffer<std::uint8_t> source(cpu(), context(1), std::size_t{kImages} * kColumns);
  for (std::size_t i = 0; i < source.size(); ++i) source.data()[i] = static_cast<std::uint8_t>(i * 89);
  kernels::Buffer<float> out = random(kBatch * kColumns), values = random(kernels::kBytes);
  kernels::Buffer<std::uint32_t> indices(cpu(), context(1), kBatch), rows(cpu(), context(1), kImages);
  for (std::uint32_t i = 0; i < kImages; ++i) rows.data()[i] = i;
  kernels::StepState step{};
  for (auto _ : state) {
    cpu().shuffle_indices(context(state.range(0)), indices.data(), kImages, 1, &step, kBatch);
    cpu().gather_pixels(context(state.range(0)), out.data(), source.data(), rows.data(), indices.data(), kBatch,
                        kColumns, values.data(), 1);
    step.first = (step.first + kBatch) % (kImages - kBatch);
  }
  count_bytes(state, 5.0 * kBatch * kColumns);
}

void sum_of_squares(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  kernels::Buffer<float> gradient = random(count), square = random(1);
  for (auto _ : state) cpu().sum_of_squares(context(state.range(1)), square.data(), gradient.data(), count);
  count_bytes(state, 4.0 * count);
}

void augment_rows(benchmark::State& state, kernels::Augmentation how) {
  const kernels::ImageShape shape{28, 28, 1};
  kernels::Buffer<float> source = random(kBatch * 784), out = random(kBatch * 784), fill = random(1);
  std::vector<std::uint32_t> indices(kBatch);
  for (std::uint32_t i = 0; i < indices.size(); ++i) indices[i] = i;
  const kernels::StepState step{1, 0, 0.001f, 10.0f, 30.0f};
  for (auto _ : state) {
    cpu().augment_rows(context(state.range(1)), out.data(), source.data(), indices.data(), kBatch, shape, how,
                       fill.data(), 1, &step);
  }
  count_bytes(state, 8.0 * kBatch * 784);
}

/// A fully connected layer with what its training needs.
struct Layer {
  int in, out;
  kernels::Buffer<float> w, bias, dw, dbias, m, v, bias_m, bias_v, activated, dropped, dz;

  Layer(int inputs, int outputs)
      : in(inputs),
        out(outputs),
        w(random(in * out)),
        bias(random(out)),
        dw(random(in * out)),
        dbias(random(out)),
        m(random(in * out)),
        v(random(in * out)),
        bias_m(random(out)),
        bias_v(random(out)),
        activated(random(kBatch * out)),
        dropped(random(kBatch * out)),
        dz(random(kBatch * out)) {
    cpu().initialise(context(1), kernels::Initialisation::kHe, w.data(), in * out, in, out, 1.0f, 1, 2);
    cpu().set_zero(context(1), v.data(), v.size() * sizeof(float));
    cpu().set_zero(context(1), bias_v.data(), bias_v.size() * sizeof(float));
  }
};

void forward(kernels::Context& run, Layer& layer, const float* x, bool last, std::uint32_t tensor,
             const kernels::StepState& step) {
  cpu().gemm(run, Transpose::kNT, kBatch, layer.out, layer.in, x, layer.w.data(), layer.activated.data());
  cpu().bias_activation(run, last ? Activation::kNone : Activation::kRelu, layer.activated.data(), nullptr,
                        layer.activated.data(), layer.bias.data(), kBatch, layer.out);
  if (last) return;
  cpu().dropout(run, layer.dropped.data(), layer.activated.data(), kBatch * layer.out, 0.2f, 1, tensor, &step);
}

/// layer.dz holds the gradient of the layer's output; afterwards `below`, where there is one, holds that of its input.
void backward(kernels::Context& run, Layer& layer, const float* x, bool last, Layer* below, std::uint32_t tensor,
              const kernels::StepState& step) {
  cpu().gemm(run, Transpose::kTN, layer.out, layer.in, kBatch, layer.dz.data(), x, layer.dw.data());
  if (last) cpu().column_sum(run, layer.dbias.data(), layer.dz.data(), kBatch, layer.out);
  if (below == nullptr) return;
  cpu().gemm(run, Transpose::kNN, kBatch, layer.in, layer.out, layer.dz.data(), layer.w.data(), below->dz.data());
  cpu().dropout(run, below->dz.data(), below->dz.data(), kBatch * layer.in, 0.2f, 1, tensor, &step);
  cpu().activation_backward(run, Activation::kRelu, below->dz.data(), below->dbias.data(), below->dz.data(),
                            below->activated.data(), nullptr, kBatch, layer.in);
}

void training_step(benchmark::State& state) {
  kernels::Context& run = context(state.range(0));
  Layer layers[] = {{784, 512}, {512, 256}, {256, 10}};
  kernels::Buffer<float> x = random(kBatch * 784), loss = random(kBatch);
  std::vector<std::int32_t> labels(kBatch, 1), correct(kBatch);
  const kernels::OptimizerSettings settings;
  const kernels::StepState step{1, 0, 1e-3f, 10.0f, 30.0f};
  std::uint64_t fingerprint = 0;
  std::uint64_t* const recorded = state.range(1) != 0 ? &fingerprint : nullptr;
  for (auto _ : state) {
    const float* inputs[] = {x.data(), layers[0].dropped.data(), layers[1].dropped.data()};
    for (int i = 0; i < 3; ++i) forward(run, layers[i], inputs[i], i == 2, static_cast<std::uint32_t>(i), step);
    cpu().softmax_cross_entropy(run, loss.data(), correct.data(), layers[2].dz.data(), layers[2].activated.data(),
                                labels.data(), kBatch, 10, 0.0f);
    for (int i = 2; i >= 0; --i) {
      backward(run, layers[i], inputs[i], i == 2, i > 0 ? &layers[i - 1] : nullptr, static_cast<std::uint32_t>(i - 1),
               step);
    }
    for (Layer& layer : layers) {
      cpu().optimizer_update(run, settings, &step, layer.w.data(), layer.m.data(), layer.v.data(), layer.dw.data(),
                             layer.in * layer.out, 1, recorded);
      cpu().optimizer_update(run, settings, &step, layer.bias.data(), layer.bias_m.data(), layer.bias_v.data(),
                             layer.dbias.data(), layer.out, 2, recorded);
    }
  }
  count_rate(state, "images/s", kBatch);
}

#define ON_THREADS(...) UseRealTime()->Unit(benchmark::kMicrosecond)->ArgsProduct(__VA_ARGS__)

BENCHMARK_CAPTURE(gemm, forward, Transpose::kNT)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Args({128, 512, 784, 1})
    ->Args({128, 256, 512, 1})
    ->Args({128, 10, 256, 1})
    ->Args({128, 512, 784, 2})
    ->Args({128, 256, 512, 2})
    ->Args({128, 10, 256, 2});
BENCHMARK_CAPTURE(gemm, input_gradient, Transpose::kNN)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Args({128, 512, 256, 1})
    ->Args({128, 256, 10, 1})
    ->Args({128, 512, 256, 2})
    ->Args({128, 256, 10, 2});
BENCHMARK_CAPTURE(gemm, weight_gradient, Transpose::kTN)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Args({512, 784, 128, 1})
    ->Args({256, 512, 128, 1})
    ->Args({10, 256, 128, 1})
    ->Args({512, 784, 128, 2})
    ->Args({256, 512, 128, 2})
    ->Args({10, 256, 128, 2});
BENCHMARK_CAPTURE(bias_activation, relu, Activation::kRelu)->ON_THREADS({{512, 256, 10}, {1, 2}});
BENCHMARK_CAPTURE(bias_activation, gelu, Activation::kGelu)->ON_THREADS({{512}, {1, 2}});
BENCHMARK_CAPTURE(bias_activation, tanh, Activation::kTanh)->ON_THREADS({{512}, {1, 2}});
BENCHMARK_CAPTURE(bias_activation, sigmoid, Activation::kSigmoid)->ON_THREADS({{512}, {1, 2}});
BENCHMARK_CAPTURE(activation_backward, relu, Activation::kRelu)->ON_THREADS({{512, 256}, {1, 2}});
BENCHMARK_CAPTURE(activation_backward, gelu, Activation::kGelu)->ON_THREADS({{512}, {1, 2}});
BENCHMARK(dropout)->ON_THREADS({{512, 256}, {1, 2}});
BENCHMARK(column_sum)->ON_THREADS({{512, 256, 10}, {1, 2}});
BENCHMARK(batch_norm_max_pool)->ON_THREADS({{28}, {16}, {1, 2}})->ON_THREADS({{14}, {32}, {1, 2}});
BENCHMARK(batch_norm_max_pool_backward)->ON_THREADS({{28}, {16}, {1, 2}})->ON_THREADS({{14}, {32}, {1, 2}});
BENCHMARK(softmax_cross_entropy)->ON_THREADS({{10, 1000}, {1, 2}});
BENCHMARK_CAPTURE(optimizer_update, sgd, kernels::Optimizer::kSgd)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK_CAPTURE(optimizer_update, adam, kernels::Optimizer::kAdam)->ON_THREADS({{784 * 512, 512 * 256}, {1, 2}});
BENCHMARK_CAPTURE(optimizer_update, adamw, kernels::Optimizer::kAdamW)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK_CAPTURE(optimizer_update, rmsprop, kernels::Optimizer::kRmsprop)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK_CAPTURE(optimizer_update, lion, kernels::Optimizer::kLion)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK(sum_of_squares)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK_CAPTURE(augment_rows, images, kernels::Augmentation{true, 3, 8, 0.0f})->ON_THREADS({{784}, {1, 2}});
BENCHMARK_CAPTURE(augment_rows, noise, kernels::Augmentation{false, 0, 0, 0.1f})->ON_THREADS({{784}, {1, 2}});
BENCHMARK(fingerprint)->ON_THREADS({{784 * 512}, {1, 2}});
BENCHMARK(gather_rows)->ON_THREADS({{784}, {1, 2}});
BENCHMARK(gather_pixels)->ON_THREADS({{1, 2}});
BENCHMARK(training_step)->ON_THREADS({{1, 2}, {0, 1}});  // threads, whether fingerprints are recorded

}  // namespace

BENCHMARK_MAIN();
