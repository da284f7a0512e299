// See cublaslt.h. cuBLASLt's matrices stand in columns: a row-major C = op(A)·op(B) is asked for as its transpose,
// op(B)ᵀ·op(A)ᵀ, which lies in the same memory.
#include "kernels/fast/cublaslt.h"

#include <cublasLt.h>

#include <bit>
#include <utility>

#include "core/error.h"
#include "kernels/fast/library.h"

#ifndef SWEEP_CUBLASLT_LIBRARY
#define SWEEP_CUBLASLT_LIBRARY ""  // where CMake found it; the loader's own search comes first
#endif

namespace kernels::fast {
namespace {

/// The few functions of cuBLASLt that are used.
struct Api {
  Library library{"cublaslt", {"libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR), SWEEP_CUBLASLT_LIBRARY}};
  decltype(&cublasLtGetVersion) version = nullptr;
  decltype(&cublasLtGetStatusString) words = nullptr;
  decltype(&cublasLtCreate) create_handle = nullptr;
  decltype(&cublasLtDestroy) destroy_handle = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulDescInit_internal) describe = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) set = nullptr;
  decltype(&cublasLtMatrixLayoutInit_internal) lay_out = nullptr;
  decltype(&cublasLtMatmulPreferenceInit_internal) prefer = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = nullptr;
  decltype(&cublasLtMatmulAlgoCheck) check = nullptr;
  decltype(&cublasLtMatmulAlgoConfigGetAttribute) setting = nullptr;
  decltype(&cublasLtMatmulAlgoCapGetAttribute) capability = nullptr;

  Api() {
    library.find("cublasLtGetVersion", version);
    library.find("cublasLtGetStatusString", words);
    library.find("cublasLtCreate", create_handle);
    library.find("cublasLtDestroy", destroy_handle);
    library.find("cublasLtMatmul", matmul);
    library.find("cublasLtMatmulDescInit_internal", describe);
    library.find("cublasLtMatmulDescSetAttribute", set);
    library.find("cublasLtMatrixLayoutInit_internal", lay_out);
    library.find("cublasLtMatmulPreferenceInit_internal", prefer);
    library.find("cublasLtMatmulPreferenceSetAttribute", set_preference);
    library.find("cublasLtMatmulAlgoGetHeuristic", heuristic);
    library.find("cublasLtMatmulAlgoCheck", check);
    library.find("cublasLtMatmulAlgoConfigGetAttribute", setting);
    library.find("cublasLtMatmulAlgoCapGetAttribute", capability);
  }
};

const Api& api() {
  static const Api opened;
  return opened;
}

void require(cublasStatus_t status, const std::string& about, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw core::EnvironmentError("cublaslt", about + ": " + call + ": " + api().words(status),
                               "use numerics portable, or another precision");
}

cudaDataType_t factor_type(Precision precision) { return precision == Precision::kBf16 ? CUDA_R_16BF : CUDA_R_32F; }

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return CUBLAS_COMPUTE_32F_PEDANTIC;
    case Precision::kTf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::kBf16:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

// Of the transpose that is asked for: what are columns of C here are its rows, and A is its second factor.
cublasLtEpilogue_t epilogue_number(Epilogue epilogue) {
  switch (epilogue) {
    case Epilogue::kNone:
      break;
    case Epilogue::kBias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Epilogue::kBiasRelu:
      return CUBLASLT_EPILOGUE_RELU_BIAS;
    case Epilogue::kBiasGradient:
      return CUBLASLT_EPILOGUE_BGRADB;
  }
  return CUBLASLT_EPILOGUE_DEFAULT;
}

/// Where the bias is said to be while cuBLASLt is only asked: of the alignment that the key names, and never looked at.
const void* nominal_bias(const Product& product) {
  return reinterpret_cast<const void*>(std::uintptr_t{256} + static_cast<unsigned>(product.alignment % 16));
}

/// All that cuBLASLt is told of a product: `first` is B, `second` A.
class Description {
 public:
  explicit Description(const Product& product) : Description(product, nominal_bias(product)) {}

  Description(const Product& product, const void* bias) : about_(product.text()) {
    const auto [transpose, m, n, k, precision, alignment, epilogue] = product;
    check(api().describe(&operation_, sizeof operation_, compute_type(precision), CUDA_R_32F), "DescInit");
    set(CUBLASLT_MATMUL_DESC_TRANSA, transpose == Transpose::kNT ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, transpose == Transpose::kTN ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (epilogue != Epilogue::kNone) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_number(epilogue));
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    }
    const auto lay_out = [&](cublasLtMatrixLayoutOpaque_t& layout, cudaDataType_t type, int rows, int columns) {
      check(api().lay_out(&layout, sizeof layout, type, static_cast<std::uint64_t>(columns),
                          static_cast<std::uint64_t>(rows), columns),
            "LayoutInit");
    };
    lay_out(first_, factor_type(precision), transpose == Transpose::kNT ? n : k, transpose == Transpose::kNT ? k : n);
    lay_out(second_, factor_type(precision), transpose == Transpose::kTN ? k : m, transpose == Transpose::kTN ? m : k);
    lay_out(result_, CUDA_R_32F, m, n);
    prefer(precision, alignment);
  }

  cublasLtMatmulDesc_t operation() { return &operation_; }
  cublasLtMatrixLayout_t first() { return &first_; }
  cublasLtMatrixLayout_t second() { return &second_; }
  cublasLtMatrixLayout_t result() { return &result_; }
  cublasLtMatmulPreference_t preference() { return &preference_; }
  const std::string& about() const { return about_; }

 private:
  void check(cublasStatus_t status, const char* call) { require(status, about_, call); }

  template <class T>
  void set(cublasLtMatmulDescAttributes_t name, T value) {
    check(api().set(&operation_, name, &value, sizeof value), "DescSetAttribute");
  }
  template <class T>
  void set(cublasLtMatmulPreferenceAttributes_t name, T value) {
    check(api().set_preference(&preference_, name, &value, sizeof value), "PreferenceSetAttribute");
  }

  void prefer(Precision precision, int alignment) {
    check(api().prefer(&preference_, sizeof preference_), "PreferenceInit");
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kMostProductBytes);
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    for (const auto side : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      set(side, static_cast<std::uint32_t>(alignment));
    if (precision == Precision::kFp32)
      set(CUBLASLT_MATMUL_PREF_IMPL_MASK, ~std::uint64_t{CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK});
  }

  std::string about_;
  cublasLtMatmulDescOpaque_t operation_{};
  cublasLtMatrixLayoutOpaque_t first_{}, second_{}, result_{};
  cublasLtMatmulPreferenceOpaque_t preference_{};
};

cublasLtMatmulAlgo_t native(const Algorithm& algorithm) { return std::bit_cast<cublasLtMatmulAlgo_t>(algorithm); }

class CublasLt final : public ProductLibrary {
 public:
  explicit CublasLt(cudaStream_t stream) : stream_(stream) {
    cublasLtHandle_t handle = nullptr;
    require(api().create_handle(&handle), "the device", "Create");
    handle_.reset(handle);
  }

  std::string version() const override { return cublaslt_version(); }

  std::vector<Algorithm> offers(const Product& product) override {
    Description about(product);
    std::array<cublasLtMatmulHeuristicResult_t, kOffers> results{};
    int count = 0;
    const cublasStatus_t status =
        api().heuristic(handle_.get(), about.operation(), about.first(), about.second(), about.result(), about.result(),
                        about.preference(), kOffers, results.data(), &count);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) return {};
    require(status, about.about(), "AlgoGetHeuristic");
    std::vector<Algorithm> found;
    for (int i = 0; i < count; ++i)
      if (results[static_cast<std::size_t>(i)].state == CUBLAS_STATUS_SUCCESS)
        found.push_back(std::bit_cast<Algorithm>(results[static_cast<std::size_t>(i)].algo));
    return found;
  }

  std::optional<std::uint64_t> workspace_bytes(const Product& product, const Algorithm& algorithm) override {
    Description about(product);
    const cublasLtMatmulAlgo_t bytes = native(algorithm);
    cublasLtMatmulHeuristicResult_t result{};
    const cublasStatus_t status = api().check(handle_.get(), about.operation(), about.first(), about.second(),
                                              about.result(), about.result(), &bytes, &result);
    if (status != CUBLAS_STATUS_SUCCESS || result.state != CUBLAS_STATUS_SUCCESS) return std::nullopt;
    return result.workspaceSize;
  }

  AlgorithmFacts facts(const Product&, const Algorithm& algorithm) override {
    AlgorithmFacts facts = decode(algorithm);
    const cublasLtMatmulAlgo_t bytes = native(algorithm);
    std::uint64_t flags = 0;
    std::size_t written = 0;
    if (api().capability(&bytes, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, &flags, sizeof flags, &written) ==
            CUBLAS_STATUS_SUCCESS &&
        written == sizeof flags)
      facts.uses_tensor_cores = (flags & CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK) != 0;
    return facts;
  }

  void run(const Product& product, const Algorithm& algorithm, void* c, const void* a, const void* b, const void* bias,
           void* workspace, std::uint64_t workspace_bytes) override {
    Description about(product, bias);
    const cublasLtMatmulAlgo_t bytes = native(algorithm);
    const float one = 1, zero = 0;
    require(api().matmul(handle_.get(), about.operation(), &one, b, about.first(), a, about.second(), &zero, c,
                         about.result(), c, about.result(), &bytes, workspace, workspace_bytes, stream_),
            about.about(), "Matmul");
  }

 private:
  std::unique_ptr<cublasLtContext, decltype(&cublasLtDestroy)> handle_{nullptr, api().destroy_handle};
  cudaStream_t stream_;
};

}  // namespace

std::unique_ptr<ProductLibrary> open_cublaslt(void* stream) {
  return std::make_unique<CublasLt>(static_cast<cudaStream_t>(stream));
}

AlgorithmFacts decode(const Algorithm& algorithm) {
  const cublasLtMatmulAlgo_t bytes = native(algorithm);
  const auto setting = [&](cublasLtMatmulAlgoConfigAttributes_t name, auto width) {
    std::size_t written = 0;
    require(api().setting(&bytes, name, &width, sizeof width, &written), "an algorithm", "AlgoConfigGetAttribute");
    return static_cast<int>(width);
  };
  constexpr std::uint32_t kWide = 0;
  constexpr std::uint16_t kNarrow = 0;
  AlgorithmFacts facts;
  facts.id = setting(CUBLASLT_ALGO_CONFIG_ID, std::int32_t{0});
  facts.tile = setting(CUBLASLT_ALGO_CONFIG_TILE_ID, kWide);
  facts.splits = setting(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, std::int32_t{0});
  facts.reduction = static_cast<Reduction>(setting(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, kWide));
  facts.swizzling = setting(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, kWide);
  facts.custom_option = setting(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, kWide);
  facts.stages = setting(CUBLASLT_ALGO_CONFIG_STAGES_ID, kWide);
  facts.inner_shape = setting(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, kNarrow);
  facts.cluster_shape = setting(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, kNarrow);
  return facts;
}

std::string cublaslt_version() { return version_text("cublaslt", api().version()); }

bool cublaslt_is_there(std::string& why) {
  return is_there([]() -> const Api& { return api(); }, why);
}

}  // namespace kernels::fast
