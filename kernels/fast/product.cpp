// See product.h.
#include "kernels/fast/product.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace kernels::fast {
namespace {

constexpr std::size_t kDigits = 16;  // of a word

std::string_view name(Transpose transpose) {
  constexpr std::array<std::string_view, 3> kNames = {"nn", "nt", "tn"};
  return kNames[static_cast<std::size_t>(transpose)];
}

std::string_view name(Reduction reduction) {
  switch (reduction) {
    case Reduction::kNone:
      return "none";
    case Reduction::kInPlace:
      return "in place";
    case Reduction::kComputeType:
      return "compute type";
    case Reduction::kOutputType:
      return "output type";
  }
  return "unknown";
}

}  // namespace

std::string Product::text() const {
  return key_text("gemm " + std::string(name(transpose)) + std::string(name(epilogue)),
                  {{"m", m}, {"n", n}, {"k", k}, {"a", alignment}}, precision);
}

int alignment_of(std::initializer_list<const void*> pointers) {
  const bool all = std::all_of(pointers.begin(), pointers.end(),
                               [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; });
  return all ? 16 : 4;
}

std::string Algorithm::hexadecimal() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string digits;
  for (const std::uint64_t word : words)
    for (int shift = 60; shift >= 0; shift -= 4) digits += kHex[word >> shift & 15];
  return digits;
}

std::optional<Algorithm> Algorithm::from_hexadecimal(std::string_view digits) {
  Algorithm algorithm;
  if (digits.size() != kDigits * algorithm.words.size()) return std::nullopt;
  for (std::size_t i = 0; i < algorithm.words.size(); ++i) {
    const char* const begin = digits.data() + i * kDigits;
    const auto [end, error] = std::from_chars(begin, begin + kDigits, algorithm.words[i], 16);
    if (error != std::errc() || end != begin + kDigits) return std::nullopt;
  }
  return algorithm;
}

core::Json AlgorithmFacts::to_json() const {
  core::Json json = {{"id", id},
                     {"tile", tile},
                     {"splits", splits},
                     {"reduction", name(reduction)},
                     {"swizzling", swizzling},
                     {"custom_option", custom_option},
                     {"stages", stages},
                     {"inner_shape", inner_shape},
                     {"cluster_shape", cluster_shape}};
  if (uses_tensor_cores) json["tensor_cores"] = *uses_tensor_cores;
  return json;
}

std::string refusal(const AlgorithmFacts& facts, Precision precision) {
  if (facts.reduction != Reduction::kNone && facts.reduction != Reduction::kComputeType) return "reduction";
  // An algorithm that does not say so might round the factors.
  if (precision == Precision::kFp32 && facts.uses_tensor_cores.value_or(true)) return "tensor cores";
  return "";
}

std::optional<Choice> find_choice(ProductLibrary& library, const Product& product) {
  for (const Algorithm& offer : library.offers(product)) {
    const AlgorithmFacts facts = library.facts(product, offer);
    if (!refusal(facts, product.precision).empty()) continue;
    const auto bytes = library.workspace_bytes(product, offer);
    if (!bytes || *bytes > kMostProductBytes) continue;
    return Choice{product.text(), library.version(), offer.hexadecimal(), *bytes, facts.to_json()};
  }
  return std::nullopt;
}

Choice choose(ProductLibrary& library, const Product& product) {
  if (auto choice = find_choice(library, product)) return *std::move(choice);
  throw core::EnvironmentError(library.version(), "has no algorithm for " + product.text() + " that repeats its bits",
                               "use numerics portable, or another precision");
}

Algorithm rebuild(ProductLibrary& library, const Product& product, const Choice& recorded) {
  if (recorded.library != library.version()) throw NotRebuilt(recorded, library.version());
  const auto algorithm = Algorithm::from_hexadecimal(recorded.algorithm);
  const auto bytes = algorithm ? library.workspace_bytes(product, *algorithm) : std::nullopt;
  if (!bytes) throw NotRebuilt(recorded, library.version() + " without that algorithm");
  if (*bytes != recorded.workspace_bytes)
    throw NotRebuilt(recorded, "an algorithm that wants " + std::to_string(*bytes) + " bytes, not " +
                                   std::to_string(recorded.workspace_bytes));
  if (const core::Json is = library.facts(product, *algorithm).to_json(); is != recorded.decoded)
    throw NotRebuilt(recorded, core::canonical_json(is));
  return *algorithm;
}

}  // namespace kernels::fast
