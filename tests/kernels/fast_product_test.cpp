// The choice of an algorithm for a matrix product without a GPU: the rules and the record with a stand-in for cuBLASLt,
// and what cuBLASLt itself says of an algorithm's bytes where it is installed.
#include "kernels/fast/cublaslt.h"

#include "core/error.h"
#include "kernels/fast/plans.h"
#include "tests/catch.h"
#include "tests/skip.h"

namespace {

using namespace kernels::fast;
using kernels::Transpose;

const Product kProduct{Transpose::kNT, 128, 256, 784, Precision::kFp32, 16};

Algorithm algorithm(std::uint64_t id) { return {{id, 2, 3, 4, 5, 6, 7, ~std::uint64_t{0}}}; }

/// A cuBLASLt of which a test says everything; the first word of an algorithm is its number.
class FakeLibrary final : public ProductLibrary {
 public:
  std::string version() const override { return name; }
  std::vector<Algorithm> offers(const Product& product) override {
    asked.push_back(product.text());
    return list;
  }
  std::optional<std::uint64_t> workspace_bytes(const Product&, const Algorithm& one) override {
    if (one.words[0] == unsupported) return std::nullopt;
    return bytes;
  }
  AlgorithmFacts facts(const Product&, const Algorithm& one) override {
    AlgorithmFacts facts;
    facts.id = static_cast<int>(one.words[0]);
    facts.reduction = one.words[0] == 1 ? Reduction::kInPlace : Reduction::kComputeType;
    facts.uses_tensor_cores = one.words[0] == 2;
    return facts;
  }
  void run(const Product&, const Algorithm&, void*, const void*, const void*, const void*, void*,
           std::uint64_t) override {}

  std::string name = "cublaslt 13.1.0";
  std::vector<std::string> asked;
  std::vector<Algorithm> list = {algorithm(1), algorithm(2), algorithm(3), algorithm(4)};
  std::uint64_t unsupported = 0, bytes = 64;
};

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

const Product kFused{Transpose::kNT, 128, 256, 784, Precision::kFp32, 16, Epilogue::kBiasRelu};

/// Plans over a stand-in that lives as long as they do.
struct PlansOfFake {
  explicit PlansOfFake(std::vector<Choice> recorded)
      : plans({{}, [this] { return std::move(owned); }}, std::move(recorded)) {}
  std::vector<std::string> asked() const { return library->asked; }

  std::unique_ptr<FakeLibrary> owned = std::make_unique<FakeLibrary>();
  FakeLibrary* library = owned.get();
  Plans plans;
};

void require_cublaslt() {
  std::string why;
  if (!cublaslt_is_there(why)) skip(why);
}

}  // namespace

TEST_CASE("the key of a product's choice is its content and the alignment of its memory") {
  CHECK(kProduct.text() == "gemm nt m128 n256 k784 a16 fp32");
  Product fused = kProduct;
  for (const auto& [epilogue, text] :
       {std::pair(Epilogue::kBias, "gemm nt bias m128 n256 k784 a16 fp32"),
        std::pair(Epilogue::kBiasRelu, "gemm nt bias relu m128 n256 k784 a16 fp32"),
        std::pair(Epilogue::kBiasGradient, "gemm nt bias gradient m128 n256 k784 a16 fp32")}) {
    fused.epilogue = epilogue;
    CHECK(fused.text() == text);
  }
  alignas(32) static char memory[64];
  CHECK(alignment_of({memory, memory + 16}) == 16);
  CHECK(alignment_of({memory, memory + 8}) == 4);
}

TEST_CASE("an algorithm's bytes read back from 128 hexadecimal digits, and from nothing else") {
  const std::string digits = algorithm(0xabcdef0123456789).hexadecimal();
  CHECK(digits.size() == 128);
  CHECK(digits.substr(0, 32) == "abcdef01234567890000000000000002");
  CHECK(Algorithm::from_hexadecimal(digits) == algorithm(0xabcdef0123456789));
  CHECK_FALSE(Algorithm::from_hexadecimal(digits.substr(1)));
  CHECK_FALSE(Algorithm::from_hexadecimal(digits + "0"));
  CHECK_FALSE(Algorithm::from_hexadecimal("g" + digits.substr(1)));
  CHECK_FALSE(Algorithm::from_hexadecimal("-" + digits.substr(1)));
}

TEST_CASE("an algorithm is refused that adds into its output, or rounds where fp32 is asked for") {
  AlgorithmFacts facts;
  facts.uses_tensor_cores = false;
  for (const auto& [reduction, allowed] :
       {std::pair(Reduction::kNone, true), std::pair(Reduction::kInPlace, false),
        std::pair(Reduction::kComputeType, true), std::pair(Reduction::kOutputType, false)}) {
    facts.reduction = reduction;
    CHECK(refusal(facts, Precision::kFp32).empty() == allowed);
    CHECK(refusal(facts, Precision::kBf16).empty() == allowed);
  }
  facts.reduction = Reduction::kNone;
  facts.uses_tensor_cores = true;
  CHECK(refusal(facts, Precision::kFp32) == "tensor cores");
  CHECK(refusal(facts, Precision::kTf32).empty());
  facts.uses_tensor_cores.reset();
  CHECK(refusal(facts, Precision::kFp32) == "tensor cores");
  CHECK(refusal(facts, Precision::kBf16).empty());
}

TEST_CASE("the first offer that is neither refused nor fails the check is chosen") {
  FakeLibrary library;
  const Choice choice = choose(library, kProduct);
  CHECK(choice.algorithm == algorithm(3).hexadecimal());
  CHECK(choice.operation == kProduct.text());
  CHECK(choice.workspace_bytes == 64);
  CHECK(choice.decoded.at("reduction") == "compute type");
  library.unsupported = 3;
  CHECK(choose(library, kProduct).algorithm == algorithm(4).hexadecimal());
  Product rounding = kProduct;
  rounding.precision = Precision::kTf32;
  CHECK(choose(library, rounding).algorithm == algorithm(2).hexadecimal());
  library.bytes = kMostProductBytes + 1;
  CHECK(message_of([&] { (void)choose(library, kProduct); }) ==
        "cublaslt 13.1.0: has no algorithm for gemm nt m128 n256 k784 a16 fp32 that repeats its bits, use numerics "
        "portable, or another precision");
}

TEST_CASE("a recorded algorithm comes back only as what it was, and else names operation, record and present") {
  FakeLibrary library;
  const Choice recorded = choose(library, kProduct);
  library.list.clear();  // the heuristic is not asked again
  CHECK(rebuild(library, kProduct, Choice::from_json(recorded.to_json(), "")) == algorithm(3));
  const std::string front = kProduct.text() + ": recorded cublaslt 13.1.0 " + algorithm(3).hexadecimal() + ", present ";
  const auto text = [&](const Choice& choice) { return message_of([&] { (void)rebuild(library, kProduct, choice); }); };
  library.name = "cublaslt 13.2.0";
  CHECK(text(recorded) == front + "cublaslt 13.2.0");
  library.name = recorded.library;
  library.bytes = 65;
  CHECK(text(recorded) == front + "an algorithm that wants 65 bytes, not 64");
  library.bytes = 64;
  library.unsupported = 3;
  CHECK(text(recorded) == front + "cublaslt 13.1.0 without that algorithm");
  library.unsupported = 0;
  Choice other = recorded;
  other.decoded["splits"] = 9;
  CHECK(text(other).find("\"splits\":0") != std::string::npos);
}

TEST_CASE(
    "bias and relu are an epilogue of a product, and gelu, whose formula is another there, tanh and sigmoid are none") {
  using kernels::Activation;
  CHECK(epilogue_of(Activation::kNone) == Epilogue::kBias);
  CHECK(epilogue_of(Activation::kRelu) == Epilogue::kBiasRelu);
  for (const Activation other : {Activation::kGelu, Activation::kTanh, Activation::kSigmoid})
    CHECK_FALSE(epilogue_of(other));
}

TEST_CASE("a product with an epilogue is chosen, recorded and rebuilt under a key of its own, and asked for once") {
  PlansOfFake fresh({});
  const ProductPlan* const plan = fresh.plans.fused(kFused);
  REQUIRE(plan != nullptr);
  CHECK(plan->algorithm == algorithm(3));
  CHECK(fresh.plans.fused(kFused) == plan);
  CHECK(fresh.asked() == std::vector<std::string>{kFused.text()});
  const std::vector<Choice> choices = fresh.plans.take_choices();
  REQUIRE(choices.size() == 1);
  CHECK(choices[0].operation == "gemm nt bias relu m128 n256 k784 a16 fp32");

  PlansOfFake again(choices);
  REQUIRE(again.plans.fused(kFused) != nullptr);
  CHECK(again.plans.fused(kFused)->algorithm == algorithm(3));
  CHECK(again.asked().empty());
  CHECK(again.plans.take_choices() == choices);

  PlansOfFake elsewhere(choices);
  elsewhere.library->name = "cublaslt 13.2.0";
  CHECK_THROWS_AS(elsewhere.plans.fused(kFused), NotRebuilt);
}

TEST_CASE("where no algorithm has the epilogue, or the record has the product without it, it is done without") {
  PlansOfFake without({});
  without.library->list.clear();
  CHECK(without.plans.fused(kFused) == nullptr);
  CHECK(without.plans.fused(kFused) == nullptr);
  CHECK(without.asked().size() == 1);
  CHECK(without.plans.take_choices().empty());

  FakeLibrary library;
  PlansOfFake recorded({choose(library, kProduct)});
  CHECK(recorded.plans.fused(kFused) == nullptr);
  CHECK(recorded.asked().empty());
  CHECK(recorded.plans.product(kProduct).algorithm == algorithm(3));
}

TEST_CASE("cuBLASLt decodes an algorithm's bytes without a GPU") {
  require_cublaslt();
  const AlgorithmFacts facts = decode({});
  CHECK(facts.id == 0);
  CHECK(facts.reduction == Reduction::kNone);
  CHECK_FALSE(facts.uses_tensor_cores);
  Algorithm split;
  split.words[1] = std::uint64_t{3} << 32;  // as AlgoConfigSetAttribute of 13.1 puts it
  CHECK(decode(split).to_json().contains("splits"));
}
