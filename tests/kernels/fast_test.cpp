// The choices of fast-1 without a GPU: the rules, the record and its return, with stand-ins for the libraries.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "core/error.h"
#include "kernels/fast/bf16_formula.h"
#include "kernels/fast/plans.h"
#include "tests/catch.h"

namespace {

using namespace kernels::fast;

constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kTf32, Precision::kBf16};

/// An engine that is supported, with what it wants.
class FakePlan final : public ConvolutionPlan {
 public:
  FakePlan(const Engine& engine, std::uint64_t bytes) : engine_(engine), bytes_(bytes) {}
  std::uint64_t workspace_bytes() const override { return bytes_; }
  core::Json json() const override { return {{"engine", {{"engineId", engine_.id}}}}; }
  void run(void*, const void*, const void*, const void*, void*) const override {}

 private:
  Engine engine_;
  std::uint64_t bytes_;
};

/// A cuDNN of which a test says everything.
class FakeCudnn final : public Cudnn {
 public:
  std::string version() const override { return name; }
  std::string device_json() const override { return "{}"; }
  std::vector<Candidate> candidates(const Convolution& convolution, Heuristic heuristic) override {
    asked.push_back(convolution.text());
    return (convolution.epilogue == Epilogue::kNone ? lists : fused_lists)[heuristic];
  }
  std::unique_ptr<ConvolutionPlan> plan(const Convolution&, const Engine& engine) override {
    if (unsupported == engine.id) return nullptr;
    return std::make_unique<FakePlan>(engine, bytes);
  }

  std::string name = "cudnn 9.19.0";
  std::vector<std::string> asked;
  std::map<Heuristic, std::vector<Candidate>> lists, fused_lists;
  std::int64_t unsupported = -1;
  std::uint64_t bytes = 100;
};

const Convolution kLayer{ConvolutionPart::kForward, {64, 32, 32, 64, 64, 3, 3, 1, 1, 1, 32, 32}, Precision::kFp32};

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an engine's tag reads back to the engine, and what is no tag to nothing") {
  const Engine engine{71, {{2, 1}, {13, 0}, {27, -5}}};
  CHECK(engine.tag() == "eng71_k2=1_k13=0_k27=-5");
  CHECK(Engine::from_tag(engine.tag()) == engine);
  CHECK(Engine::from_tag("eng0") == Engine{0, {}});
  for (const char* wrong : {"", "eng", "71", "eng-1", "eng71_", "eng71_k2", "eng71_k2=", "eng71_k2=1_", "eng71k2=1",
                            "eng71_k2=1 ", "eng99999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(Engine::from_tag(wrong));
  }
  std::string many = "eng1";
  for (int i = 0; i < 65; ++i) many += "_k1=1";
  CHECK_FALSE(Engine::from_tag(many));
}

TEST_CASE("the key of a convolution's choice is its content") {
  CHECK(kLayer.text() == "conv2d n64 h32 w32 c64 f64 kh3 kw3 s1 pt1 pl1 oh32 ow32 fp32");
}

TEST_CASE("an engine is refused for a note that changes bits from run to run or is unknown, and for its appetite") {
  const auto reason = [](std::vector<std::string> notes, Precision precision, std::uint64_t bytes = 0) {
    return refusal({{1, {}}, bytes, std::move(notes)}, precision);
  };
  for (const Precision precision : kPrecisions) {
    for (const char* note :
         {"NONDETERMINISTIC", "REDUCED_PRECISION_REDUCTION", "FFT", "WINOGRAD", "WINOGRAD_TILE_4x4",
          "WINOGRAD_TILE_6x6", "WINOGRAD_TILE_13x13", "RUNTIME_COMPILATION", "NUMERICAL_NOTE_10", "BEHAVIOR_NOTE_5"}) {
      INFO(note);
      CHECK(reason({note}, precision) == note);
      CHECK(reason({"TENSOR_CORE", note}, Precision::kTf32) == note);
    }
    CHECK(reason({"STRICT_NAN_PROP", "SUPPORTS_CUDA_GRAPH_NATIVE_API", "CUBLASLT_DEPENDENCY"}, precision).empty());
    CHECK(reason({}, precision, kMostConvolutionBytes).empty());
    CHECK(reason({}, precision, kMostConvolutionBytes + 1) == "workspace");
  }
  CHECK(reason({"TENSOR_CORE"}, Precision::kFp32) == "TENSOR_CORE");
  CHECK(reason({"DOWN_CONVERT_INPUTS"}, Precision::kFp32) == "DOWN_CONVERT_INPUTS");
  CHECK(reason({"TENSOR_CORE", "DOWN_CONVERT_INPUTS"}, Precision::kTf32).empty());
  CHECK(reason({"TENSOR_CORE"}, Precision::kBf16).empty());
}

TEST_CASE("the first engine of list A that is neither refused nor unsupported is chosen, then one of the other list") {
  FakeCudnn cudnn;
  cudnn.lists[Heuristic::kA] = {{{5, {}}, 0, {"TENSOR_CORE"}}, {{6, {}}, 0, {}}, {{7, {{2, 4}}}, 0, {}}};
  cudnn.lists[Heuristic::kFallback] = {{{25, {}}, 0, {"NONDETERMINISTIC"}}, {{0, {}}, 0, {"STRICT_NAN_PROP"}}};
  CHECK(choose(cudnn, kLayer).choice.algorithm == "eng6");
  cudnn.unsupported = 6;
  const Choice choice = choose(cudnn, kLayer).choice;
  CHECK(choice.algorithm == "eng7_k2=4");
  CHECK(choice.operation == kLayer.text());
  CHECK(choice.library == "cudnn 9.19.0");
  CHECK(choice.workspace_bytes == 100);
  cudnn.lists[Heuristic::kA].clear();
  CHECK(choose(cudnn, kLayer).choice.algorithm == "eng0");
  cudnn.bytes = kMostConvolutionBytes + 1;
  CHECK(message_of([&] { (void)choose(cudnn, kLayer); }) ==
        "cudnn 9.19.0: has no engine for " + kLayer.text() +
            " that repeats its bits, use numerics portable, or another precision");
}

TEST_CASE("a recorded engine comes back only as what it was, and else names operation, record and present") {
  FakeCudnn cudnn;
  cudnn.lists[Heuristic::kA] = {{{7, {{2, 4}}}, 0, {}}};
  const Choice recorded = choose(cudnn, kLayer).choice;
  cudnn.lists.clear();  // the heuristic is not asked again
  CHECK(rebuild(cudnn, kLayer, recorded) != nullptr);
  const std::string front = kLayer.text() + ": recorded cudnn 9.19.0 eng7_k2=4, present ";
  const auto text = [&](const Choice& choice) { return message_of([&] { (void)rebuild(cudnn, kLayer, choice); }); };

  cudnn.name = "cudnn 9.20.1";
  CHECK(text(recorded) == front + "cudnn 9.20.1");
  cudnn.name = recorded.library;
  cudnn.bytes = 7;
  CHECK(text(recorded) == front + "an engine that wants 7 bytes, not 100");
  cudnn.bytes = 100;
  cudnn.unsupported = 7;
  CHECK(text(recorded) == front + "cudnn 9.19.0 without that engine");
  cudnn.unsupported = -1;
  Choice other = recorded;
  other.decoded["engine"]["engineId"] = 8;
  CHECK(text(other) == front + "{\"engineId\":7}");
  other.decoded.erase("engine");
  CHECK(text(other) == front + "{\"engineId\":7}");
  other.algorithm = "engine seven";
  CHECK(text(other).find("without that engine") != std::string::npos);
}

TEST_CASE("an operation is chosen once and told once, and one that is recorded is not chosen") {
  int opened = 0;
  Choice recorded;
  const auto plans_with = [&](std::vector<Choice> choices) {
    return Plans({[&] {
                    ++opened;
                    auto cudnn = std::make_unique<FakeCudnn>();
                    cudnn->lists[Heuristic::kA] = {{{7, {{2, 4}}}, 0, {}}};
                    return cudnn;
                  },
                  nullptr},
                 std::move(choices));
  };
  Plans first = plans_with({});
  CHECK(opened == 0);
  const ConvolutionPlan& plan = first.convolution(kLayer);
  CHECK(&first.convolution(kLayer) == &plan);
  CHECK(opened == 1);
  const std::vector<Choice> told = first.take_choices();
  REQUIRE(told.size() == 1);
  CHECK(first.take_choices().empty());

  Choice other = told.front();
  other.algorithm = "eng9";
  other.decoded["engine"]["engineId"] = 9;
  Plans again = plans_with({other});
  (void)again.convolution(kLayer);
  CHECK(again.take_choices() == std::vector<Choice>{other});

  other.library = "cudnn 9.18.0";
  Plans elsewhere = plans_with({other});
  CHECK_THROWS_AS(elsewhere.convolution(kLayer), NotRebuilt);
}

namespace {

Convolution with(Epilogue epilogue) {
  Convolution layer = kLayer;
  layer.epilogue = epilogue;
  return layer;
}

/// Plans over a stand-in that lives as long as they do, and offers one engine.
struct PlansOfFake {
  explicit PlansOfFake(std::vector<Choice> recorded)
      : plans({[this] { return std::move(owned); }, {}, [this] { return is_recording; }}, std::move(recorded)) {
    cudnn->lists[Heuristic::kA] = cudnn->fused_lists[Heuristic::kA] = {{{7, {{2, 4}}}, 0, {}}};
  }

  std::unique_ptr<FakeCudnn> owned = std::make_unique<FakeCudnn>();
  FakeCudnn* cudnn = owned.get();
  bool is_recording = false;
  Plans plans;
};

}  // namespace

TEST_CASE("a convolution with bias and activation is chosen, recorded and rebuilt under a key of its own") {
  const Convolution fused = with(Epilogue::kBiasRelu);
  CHECK(fused.text() == "conv2d bias relu n64 h32 w32 c64 f64 kh3 kw3 s1 pt1 pl1 oh32 ow32 fp32");
  CHECK(with(Epilogue::kBias).text() == "conv2d bias n64 h32 w32 c64 f64 kh3 kw3 s1 pt1 pl1 oh32 ow32 fp32");
  PlansOfFake fresh({});
  const ConvolutionPlan* const plan = fresh.plans.fused(fused);
  REQUIRE(plan != nullptr);
  CHECK(&fresh.plans.convolution(kLayer) != plan);
  CHECK(fresh.plans.fused(fused) == plan);
  CHECK(fresh.cudnn->asked == std::vector<std::string>{fused.text(), kLayer.text(), kLayer.text()});
  const std::vector<Choice> choices = fresh.plans.take_choices();
  REQUIRE(choices.size() == 2);
  CHECK(choices[0].operation == fused.text());

  PlansOfFake again(choices);
  CHECK(again.plans.fused(fused) != nullptr);
  CHECK(again.cudnn->asked.empty());
  CHECK(again.plans.take_choices() == std::vector<Choice>{choices[0]});

  PlansOfFake elsewhere(choices);
  elsewhere.cudnn->name = "cudnn 9.20.1";
  CHECK_THROWS_AS(elsewhere.plans.fused(fused), NotRebuilt);
}

TEST_CASE(
    "where no engine may have bias and activation, or the record has the convolution without, it is done without") {
  const Convolution fused = with(Epilogue::kBiasRelu);
  PlansOfFake without({});
  without.cudnn->fused_lists[Heuristic::kA] = {{{5, {}}, 0, {"NONDETERMINISTIC"}},
                                               {{6, {}}, 0, {"RUNTIME_COMPILATION"}}};
  CHECK(without.plans.fused(fused) == nullptr);
  CHECK(without.plans.fused(fused) == nullptr);
  CHECK(without.cudnn->asked == std::vector<std::string>{fused.text(), fused.text()});  // one question for each list
  CHECK(without.plans.take_choices().empty());

  FakeCudnn cudnn;
  cudnn.lists[Heuristic::kA] = {{{7, {{2, 4}}}, 0, {}}};
  PlansOfFake recorded({choose(cudnn, kLayer).choice});
  CHECK(recorded.plans.fused(fused) == nullptr);
  CHECK(recorded.cudnn->asked.empty());
}

TEST_CASE(
    "bias and activation are not fused where only a lesser engine has them than the convolution would have alone") {
  Convolution fused = with(Epilogue::kBiasRelu);
  fused.precision = Precision::kTf32;
  const Candidate plain{{7, {}}, 0, {}}, fast{{8, {}}, 0, {"TENSOR_CORE"}};
  struct Case {
    std::vector<Candidate> fused_a, fused_fallback, alone_a, alone_fallback;
    bool is_fused;
  };
  for (const Case& each :
       {Case{{plain}, {}, {plain}, {}, true}, Case{{fast}, {}, {plain}, {}, true}, Case{{fast}, {}, {fast}, {}, true},
        Case{{plain}, {}, {fast}, {}, false}, Case{{}, {plain}, {plain}, {}, false},
        Case{{}, {plain}, {}, {plain}, true}, Case{{}, {plain}, {}, {fast}, false}, Case{{plain}, {}, {}, {}, true}}) {
    FakeCudnn cudnn;
    cudnn.fused_lists = {{Heuristic::kA, each.fused_a}, {Heuristic::kFallback, each.fused_fallback}};
    cudnn.lists = {{Heuristic::kA, each.alone_a}, {Heuristic::kFallback, each.alone_fallback}};
    CHECK(find_fused(cudnn, fused).has_value() == each.is_fused);
  }
}

TEST_CASE("while calls are recorded a known operation has its plan, and an unknown one ends the program") {
  PlansOfFake fake({});
  const ConvolutionPlan& known = fake.plans.convolution(kLayer);
  fake.is_recording = true;
  CHECK(&fake.plans.convolution(kLayer) == &known);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    ::dup2(ends[1], STDERR_FILENO);
    (void)fake.plans.fused(with(Epilogue::kBias));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], said.data(), said.size()))));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(said.find("conv2d bias n64") != std::string::npos);
  CHECK(said.find("is recorded and never ran") != std::string::npos);
  CHECK(fake.cudnn->asked.size() == 1);
}

TEST_CASE("a float becomes the nearest bfloat16, ties to even, and comes back exactly") {
  const auto rounded = [](std::uint32_t bits) { return to_bf16(core::portable::float_of(bits)); };
  CHECK(rounded(0x3f800000) == 0x3f80);
  CHECK(rounded(0x3f807fff) == 0x3f80);
  CHECK(rounded(0x3f808000) == 0x3f80);  // a tie, to even
  CHECK(rounded(0x3f808001) == 0x3f81);
  CHECK(rounded(0x3f818000) == 0x3f82);  // a tie, to even
  CHECK(rounded(0xbf818000) == 0xbf82);
  CHECK(rounded(0x7f7fffff) == 0x7f80);  // too large
  CHECK(rounded(0x7f800000) == 0x7f80);
  CHECK(rounded(0x7f800001) == 0x7fc0);  // a NaN stays one
  CHECK(rounded(0xffffffff) == 0xffff);
  CHECK(rounded(0x80000000) == 0x8000);
  CHECK(rounded(0x00008000) == 0x0000);  // a denormal tie
  CHECK(rounded(0x00018000) == 0x0002);
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const bool signals = (bits & 0x7fff) > 0x7f80 && !(bits & 0x40);
    if (to_bf16(from_bf16(half)) != (signals ? half | 0x40 : half)) FAIL_CHECK(bits);
  }
}

TEST_CASE("a choice reads back from its JSON, and a wrong field is named") {
  const Choice choice{"conv2d n1", "cudnn 9.19.0", "eng1_k2=6", 288, {{"notes", {"TENSOR_CORE"}}}};
  const core::Json json = choice.to_json();
  CHECK(Choice::from_json(core::parse_json(core::canonical_json(json), ""), "x") == choice);
  for (const char* field : {"operation", "library", "algorithm", "workspace_bytes", "decoded"}) {
    core::Json wrong = json;
    wrong[field] = true;
    const std::string text = message_of([&] { (void)Choice::from_json(wrong, "trial.json"); });
    CHECK(text == "trial.json: field '" + std::string(field) + "' is missing or of the wrong type");
    wrong.erase(field);
    CHECK(message_of([&] { (void)Choice::from_json(wrong, "trial.json"); }) == text);
  }
  CHECK(message_of([] { (void)Choice::from_json(3, "trial.json"); }) ==
        "trial.json: a choice of an algorithm is a JSON object");
}
