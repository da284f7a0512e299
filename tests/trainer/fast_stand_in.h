// fast-1 where there is no GPU: its table upon the CPU's, and stand-ins for cuDNN and cuBLASLt that compute as the CPU
// does, so that what a training must end with is known. As on a GPU nothing may be asked of a library, made ready or
// allocated while calls are being recorded; whoever does fails the test.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/cpu_context.h"
#include "kernels/fast/bf16_formula.h"
#include "kernels/fast/table.h"
#include "tests/catch.h"

namespace stand_in {

using kernels::Context;
using namespace kernels::fast;

inline bool is_recording(Context& context) { return kernels::cpu::cpu_context(context).recorder.open() != nullptr; }

/// Runs `call` now, or writes it down.
inline void enqueue(Context& context, std::function<void()> call) {
  if (kernels::RecordedCalls* const recording = kernels::cpu::cpu_context(context).recorder.open())
    recording->add(std::move(call));
  else
    call();
}

/// As the CUDA context has it: one block, replaced by a larger one, that recordings hold on to. It holds NaNs whenever
/// it is handed out.
inline void* scratch(Context& context, const char*, std::size_t bytes) {
  static std::vector<std::shared_ptr<void>> blocks;  // to the end of the test
  static std::size_t most = 0;
  if (bytes > most || blocks.empty()) {
    CHECK_FALSE(is_recording(context));
    blocks.emplace_back(kernels::cpu::allocate_aligned(bytes), kernels::cpu::AlignedFree());
    most = bytes;
  }
  void* const memory = blocks.back().get();
  enqueue(context, [=] { std::memset(memory, 0xff, bytes); });
  return memory;
}

inline void to_bf16(Context& context, std::uint16_t* out, const float* in, std::size_t count) {
  enqueue(context, [=] {
    for (std::size_t i = 0; i < count; ++i) out[i] = kernels::fast::to_bf16(in[i]);
  });
}

inline void from_bf16(Context& context, float* out, const std::uint16_t* in, std::size_t count) {
  enqueue(context, [=] {
    for (std::size_t i = 0; i < count; ++i) out[i] = kernels::fast::from_bf16(in[i]);
  });
}

inline const Device kDevice{&kernels::cpu_backend(), scratch, to_bf16, from_bf16};

/// Arrays of a call as floats: they themselves, or copies of bfloat16 ones.
class Wide {
 public:
  Wide(Context& context, bool is_narrow) : context_(context), is_narrow_(is_narrow) {}

  const float* of(const void* in, std::size_t count) {
    if (!is_narrow_ || in == nullptr) return static_cast<const float*>(in);
    float* const copy = room(count);
    from_bf16(context_, copy, static_cast<const std::uint16_t*>(in), count);
    return copy;
  }
  float* out(void* out, std::size_t count) { return is_narrow_ ? room(count) : static_cast<float*>(out); }
  void store(void* out, const float* values, std::size_t count) {
    if (is_narrow_) to_bf16(context_, static_cast<std::uint16_t*>(out), values, count);
  }

 private:
  float* room(std::size_t count) {
    const auto memory = std::make_shared<std::vector<float>>(count);
    enqueue(context_, [memory] {});  // a recording keeps it
    kept_.push_back(memory);
    return memory->data();
  }

  Context& context_;
  bool is_narrow_;
  std::vector<std::shared_ptr<std::vector<float>>> kept_;
};

inline void activate(Context& context, Epilogue epilogue, float* values, const float* bias, int rows, int columns) {
  if (epilogue == Epilogue::kNone) return;
  const auto activation = epilogue == Epilogue::kBiasRelu ? kernels::Activation::kRelu : kernels::Activation::kNone;
  kernels::cpu_backend().bias_activation(context, activation, values, nullptr, values, bias, rows, columns);
}

class Plan final : public ConvolutionPlan {
 public:
  Plan(Context& context, const Convolution& convolution) : context_(context), convolution_(convolution) {}
  std::uint64_t workspace_bytes() const override { return 1000; }
  core::Json json() const override { return {{"engine", {{"engineId", 7}}}}; }

  void run(void* out, const void* in, const void* other, const void* bias, void* workspace) const override {
    CHECK((bias != nullptr) == (convolution_.epilogue != Epilogue::kNone));
    enqueue(context_, [=, bytes = workspace_bytes()] { std::memset(workspace, 0x41, bytes); });
    const kernels::Conv2dShape& s = convolution_.shape;
    const auto count = [](auto... sides) { return (std::size_t{1} * ... * static_cast<std::size_t>(sides)); };
    const std::size_t image = count(s.batch, s.height, s.width, s.channels);
    const std::size_t filter = count(s.filters, s.kernel_height, s.kernel_width, s.channels);
    const std::size_t result = count(s.batch, s.out_height, s.out_width, s.filters);
    const kernels::Backend& cpu = kernels::cpu_backend();
    Wide wide(context_, convolution_.precision == Precision::kBf16);
    switch (convolution_.part) {
      case ConvolutionPart::kForward: {
        float* const y = wide.out(out, result);
        cpu.conv2d(context_, s, y, wide.of(in, image), wide.of(other, filter));
        activate(context_, convolution_.epilogue, y, wide.of(bias, count(s.filters)),
                 s.batch * s.out_height * s.out_width, s.filters);
        return wide.store(out, y, result);
      }
      case ConvolutionPart::kData: {
        float* const dx = wide.out(out, image);
        cpu.conv2d_data(context_, s, dx, wide.of(in, result), wide.of(other, filter));
        return wide.store(out, dx, image);
      }
      case ConvolutionPart::kFilter: {
        float* const dw = wide.out(out, filter);
        cpu.conv2d_filter(context_, s, dw, wide.of(in, result), wide.of(other, image));
        return wide.store(out, dw, filter);
      }
    }
  }

 private:
  Context& context_;
  Convolution convolution_;
};

class StandInCudnn final : public Cudnn {
 public:
  StandInCudnn(Context& context, bool may_be_asked) : context_(context), may_be_asked_(may_be_asked) {}
  std::string version() const override { return "cudnn 0.0.0"; }
  std::string device_json() const override { return "{}"; }
  std::vector<Candidate> candidates(const Convolution&, Heuristic) override {
    CHECK(may_be_asked_);
    CHECK_FALSE(is_recording(context_));
    return {{{7, {{2, 4}}}, 1000, {}}};
  }
  std::unique_ptr<ConvolutionPlan> plan(const Convolution& convolution, const Engine&) override {
    CHECK_FALSE(is_recording(context_));
    return std::make_unique<Plan>(context_, convolution);
  }

 private:
  Context& context_;
  bool may_be_asked_;
};

class StandInProducts final : public ProductLibrary {
 public:
  StandInProducts(Context& context, bool may_be_asked) : context_(context), may_be_asked_(may_be_asked) {}
  std::string version() const override { return "cublaslt 0.0.0"; }
  std::vector<Algorithm> offers(const Product&) override {
    CHECK(may_be_asked_);
    CHECK_FALSE(is_recording(context_));
    return {{{1, 2, 3}}};
  }
  std::optional<std::uint64_t> workspace_bytes(const Product&, const Algorithm&) override {
    CHECK_FALSE(is_recording(context_));
    return 500;
  }
  AlgorithmFacts facts(const Product&, const Algorithm&) override {
    AlgorithmFacts facts;
    facts.uses_tensor_cores = false;
    return facts;
  }

  void run(const Product& product, const Algorithm&, void* c, const void* a, const void* b, const void* bias,
           void* workspace, std::uint64_t bytes) override {
    CHECK((bias != nullptr) == (product.epilogue != Epilogue::kNone));
    enqueue(context_, [=] { std::memset(workspace, 0x41, bytes); });
    const auto [transpose, m, n, k, precision, alignment, epilogue] = product;
    const kernels::Backend& cpu = kernels::cpu_backend();
    Wide wide(context_, precision == Precision::kBf16);
    const float* const left = wide.of(a, std::size_t(m) * std::size_t(k));
    const float* const right = wide.of(b, std::size_t(k) * std::size_t(n));
    auto* const result = static_cast<float*>(c);
    cpu.gemm(context_, transpose, m, n, k, left, right, result);
    auto* const numbers = static_cast<float*>(const_cast<void*>(bias));
    if (epilogue == Epilogue::kBiasGradient)
      cpu.column_sum(context_, numbers, left, k, m);
    else
      activate(context_, epilogue, result, numbers, m, n);
  }

 private:
  Context& context_;
  bool may_be_asked_;
};

inline const kernels::Backend& table() {
  static const kernels::Backend made = table_upon(kernels::cpu_backend());
  return made;
}

/// A context in whose trial operations are computed by `recorded`; with that, no heuristic may be asked.
inline std::unique_ptr<Context> open(Precision precision, std::vector<Choice> recorded = {}) {
  auto context = kernels::make_cpu_context(1);
  Context& here = *context;
  const bool may_be_asked = recorded.empty();
  const auto opened = [&here, may_be_asked]<class Library>(std::type_identity<Library>) {
    CHECK_FALSE(is_recording(here));
    return std::make_unique<Library>(here, may_be_asked);
  };
  here.attachment =
      std::make_unique<Trial>(kDevice, precision,
                              Plans::Libraries{[opened] { return opened(std::type_identity<StandInCudnn>()); },
                                               [opened] { return opened(std::type_identity<StandInProducts>()); },
                                               [&here] { return is_recording(here); }},
                              std::move(recorded));
  return context;
}

}  // namespace stand_in
