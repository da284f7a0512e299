// The CUDA back end's speed: gemm beside cuBLAS's SGEMM (true fp32, no TF32), and each op and the whole step of a
// 784-512-256-10 MLP with batches of 128; under fast-1 a layer in one call beside the calls that it stands for. Prints
// one JSON object; --smoke does each once, to try the program itself.
// Peers and we take turns; a figure is the best of the rounds. Run by scripts/gpu-check. Exit code 77: no GPU.
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "kernels/backends.h"
#include "kernels/fast/backend.h"

namespace {

using kernels::Activation;
using kernels::Buffer;
using kernels::Transpose;
using Json = nlohmann::ordered_json;

constexpr int kBatch = 128;

struct Bench {
  const kernels::Backend& gpu;
  kernels::Context& context;
  bool smoke;

  Buffer<float> random(std::size_t count) const {
    Buffer<float> made(gpu, context, count);
    gpu.initialise(context, kernels::Initialisation::kHe, made.data(), static_cast<int>(count), 2, 2, 0.5f, 1, 1);
    return made;
  }
};

void wait() {
  if (cudaDeviceSynchronize() != cudaSuccess) throw core::EnvironmentError("cuda", "a benchmark failed");
}

/// Seconds of one call, over enough calls to fill some ten milliseconds.
double seconds_of(const std::function<void()>& call, bool smoke) {
  using Clock = std::chrono::steady_clock;
  const auto timed = [&](int calls) {
    wait();
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    wait();
    return std::chrono::duration<double>(Clock::now() - start).count() / calls;
  };
  const double once = timed(1);
  return smoke ? once : timed(std::clamp(static_cast<int>(0.015 / once), 3, 2000));
}

/// The best of five rounds for each of `calls`, taking turns.
std::vector<double> best_of(const std::vector<std::function<void()>>& calls, bool smoke) {
  std::vector<double> best(calls.size(), 1e9);
  for (int round = 0; round < (smoke ? 1 : 5); ++round) {
    for (std::size_t i = 0; i < calls.size(); ++i) best[i] = std::min(best[i], seconds_of(calls[i], smoke));
  }
  return best;
}

/// cuBLAS, where this machine has it.
class Cublas {
 public:
  Cublas() {
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
      if (library_ == nullptr) library_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    if (library_ == nullptr) return;
    const auto create = reinterpret_cast<int (*)(void**)>(::dlsym(library_, "cublasCreate_v2"));
    sgemm_ = reinterpret_cast<Sgemm>(::dlsym(library_, "cublasSgemm_v2"));
    if (create == nullptr || sgemm_ == nullptr || create(&handle_) != 0) handle_ = nullptr;
  }
  bool found() const { return handle_ != nullptr; }

  /// C = op(A)·op(B) of row-major matrices: the column-major Cᵀ = op(B)ᵀ·op(A)ᵀ.
  void gemm(Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) const {
    const float one = 1.0f, zero = 0.0f;
    const bool a_turned = transpose == Transpose::kTN, b_turned = transpose == Transpose::kNT;
    if (sgemm_(handle_, b_turned ? 1 : 0, a_turned ? 1 : 0, n, m, k, &one, b, b_turned ? k : n, a, a_turned ? m : k,
               &zero, c, n) != 0) {
      throw core::EnvironmentError("cuda", "cublasSgemm failed");
    }
  }

 private:
  using Sgemm = int (*)(void*, int, int, int, int, int, const float*, const float*, int, const float*, int,
                        const float*, float*, int);
  void* library_ = nullptr;
  void* handle_ = nullptr;
  Sgemm sgemm_ = nullptr;
};

Json bench_gemm(const Bench& bench, const Cublas& cublas) {
  struct Extent {
    int m, n, k;
  };
  const Extent extents[] = {{4096, 4096, 4096}, {2048, 2048, 2048}, {1024, 1024, 1024}, {512, 512, 512},
                            {128, 512, 784},    {512, 784, 128},    {128, 256, 512},    {128, 10, 256}};
  const char* const letters[] = {"NN", "NT", "TN"};
  Json rows = Json::array();
  for (const Extent& at : extents) {
    const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
    const Buffer<float> a = bench.random(size(at.m, at.k)), b = bench.random(size(at.k, at.n));
    Buffer<float> c = bench.random(size(at.m, at.n));
    for (const Transpose transpose : {Transpose::kNN, Transpose::kNT, Transpose::kTN}) {
      std::vector<std::function<void()>> calls = {
          [&] { bench.gpu.gemm(bench.context, transpose, at.m, at.n, at.k, a.data(), b.data(), c.data()); }};
      if (cublas.found()) {
        calls.push_back([&] { cublas.gemm(transpose, at.m, at.n, at.k, a.data(), b.data(), c.data()); });
      }
      const std::vector<double> best = best_of(calls, bench.smoke);
      const double operations = 2.0 * at.m * at.n * at.k;
      Json row = {{"transpose", letters[static_cast<int>(transpose)]},
                  {"m", at.m},
                  {"n", at.n},
                  {"k", at.k},
                  {"seconds", best[0]},
                  {"flops", operations / best[0]}};
      if (cublas.found()) {
        row["cublas_seconds"] = best[1];
        row["cublas_flops"] = operations / best[1];
        row["of_cublas"] = best[1] / best[0];
      }
      rows.push_back(row);
    }
  }
  return rows;
}

/// The arrays of one step of the MLP.
struct Step {
  static constexpr int kSizes[4] = {784, 512, 256, 10};
  std::vector<Buffer<float>> weights, biases, gradients, bias_gradients, m, v, bias_m, bias_v, outputs, deltas;
  Buffer<float> loss, data;
  Buffer<std::int32_t> correct, labels, all_labels;
  Buffer<std::uint32_t> indices;
  Buffer<kernels::StepState> state;
  Buffer<std::uint64_t> prints;

  explicit Step(const Bench& bench) {
    const auto zeros = [&](int count) {
      Buffer<float> made(bench.gpu, bench.context, static_cast<std::size_t>(count));
      bench.gpu.set_zero(bench.context, made.data(), made.size() * sizeof(float));
      return made;
    };
    outputs.push_back(zeros(kBatch * kSizes[0]));
    deltas.push_back(zeros(kBatch * kSizes[0]));
    for (int layer = 0; layer < 3; ++layer) {
      const int in = kSizes[layer], out = kSizes[layer + 1];
      weights.push_back(bench.random(static_cast<std::size_t>(in * out)));
      for (auto* list : {&gradients, &m, &v}) list->push_back(zeros(in * out));
      for (auto* list : {&biases, &bias_gradients, &bias_m, &bias_v}) list->push_back(zeros(out));
      for (auto* list : {&outputs, &deltas}) list->push_back(zeros(kBatch * out));
    }
    loss = zeros(kBatch);
    data = bench.random(std::size_t{60000} * 784);
    correct = Buffer<std::int32_t>(bench.gpu, bench.context, kBatch);
    labels = Buffer<std::int32_t>(bench.gpu, bench.context, kBatch);
    all_labels = Buffer<std::int32_t>(bench.gpu, bench.context, 60000);
    bench.gpu.set_zero(bench.context, all_labels.data(), 60000 * sizeof(std::int32_t));
    indices = Buffer<std::uint32_t>(bench.gpu, bench.context, kBatch);
    prints = Buffer<std::uint64_t>(bench.gpu, bench.context, 7);
    state = Buffer<kernels::StepState>(bench.gpu, bench.context, 1);
    const kernels::StepState first{1, 0, 0.001f, 10.0f, 31.6f};
    bench.gpu.copy_to_device(bench.context, state.data(), &first, sizeof first);
  }
};

using NamedCalls = std::vector<std::pair<std::string, std::function<void()>>>;

void add_forward(NamedCalls& calls, const Bench& bench, Step& step, std::size_t layer) {
  const int in = Step::kSizes[layer], out = Step::kSizes[layer + 1];
  const std::string name = "layer " + std::to_string(layer) + " ";
  calls.emplace_back(name + "gemm forward", [&bench, &step, layer, in, out] {
    bench.gpu.gemm(bench.context, Transpose::kNT, kBatch, out, in, step.outputs[layer].data(),
                   step.weights[layer].data(), step.outputs[layer + 1].data());
  });
  calls.emplace_back(name + "bias and activation", [&bench, &step, layer, out] {
    float* const to = step.outputs[layer + 1].data();
    bench.gpu.bias_activation(bench.context, layer == 2 ? Activation::kNone : Activation::kRelu, to, nullptr, to,
                              step.biases[layer].data(), kBatch, out);
  });
  if (layer == 2) return;
  calls.emplace_back(name + "dropout", [&bench, &step, layer, out] {
    float* const to = step.outputs[layer + 1].data();
    bench.gpu.dropout(bench.context, to, to, kBatch * out, 0.2f, 1, static_cast<std::uint32_t>(layer),
                      step.state.data());
  });
}

void add_backward(NamedCalls& calls, const Bench& bench, Step& step, std::size_t layer) {
  const int in = Step::kSizes[layer], out = Step::kSizes[layer + 1];
  const std::string name = "layer " + std::to_string(layer) + " ";
  if (layer < 2) {
    calls.emplace_back(name + "dropout backward", [&bench, &step, layer, out] {
      float* const to = step.deltas[layer + 1].data();
      bench.gpu.dropout(bench.context, to, to, kBatch * out, 0.2f, 1, static_cast<std::uint32_t>(layer),
                        step.state.data());
    });
    calls.emplace_back(name + "activation backward", [&bench, &step, layer, out] {
      float* const to = step.deltas[layer + 1].data();
      bench.gpu.activation_backward(bench.context, Activation::kRelu, to, step.bias_gradients[layer].data(), to,
                                    step.outputs[layer + 1].data(), nullptr, kBatch, out);
    });
  }
  calls.emplace_back(name + "gemm weight gradient", [&bench, &step, layer, in, out] {
    bench.gpu.gemm(bench.context, Transpose::kTN, out, in, kBatch, step.deltas[layer + 1].data(),
                   step.outputs[layer].data(), step.gradients[layer].data());
  });
  if (layer == 2)
    calls.emplace_back(name + "bias gradient", [&bench, &step, layer, out] {
      bench.gpu.column_sum(bench.context, step.bias_gradients[layer].data(), step.deltas[layer + 1].data(), kBatch,
                           out);
    });
  if (layer == 0) return;
  calls.emplace_back(name + "gemm input gradient", [&bench, &step, layer, in, out] {
    bench.gpu.gemm(bench.context, Transpose::kNN, kBatch, in, out, step.deltas[layer + 1].data(),
                   step.weights[layer].data(), step.deltas[layer].data());
  });
}

void add_update(NamedCalls& calls, const Bench& bench, Step& step) {
  calls.emplace_back("adam and fingerprints of all tensors", [&bench, &step] {
    std::vector<kernels::OptimizedTensor> tensors;
    const auto add = [&](Buffer<float>& w, Buffer<float>& m, Buffer<float>& v, Buffer<float>& gradient) {
      tensors.push_back({w.data(), m.data(), v.data(), gradient.data(), static_cast<int>(w.size()),
                         static_cast<std::uint32_t>(tensors.size())});
    };
    for (std::size_t layer = 0; layer < 3; ++layer) {
      add(step.weights[layer], step.m[layer], step.v[layer], step.gradients[layer]);
      add(step.biases[layer], step.bias_m[layer], step.bias_v[layer], step.bias_gradients[layer]);
    }
    kernels::update_all(bench.gpu, bench.context, {}, step.state.data(), tensors, 0, nullptr, step.prints.data());
  });
}

NamedCalls step_calls(const Bench& bench, Step& step) {
  NamedCalls calls;
  calls.emplace_back("shuffle and gather", [&bench, &step] {
    bench.gpu.shuffle_indices(bench.context, step.indices.data(), 60000, 1, step.state.data(), kBatch);
    bench.gpu.gather_rows(bench.context, step.outputs[0].data(), step.data.data(), step.indices.data(), kBatch, 784);
    bench.gpu.gather_labels(bench.context, step.labels.data(), step.all_labels.data(), step.indices.data(), kBatch, 1);
    bench.gpu.batch_fingerprint(bench.context, step.indices.data(), kBatch, step.prints.data() + 6);
  });
  for (std::size_t layer = 0; layer < 3; ++layer) add_forward(calls, bench, step, layer);
  calls.emplace_back("softmax and loss", [&bench, &step] {
    bench.gpu.softmax_cross_entropy(bench.context, step.loss.data(), step.correct.data(), step.deltas[3].data(),
                                    step.outputs[3].data(), step.labels.data(), kBatch, 10, 0.0f);
  });
  for (std::size_t layer = 3; layer-- > 0;) add_backward(calls, bench, step, layer);
  add_update(calls, bench, step);
  return calls;
}

Json bench_step(const Bench& bench) {
  Step step(bench);
  const NamedCalls calls = step_calls(bench, step);
  const auto all = [&calls] {
    for (const auto& call : calls) call.second();
  };
  Json rows = Json::array();
  all();  // before it is recorded
  const auto recording = kernels::record(bench.gpu, bench.context, all);
  const auto replay = [&] { bench.gpu.replay(bench.context, *recording); };
  const std::vector<double> whole = best_of({all, replay}, bench.smoke);
  rows.push_back({{"op", "the whole step"}, {"seconds", whole[0]}});
  rows.push_back({{"op", "the whole step as a graph"}, {"seconds", whole[1]}});
  for (const auto& [name, call] : calls) {
    rows.push_back({{"op", name}, {"seconds", best_of({call}, bench.smoke)[0]}});
  }
  return rows;
}

/// Seconds of a call, of ten in a graph.
double seconds_in_graph(const Bench& bench, const std::function<void()>& call) {
  constexpr int kCalls = 10;
  call();  // before it is recorded
  const auto recording = kernels::record(bench.gpu, bench.context, [&] {
    for (int i = 0; i < kCalls; ++i) call();
  });
  return best_of({[&] { bench.gpu.replay(bench.context, *recording); }}, bench.smoke)[0] / kCalls;
}

/// Both forms of a layer with bias and relu. `in_one_call` answers whether it is one.
Json bench_layer(const Bench& bench, const std::string& name, const std::function<void()>& apart,
                 const std::function<bool()>& in_one_call) {
  Json row = {{"layer", name}, {"apart_seconds", seconds_in_graph(bench, apart)}};
  if (in_one_call()) row["fused_seconds"] = seconds_in_graph(bench, [&] { (void)in_one_call(); });
  return row;
}

Json bench_fused_dense(const Bench& bench, const std::string& precision, int outputs, int inputs) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  const Buffer<float> in = bench.random(size(kBatch, inputs)), weight = bench.random(size(outputs, inputs)),
                      bias = bench.random(size(outputs, 1));
  Buffer<float> out = bench.random(size(kBatch, outputs));
  return bench_layer(
      bench, "dense " + std::to_string(inputs) + " to " + std::to_string(outputs) + ", " + precision,
      [&] {
        bench.gpu.gemm(bench.context, Transpose::kNT, kBatch, outputs, inputs, in.data(), weight.data(), out.data());
        bench.gpu.bias_activation(bench.context, Activation::kRelu, out.data(), nullptr, out.data(), bias.data(),
                                  kBatch, outputs);
      },
      [&] {
        return bench.gpu.fused_dense(bench.context, Activation::kRelu, out.data(), in.data(), weight.data(),
                                     bias.data(), kBatch, outputs, inputs);
      });
}

Json bench_fused_conv2d(const Bench& bench, const std::string& precision, const kernels::Conv2dShape& s) {
  const auto size = [](auto... sides) { return (std::size_t{1} * ... * static_cast<std::size_t>(sides)); };
  const Buffer<float> x = bench.random(size(s.batch, s.height, s.width, s.channels)),
                      w = bench.random(size(s.filters, s.kernel_height, s.kernel_width, s.channels)),
                      bias = bench.random(size(s.filters));
  const int rows = s.batch * s.out_height * s.out_width;
  Buffer<float> y = bench.random(size(rows, s.filters));
  return bench_layer(
      bench,
      std::to_string(s.batch) + " images of side " + std::to_string(s.height) + ", " + std::to_string(s.channels) +
          " to " + std::to_string(s.filters) + " channels, " + precision,
      [&] {
        bench.gpu.conv2d(bench.context, s, y.data(), x.data(), w.data());
        bench.gpu.bias_activation(bench.context, Activation::kRelu, y.data(), nullptr, y.data(), bias.data(), rows,
                                  s.filters);
      },
      [&] {
        return bench.gpu.fused_conv2d(bench.context, Activation::kRelu, s, y.data(), x.data(), w.data(), bias.data());
      });
}

/// A layer in one call beside the calls that it stands for; why not, where fast-1 is not to be had.
Json bench_fused(bool smoke) {
  using kernels::fast::Precision;
  const kernels::Conv2dShape shapes[] = {{128, 28, 28, 1, 32, 3, 3, 1, 1, 1, 28, 28},
                                         {128, 14, 14, 32, 64, 3, 3, 1, 1, 1, 14, 14},
                                         {512, 32, 32, 3, 64, 3, 3, 1, 1, 1, 32, 32},
                                         {512, 32, 32, 64, 128, 3, 3, 1, 1, 1, 32, 32}};
  if (kernels::fast::backend() == nullptr) return "this build has no cuDNN and cuBLASLt";
  try {
    const std::unique_ptr<kernels::Context> context = kernels::fast::make_context();
    const Bench bench{*kernels::fast::backend(), *context, smoke};
    Json rows = Json::array();
    for (const Precision precision : {Precision::kFp32, Precision::kTf32, Precision::kBf16}) {
      kernels::fast::begin_trial(*context, precision, {});
      const std::string word(name(precision));
      rows.push_back(bench_fused_dense(bench, word, 512, 784));
      rows.push_back(bench_fused_dense(bench, word, 256, 512));
      for (const kernels::Conv2dShape& shape : shapes) rows.push_back(bench_fused_conv2d(bench, word, shape));
    }
    return rows;
  } catch (const core::EnvironmentError& error) {
    return error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc == 2 && std::strcmp(argv[1], "--smoke") == 0;
  if (argc > 1 && !smoke) {
    std::fputs("usage: gpu_bench [--smoke]\n", stderr);
    return 2;
  }
  std::unique_ptr<kernels::Context> context;
  try {
    context = kernels::make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    std::printf("skipped: %s\n", error.what());
    return 77;
  }
  try {
    const Bench bench{*kernels::cuda_backend(), *context, smoke};
    const Cublas cublas;
    Json result = {{"device", kernels::describe_device(*context)}, {"cublas", cublas.found()}};
    result["gemm"] = bench_gemm(bench, cublas);
    result["step"] = bench_step(bench);
    result["fused"] = bench_fused(smoke);
    std::printf("%s\n", result.dump(1).c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gpu_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
