// A matrix product as cuBLASLt is asked for it, what cuBLASLt offers, and which offer fast-1 takes. No cuBLASLt in
// here: the rules and the record are tested without it, and without the GPU that its heuristic needs. Callers:
// cublaslt.cpp, cuda_fast.cpp, tests.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/fast/choice.h"
#include "kernels/fast/epilogue.h"
#include "kernels/ops.h"

namespace kernels::fast {

/// Scratch memory that an algorithm may have; constant for the same reason as kMostConvolutionBytes.
inline constexpr std::uint64_t kMostProductBytes = std::uint64_t{32} << 20;

/// C = op(A)·op(B), row-major, as ops::gemm has it.
struct Product {
  Transpose transpose;
  int m, n, k;
  Precision precision;
  int alignment;  ///< in bytes, of every pointer: 16 or 4. It changes what is offered
  Epilogue epilogue = Epilogue::kNone;

  /// "gemm nt m128 n256 k784 a16 tf32", "gemm nt bias relu m128 …": the key of its choice. On disk.
  std::string text() const;
};

/// The alignment of Product for these pointers.
int alignment_of(std::initializer_list<const void*> pointers);

/// What cuBLASLt calls an algorithm: bytes that are good for one version of it.
struct Algorithm {
  std::array<std::uint64_t, 8> words{};

  bool operator==(const Algorithm&) const = default;
  /// 128 hexadecimal digits, each word with its highest first. On disk.
  std::string hexadecimal() const;
  static std::optional<Algorithm> from_hexadecimal(std::string_view digits);
};

/// How an algorithm adds what several blocks have of one output.
enum class Reduction { kNone = 0, kInPlace = 1, kComputeType = 2, kOutputType = 4 };

/// What the bytes of an algorithm say.
struct AlgorithmFacts {
  int id = 0, tile = 0, splits = 0, swizzling = 0, custom_option = 0, stages = 0, inner_shape = 0, cluster_shape = 0;
  Reduction reduction = Reduction::kNone;
  std::optional<bool> uses_tensor_cores;  ///< nothing where cuBLASLt does not say: without a GPU

  core::Json to_json() const;
};

/// Why fast-1 does not take it: "reduction", "tensor cores"; empty where it does.
std::string refusal(const AlgorithmFacts& facts, Precision precision);

/// What answers for cuBLASLt; tests put another in its place.
class ProductLibrary {
 public:
  virtual ~ProductLibrary() = default;
  ProductLibrary(const ProductLibrary&) = delete;
  ProductLibrary& operator=(const ProductLibrary&) = delete;

  /// "cublaslt 13.1.0"
  virtual std::string version() const = 0;
  /// At most kOffers, the best first.
  virtual std::vector<Algorithm> offers(const Product& product) = 0;
  /// The scratch memory that the algorithm needs for this product here; nothing where it cannot compute it.
  virtual std::optional<std::uint64_t> workspace_bytes(const Product& product, const Algorithm& algorithm) = 0;
  virtual AlgorithmFacts facts(const Product& product, const Algorithm& algorithm) = 0;
  /// In stream order. `bias`: of the epilogue, read or written as it says; null without one. `workspace`:
  /// workspace_bytes().
  virtual void run(const Product& product, const Algorithm& algorithm, void* c, const void* a, const void* b,
                   const void* bias, void* workspace, std::uint64_t workspace_bytes) = 0;

 protected:
  ProductLibrary() = default;
};

inline constexpr int kOffers = 8;

/// The first offer that refusal() lets pass and that passes cuBLASLt's own check; nothing where there is none.
std::optional<Choice> find_choice(ProductLibrary& library, const Product& product);
/// The same. Errors: EnvironmentError where there is none.
Choice choose(ProductLibrary& library, const Product& product);
/// The algorithm of a recorded choice. Errors: NotRebuilt, where it is not of this version or cannot compute it here.
Algorithm rebuild(ProductLibrary& library, const Product& product, const Choice& recorded);

}  // namespace kernels::fast
