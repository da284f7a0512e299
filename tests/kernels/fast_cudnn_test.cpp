// What fast-1 chooses of what cuDNN's own heuristic names for devices that are described to it: no GPU is needed. Where
// cuDNN is not installed the cases are skipped.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "kernels/fast/plans.h"
#include "tests/catch.h"
#include "tests/skip.h"

namespace {

using namespace kernels::fast;
using kernels::Conv2dShape;

constexpr ConvolutionPart kParts[] = {ConvolutionPart::kForward, ConvolutionPart::kData, ConvolutionPart::kFilter};
constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kTf32, Precision::kBf16};
constexpr const char* kDevices[] = {"h200", "h100", "a100"};

const std::string kGolden = std::string(SWEEP_SOURCE_DIR) + "/tests/golden/devices/";

/// The layers of the convolutional models at the batches that they train with, and one of odd numbers.
std::vector<Conv2dShape> layers() {
  return {{128, 28, 28, 1, 32, 3, 3, 1, 1, 1, 28, 28}, {128, 14, 14, 32, 64, 3, 3, 1, 1, 1, 14, 14},
          {512, 32, 32, 3, 64, 3, 3, 1, 1, 1, 32, 32}, {512, 32, 32, 64, 128, 3, 3, 1, 1, 1, 32, 32},
          {512, 8, 8, 256, 256, 3, 3, 1, 1, 1, 8, 8},  {512, 32, 32, 64, 128, 1, 1, 2, 0, 0, 16, 16},
          {64, 32, 32, 64, 64, 3, 3, 1, 1, 1, 32, 32}, {37, 9, 7, 5, 6, 3, 3, 2, 0, 1, 5, 4}};
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::unique_ptr<Cudnn> cudnn_for(const std::string& device) {
  std::string why;
  if (!cudnn_is_there(why)) skip(why);
#if defined(__SANITIZE_ADDRESS__)
  __lsan_disable();  // the libraries keep much to their end, and are partly unloaded by then
#endif
  return Cudnn::described(text_of(kGolden + device + ".json"));
}

template <class Visit>
void each_convolution(const Visit& visit) {
  for (const Conv2dShape& shape : layers())
    for (const Precision precision : kPrecisions) {
      for (const ConvolutionPart part : kParts) visit(Convolution{part, shape, precision});
      visit(Convolution{ConvolutionPart::kForward, shape, precision, Epilogue::kBiasRelu});
    }
}

/// As Plans does; nothing where it is done without the epilogue.
std::optional<ChosenPlan> chosen_for(Cudnn& cudnn, const Convolution& convolution) {
  if (convolution.epilogue == Epilogue::kNone) return choose(cudnn, convolution);
  return find_fused(cudnn, convolution);
}

bool has_note(const Candidate& candidate, const std::string& note) {
  return std::find(candidate.notes.begin(), candidate.notes.end(), note) != candidate.notes.end();
}

bool has_note(const Choice& choice, const std::string& note) {
  const core::Json& notes = choice.decoded.at("notes");
  return std::find(notes.begin(), notes.end(), core::Json(note)) != notes.end();
}

const Convolution kLayer{ConvolutionPart::kForward, {64, 32, 32, 64, 64, 3, 3, 1, 1, 1, 32, 32}, Precision::kFp32};

}  // namespace

TEST_CASE("for a described GPU cuDNN's engines are those of the golden file") {
  for (const char* device : kDevices) {
    const auto cudnn = cudnn_for(device);
    std::string version = cudnn->version();
    std::replace(version.begin(), version.end(), ' ', '-');
    const std::string golden = text_of(kGolden + version + "/" + device + ".txt");
    if (golden.empty()) skip("there are no golden selections for " + cudnn->version());
    std::string lines;
    each_convolution([&](const Convolution& convolution) {
      const auto chosen = chosen_for(*cudnn, convolution);
      if (!chosen) {
        lines += convolution.text() + " | apart\n";
        return;
      }
      const Choice& choice = chosen->choice;
      lines += fmt::format("{} | {} | {} | {}\n", choice.operation, choice.algorithm, choice.workspace_bytes,
                           core::canonical_json(choice.decoded.at("notes")));
    });
    CHECK(lines == golden);
  }
}

TEST_CASE("no engine that differs from run to run is chosen, though cuDNN names some") {
  std::size_t named = 0, compiled = 0;
  for (const char* device : kDevices) {
    const auto cudnn = cudnn_for(device);
    each_convolution([&](const Convolution& convolution) {
      for (const Heuristic heuristic : {Heuristic::kA, Heuristic::kFallback}) {
        for (const Candidate& candidate : cudnn->candidates(convolution, heuristic)) {
          if (has_note(candidate, "RUNTIME_COMPILATION")) ++compiled;
          if (!has_note(candidate, "NONDETERMINISTIC")) continue;
          ++named;
          CHECK_FALSE(refusal(candidate, convolution.precision).empty());
        }
      }
      const auto chosen = chosen_for(*cudnn, convolution);
      if (!chosen) return;
      const Choice& choice = chosen->choice;
      CHECK_FALSE(has_note(choice, "NONDETERMINISTIC"));
      CHECK_FALSE(has_note(choice, "RUNTIME_COMPILATION"));
      if (convolution.precision == Precision::kFp32) CHECK_FALSE(has_note(choice, "TENSOR_CORE"));
      CHECK(choice.workspace_bytes <= kMostConvolutionBytes);
    });
  }
  CHECK(named > 0);
  CAPTURE(compiled);
}

// What choose() would take where only the engines that differ from run to run were left: they are supported, and the
// filter is all that keeps them out.
TEST_CASE("an engine that differs from run to run can be planned, so that the filter alone keeps it out") {
  const auto cudnn = cudnn_for("h200");
  std::size_t planned = 0;
  each_convolution([&](const Convolution& convolution) {
    for (const Candidate& candidate : cudnn->candidates(convolution, Heuristic::kFallback))
      if (has_note(candidate, "NONDETERMINISTIC") && cudnn->plan(convolution, candidate.engine)) ++planned;
  });
  CHECK(planned > 0);
}

TEST_CASE("every engine that cuDNN names for a described GPU is rebuilt from its tag to the same plan") {
  const auto cudnn = cudnn_for("h200");
  std::vector<Convolution> convolutions;
  for (const ConvolutionPart part : kParts) convolutions.push_back({part, kLayer.shape, Precision::kTf32});
  for (const Epilogue epilogue : {Epilogue::kBias, Epilogue::kBiasRelu})
    convolutions.push_back({ConvolutionPart::kForward, kLayer.shape, Precision::kTf32, epilogue});
  for (const Convolution& convolution : convolutions) {
    const Choice choice = chosen_for(*cudnn, convolution)->choice;
    CHECK(rebuild(*cudnn, convolution, Choice::from_json(choice.to_json(), ""))->json().at("engine") ==
          choice.decoded.at("engine"));
    for (const Candidate& candidate : cudnn->candidates(convolution, Heuristic::kA)) {
      const auto engine = Engine::from_tag(candidate.engine.tag());
      REQUIRE(engine);
      const auto plan = cudnn->plan(convolution, *engine);
      if (plan) CHECK(plan->workspace_bytes() == candidate.workspace_bytes);
    }
  }
}

TEST_CASE(
    "cuDNN is asked for a convolution, the sum with the bias and relu, and binary32 passes from one to the next") {
  const auto cudnn = cudnn_for("h200");
  for (const Precision precision : kPrecisions) {
    for (const Epilogue epilogue : {Epilogue::kNone, Epilogue::kBias, Epilogue::kBiasRelu}) {
      const Convolution convolution{ConvolutionPart::kForward, kLayer.shape, precision, epilogue};
      INFO(convolution.text());
      const core::Json graph = chosen_for(*cudnn, convolution)->plan->json().at("operationGraph");
      std::map<core::Json, core::Json> tensors;
      for (const core::Json& tensor : graph.at("tensors")) tensors[tensor.at("name")] = tensor;
      std::string steps;
      core::Json passed;
      for (const core::Json& node : graph.at("nodes")) {
        steps += node.value("pointwiseMode", "convolution") + " ";
        if (!passed.is_null()) CHECK(node.at("X") == passed);
        if (node.contains("B"))
          CHECK(tensors.at(node.at("B")).at("dim") == core::Json({1, convolution.shape.filters, 1, 1}));
        passed = node.at("Y");
      }
      CHECK(steps == (epilogue == Epilogue::kNone   ? "convolution "
                      : epilogue == Epilogue::kBias ? "convolution CUDNN_POINTWISE_ADD "
                                                    : "convolution CUDNN_POINTWISE_ADD CUDNN_POINTWISE_RELU_FWD "));
      CHECK(tensors.at(passed).at("isVirtual") == false);
      for (const auto& [name, tensor] : tensors) {
        const bool is_narrow = precision == Precision::kBf16 && !tensor.at("isVirtual").get<bool>();
        CHECK(tensor.at("dataType") == (is_narrow ? "CUDNN_DATA_BFLOAT16" : "CUDNN_DATA_FLOAT"));
      }
    }
  }
}

TEST_CASE("a choice made for one GPU is not rebuilt for another architecture") {
  const auto h200 = cudnn_for("h200"), a100 = cudnn_for("a100");
  const Convolution convolution{ConvolutionPart::kForward, kLayer.shape, Precision::kTf32};
  const Choice recorded = choose(*h200, convolution).choice;
  CHECK_THROWS_AS(rebuild(*a100, convolution, recorded), NotRebuilt);
}

TEST_CASE("knobs that are not an engine's make no plan") {
  const auto cudnn = cudnn_for("h200");
  CHECK(cudnn->plan(kLayer, {70, {{2, 100000}}}) == nullptr);
  CHECK(cudnn->plan(kLayer, {1000000, {}}) == nullptr);
}
