// cuDNN's backend API: descriptors are filled attribute by attribute and then finalized, which is where cuDNN answers.
// See cudnn.h. A plan without a device or a description of one makes cuDNN crash: every engine and plan here has one.
#include "kernels/fast/cudnn.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "kernels/fast/cudnn_descriptor.h"

namespace kernels::fast {
namespace {

using core::Json;

// Any numbers: they tie the pointers of a run to the tensors.
constexpr std::int64_t kImage = 'x', kFilter = 'w', kResult = 'y', kBias = 'b', kProducts = 'p', kSums = 's';

/// A tensor of four dimensions n, c, h, w that lies in memory as n, h, w, c; or in none, where it only passes from one
/// operation of a graph to the next.
Descriptor tensor(const std::string& about, std::int64_t id, cudnnDataType_t type, std::int64_t n, std::int64_t h,
                  std::int64_t w, std::int64_t c, bool only_passes = false) {
  Descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR, about);
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, std::vector<std::int64_t>{n, c, h, w})
      .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, std::vector<std::int64_t>{h * w * c, 1, w * c, c})
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, std::int64_t{16});
  if (only_passes) made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, char{1});
  made.finalize();
  return made;
}

Descriptor geometry(const std::string& about, const Conv2dShape& shape) {
  const auto behind = [&](int size, int kernel, int out, int pad) {
    return std::int64_t{std::max(0, (out - 1) * shape.stride + kernel - size - pad)};
  };
  Descriptor made(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, about);
  using Numbers = std::vector<std::int64_t>;
  made.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
      .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, std::int64_t{2})
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, Numbers{shape.pad_top, shape.pad_left})
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64,
           Numbers{behind(shape.height, shape.kernel_height, shape.out_height, shape.pad_top),
                   behind(shape.width, shape.kernel_width, shape.out_width, shape.pad_left)})
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, Numbers{1, 1})
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, Numbers{shape.stride, shape.stride})
      .finalize();
  return made;
}

/// The names under which an operation has its tensors.
struct OperationNames {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t image, filter, result, geometry, alpha, beta;
};

OperationNames names_of(ConvolutionPart part) {
  switch (part) {
    case ConvolutionPart::kForward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvolutionPart::kData:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case ConvolutionPart::kFilter:
      break;
  }
  return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
}

/// The operation to = mode(from), or mode(from, with), element by element in binary32.
Descriptor elementwise(cudnnPointwiseMode_t mode, const Descriptor& from, const Descriptor* with,
                       const Descriptor& to) {
  const std::string& about = to.about();
  Descriptor how(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, about);
  how.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
      .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
  if (mode == CUDNN_POINTWISE_RELU_FWD)
    how.set(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, CUDNN_PROPAGATE_NAN);
  how.finalize();
  Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, about);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how)
      .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, from)
      .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to);
  if (with != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *with);
  operation.finalize();
  return operation;
}

/// The convolution, or the gradient, whose result goes to `result`.
Descriptor convolve(const Convolution& convolution, cudnnDataType_t type, const Descriptor& result) {
  const std::string& about = result.about();
  const Conv2dShape& s = convolution.shape;
  const Descriptor image = tensor(about, kImage, type, s.batch, s.height, s.width, s.channels);
  const Descriptor filter = tensor(about, kFilter, type, s.filters, s.kernel_height, s.kernel_width, s.channels);
  const Descriptor how = geometry(about, s);
  const OperationNames names = names_of(convolution.part);
  Descriptor operation(names.type, about);
  operation.set(names.image, image)
      .set(names.filter, filter)
      .set(names.result, result)
      .set(names.geometry, how)
      .set(names.alpha, CUDNN_TYPE_FLOAT, 1.0f)
      .set(names.beta, CUDNN_TYPE_FLOAT, 0.0f)
      .finalize();
  return operation;
}

/// The graph of one operation, with what is done in the same call: what engines and heuristics are asked about. cuDNN
/// holds on to its parts.
Descriptor graph_of(const Convolution& convolution) {
  const std::string about = convolution.text();
  const Conv2dShape& s = convolution.shape;
  // Of tensors of two types in one convolution cuDNN 9.19 has no engine: with bfloat16 factors the result is one too,
  // and so is the bias. What passes between two operations is binary32.
  const cudnnDataType_t type = convolution.precision == Precision::kBf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  const auto results = [&](std::int64_t id) {
    const bool only_passes = id != kResult;
    return tensor(about, id, only_passes ? CUDNN_DATA_FLOAT : type, s.batch, s.out_height, s.out_width, s.filters,
                  only_passes);
  };
  const Descriptor last = results(kResult);
  std::vector<Descriptor> operations;
  if (convolution.epilogue == Epilogue::kNone) {
    operations.push_back(convolve(convolution, type, last));
  } else {
    const Descriptor products = results(kProducts), bias = tensor(about, kBias, type, 1, 1, 1, s.filters);
    operations.push_back(convolve(convolution, type, products));
    if (convolution.epilogue == Epilogue::kBias) {
      operations.push_back(elementwise(CUDNN_POINTWISE_ADD, products, &bias, last));
    } else {
      const Descriptor sums = results(kSums);
      operations.push_back(elementwise(CUDNN_POINTWISE_ADD, products, &bias, sums));
      operations.push_back(elementwise(CUDNN_POINTWISE_RELU_FWD, sums, nullptr, last));
    }
  }
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, about);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations).finalize();
  return graph;
}

/// "TENSOR_CORE" and its kin.
template <std::size_t kCount>
void add_notes(const std::vector<int>& given, const std::array<const char*, kCount>& names, const char* unknown,
               std::vector<std::string>& notes) {
  for (const int note : given)
    notes.push_back(note >= 0 && static_cast<std::size_t>(note) < kCount ? names[static_cast<std::size_t>(note)]
                                                                         : unknown + std::to_string(note));
}

std::vector<std::string> notes_of(const Descriptor& engine) {
  constexpr std::array kNumerical = {"TENSOR_CORE",
                                     "DOWN_CONVERT_INPUTS",
                                     "REDUCED_PRECISION_REDUCTION",
                                     "FFT",
                                     "NONDETERMINISTIC",
                                     "WINOGRAD",
                                     "WINOGRAD_TILE_4x4",
                                     "WINOGRAD_TILE_6x6",
                                     "WINOGRAD_TILE_13x13",
                                     "STRICT_NAN_PROP"};
  constexpr std::array kBehavior = {"RUNTIME_COMPILATION", "REQUIRES_FILTER_INT8x32_REORDER",
                                    "REQUIRES_BIAS_INT8x32_REORDER", "SUPPORTS_CUDA_GRAPH_NATIVE_API",
                                    "CUBLASLT_DEPENDENCY"};
  static_assert(kNumerical.size() == CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  constexpr std::int64_t kMost = 32;
  std::vector<std::string> notes;
  add_notes(engine.get<int>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, kMost), kNumerical,
            "NUMERICAL_NOTE_", notes);
  add_notes(engine.get<int>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, kMost), kBehavior,
            "BEHAVIOR_NOTE_", notes);
  return notes;
}

Candidate candidate_of(const Descriptor& configuration) {
  constexpr std::size_t kMostKnobs = 64;
  const std::string& about = configuration.about();
  Candidate candidate;
  auto engines = empty_descriptors(CUDNN_BACKEND_ENGINE_DESCRIPTOR, about, 1);
  (void)configuration.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, engines);
  candidate.engine.id = engines.front().number(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  candidate.notes = notes_of(engines.front());
  auto knobs = empty_descriptors(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, about, kMostKnobs);
  const std::size_t count = configuration.descriptors(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
  for (std::size_t i = 0; i < count; ++i) {
    const auto type = knobs[i].get<int>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1);
    candidate.engine.knobs.push_back(
        {type.empty() ? -1 : type.front(), knobs[i].number(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE)});
  }
  candidate.workspace_bytes = static_cast<std::uint64_t>(configuration.number(CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE));
  return candidate;
}

class Plan final : public ConvolutionPlan {
 public:
  Plan(Descriptor plan, ConvolutionPart part, cudnnHandle_t handle)
      : plan_(std::move(plan)),
        part_(part),
        handle_(handle),
        bytes_(static_cast<std::uint64_t>(plan_.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE))) {}

  std::uint64_t workspace_bytes() const override { return bytes_; }

  Json json() const override {
    return core::parse_json(plan_.text(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION), "cudnn");
  }

  void run(void* out, const void* in, const void* other, const void* bias, void* workspace) const override {
    core::check(handle_ != nullptr, "a plan for a device that is not there was to be run");
    // The op's order of tensors, with the constness that the C API has no word for.
    void* const first = const_cast<void*>(in);
    void* const second = const_cast<void*>(other);
    std::vector<void*> pointers;  // image, filter, result
    switch (part_) {
      case ConvolutionPart::kForward:
        pointers = {first, second, out};
        break;
      case ConvolutionPart::kData:
        pointers = {out, second, first};
        break;
      case ConvolutionPart::kFilter:
        pointers = {second, out, first};
        break;
    }
    std::vector<std::int64_t> ids = {kImage, kFilter, kResult};
    if (bias != nullptr) {
      ids.push_back(kBias);
      pointers.push_back(const_cast<void*>(bias));
    }
    Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, plan_.about());
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, ids)
        .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, pointers)
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace)
        .finalize();
    require(api().execute(handle_, plan_.handle(), pack.handle()), plan_.about(), "cudnnBackendExecute");
  }

 private:
  Descriptor plan_;
  ConvolutionPart part_;
  cudnnHandle_t handle_;
  std::uint64_t bytes_;
};

constexpr char kDevice[] = "the device";

Descriptor described_device(const std::string& json) {
  Descriptor device(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, kDevice);
  device
      .set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
           std::vector<char>(json.c_str(), json.c_str() + json.size() + 1))
      .finalize();
  return device;
}

Descriptor present_device(cudnnHandle_t handle) {
  Descriptor device(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, kDevice);
  device.set(CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, handle).finalize();
  return device;
}

cudnnHandle_t open_handle(void* stream) {
  cudnnHandle_t handle = nullptr;
  require(api().create_handle(&handle), kDevice, "cudnnCreate");
  if (const cudnnStatus_t status = api().set_stream(handle, static_cast<cudaStream_t>(stream));
      status != CUDNN_STATUS_SUCCESS) {
    (void)api().destroy_handle(handle);
    require(status, kDevice, "cudnnSetStream");
  }
  return handle;
}

class OpenCudnn final : public Cudnn {
 public:
  explicit OpenCudnn(const std::string& json) : device_(described_device(json)) {}
  explicit OpenCudnn(cudnnHandle_t handle) : handle_(handle, api().destroy_handle), device_(present_device(handle)) {}

  std::string version() const override { return cudnn_version(); }

  std::string device_json() const override { return device_.text(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION); }

  std::vector<Candidate> candidates(const Convolution& convolution, Heuristic heuristic) override {
    std::vector<Candidate> all;
    for (const Descriptor& one : configurations(graph_of(convolution), heuristic)) all.push_back(candidate_of(one));
    return all;
  }

  std::unique_ptr<ConvolutionPlan> plan(const Convolution& convolution, const Engine& engine) override {
    const std::string about = convolution.text();
    const Descriptor graph = graph_of(convolution);
    Descriptor chosen(CUDNN_BACKEND_ENGINE_DESCRIPTOR, about);
    chosen.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph)
        .set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, engine.id)
        .set(CUDNN_ATTR_ENGINE_DEVICEPROP, device_);
    if (chosen.try_finalize() != CUDNN_STATUS_SUCCESS) return nullptr;
    Descriptor configuration(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, about);
    configuration.set(CUDNN_ATTR_ENGINECFG_ENGINE, chosen);
    std::vector<Descriptor> knobs;
    for (const Knob& knob : engine.knobs) {
      knobs.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, about);
      knobs.back()
          .set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, static_cast<int>(knob.type))
          .set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, knob.value);
      if (knobs.back().try_finalize() != CUDNN_STATUS_SUCCESS) return nullptr;
    }
    if (!knobs.empty()) configuration.set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
    if (configuration.try_finalize() != CUDNN_STATUS_SUCCESS) return nullptr;
    Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, about);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device_).set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
    if (plan.try_finalize() != CUDNN_STATUS_SUCCESS) return nullptr;
    return std::make_unique<Plan>(std::move(plan), convolution.part, handle_.get());
  }

 private:
  std::vector<Descriptor> configurations(const Descriptor& graph, Heuristic heuristic) {
    constexpr std::size_t kMost = 256;
    Descriptor asked(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, graph.about());
    asked.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
        .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE,
             heuristic == Heuristic::kA ? CUDNN_HEUR_MODE_A : CUDNN_HEUR_MODE_FALLBACK)
        .set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device_);
    if (asked.try_finalize() != CUDNN_STATUS_SUCCESS) return {};
    auto found = empty_descriptors(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, graph.about(), kMost);
    const std::size_t count = asked.descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, found);
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
    return found;
  }

  std::unique_ptr<cudnnContext, decltype(&cudnnDestroy)> handle_{nullptr, api().destroy_handle};
  Descriptor device_;
};

}  // namespace

std::unique_ptr<Cudnn> Cudnn::described(std::string device_json) { return std::make_unique<OpenCudnn>(device_json); }

std::unique_ptr<Cudnn> Cudnn::on_device(void* stream) { return std::make_unique<OpenCudnn>(open_handle(stream)); }

std::string cudnn_version() { return version_text("cudnn", api().version()); }

bool cudnn_is_there(std::string& why) {
  return is_there([]() -> const Api& { return api(); }, why);
}

}  // namespace kernels::fast
