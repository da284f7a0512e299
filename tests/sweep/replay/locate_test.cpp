// What the controller makes of a trainer's answers about a step: it believes a proof only where the record agrees.
#include "sweep/replay/locate.h"

#include "core/error.h"
#include "sweep/replay/against.h"
#include "tests/catch.h"

using core::Json;
using sweep::Located;
using sweep::TrialRecord;

namespace {

// Steps 1 to 3 of two tensors.
TrialRecord record() {
  TrialRecord made;
  protocol::Trace trace;
  trace.from = 1;
  trace.to = 3;
  trace.tensors = {"fc.weight", "fc.bias"};
  trace.weights = {0x11, 0x12, 0x21, 0x22, 0x31, 0x32};
  trace.batch = {0xb1, 0xb2, 0xb3};
  made.traces[1] = trace;
  return made;
}

Json place(bool batch, const Json& tensors, const Json& same) {
  return {{"located",
           {{"step", 2},
            {"first_step", 2},
            {"epoch", 1},
            {"batch", batch},
            {"tensors", tensors},
            {"same", same},
            {"reproduced", false}}}};
}

Json hypothesis(const std::string& text, const Json& weights, const Json& later) {
  return {{"hypothesis", text}, {"kind", "seed"}, {"detail", Json::object()},   {"batch", "00000000000000b2"},
          {"weights", weights}, {"proven", true}, {"scope", "in step 2 alone"}, {"explains_later", later}};
}

const Json kRecorded = {"0000000000000021", "0000000000000022"};

std::string all(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

sweep::Difference difference(sweep::Difference::Kind kind) {
  sweep::Difference made;
  made.step = 2;
  made.kind = kind;
  made.what = "metric val_loss";
  return made;
}

}  // namespace

TEST_CASE("a proof whose fingerprints are not those of the record does not count") {
  const std::vector<Json> lines = {place(true, {"fc.weight", "fc.bias"}, Json::array()),
                                   hypothesis("this lies", {"0000000000000021", "0000000000000099"}, true),
                                   hypothesis("this explains the step", kRecorded, false),
                                   hypothesis("this explains more", kRecorded, true),
                                   {{"tried", 7}, {"proven", 3}}};
  const Located located = sweep::read_located(lines, record());
  CHECK(all(located.lines()) ==
        "located: step 2 (epoch 1): the batch differs first, and after it the weights of all 2 tensors\n"
        "proven: this explains more, in step 2 alone\n"
        "proven as well: this explains the step, in step 2 alone; the step behind it is not explained by it\n");
}

TEST_CASE("without a proof it is said how much was tried, what was not, and how to go on") {
  const std::vector<Json> lines = {
      place(false, {"fc.bias"}, {"fc.weight"}),
      {{"untried", {{"kind", "data value"}, {"why", "a label: 9 candidates, 3 can be trained"}}}},
      {{"tried", 7}, {"proven", 0}}};
  CHECK(all(sweep::read_located(lines, record()).lines()) ==
        "located: step 2 (epoch 1): the batch is as recorded; the weights of fc.bias (1 of 2 tensors) differ\n"
        "not explained: none of 7 hypotheses gives the record\n"
        "not tried: a label: 9 candidates, 3 can be trained\n"
        "two programs are compared tensor by tensor with --against BINARY\n");
}

TEST_CASE("a step that is as recorded when it is trained again points at the replay") {
  const Located located = sweep::read_located({{{"located", {{"step", 2}, {"reproduced", true}}}}}, record());
  CHECK(all(located.lines()) ==
        "located: step 2 has the recorded fingerprints when it is trained again: the replay, not the record, differs; "
        "run "
        "it once more, and sweep doctor\n");
}

TEST_CASE("answers that are not those of the verb end the attempt with words") {
  CHECK_THROWS_AS(sweep::read_located({{{"hypothesis", 1}}}, record()), core::EnvironmentError);
  CHECK_THROWS_AS(sweep::read_located({}, record()), core::EnvironmentError);
}

TEST_CASE("where nothing can be located the reason is given") {
  using Kind = sweep::Difference::Kind;
  sweep::LocateRequest request;
  CHECK(all(sweep::locate_difference(request, record(), difference(Kind::kWeights)).lines()) ==
        "not located: the trial is of a program of your own: what it computes in a step is known to it alone; "
        "fingerprint "
        "events say where to look\n");
  const sweep::BuiltinTrainer trainer{"/bin/false", "", "", Json::object()};
  request.trainer = &trainer;
  CHECK(all(sweep::locate_difference(request, TrialRecord(), difference(Kind::kMetric)).lines()) ==
        "not located: the record holds no fingerprints (\"trace\": \"off\"): only the metrics can be compared\n");
  CHECK(all(sweep::locate_difference(request, record(), difference(Kind::kMetric)).lines()) ==
        "not located: every recorded step has the same batch and weights; metric val_loss alone differs. --against "
        "BINARY "
        "names the tensor\n");
  try {
    sweep::locate_difference(request, record(), difference(Kind::kWeights));
    FAIL("a trainer without the verb was asked");
  } catch (const core::EnvironmentError& error) {
    CHECK(std::string(error.what()) ==
          "/bin/false: is a sweep-trainer that cannot trace a step, name a newer build with --trainer");
  }
}

TEST_CASE("the place where two programs part is told with element, values and distance") {
  sweep::Against against{"a", "b", 4, 30, sweep::Parting{}};
  against.parting->step = 5;
  against.parting->tensor = "forward.fc.gemm";
  against.parting->here = "0.5 (0x1p-1), bits 3f000000";
  against.parting->there = "0.50000006 (0x1.000002p-1), bits 3f000001";
  against.parting->element = 11;
  against.parting->rows = 8;
  against.parting->columns = 4;
  against.parting->differing = 2;
  against.parting->ulp = 1;
  against.parting->record = "the weights of neither";
  CHECK(all(against.lines()) ==
        "step 5: forward.fc.gemm is the first tensor that differs, in 2 of 32 elements\n"
        "element 11 (row 2, column 3): 0.5 (0x1p-1), bits 3f000000 in a\n"
        "element 11 (row 2, column 3): 0.50000006 (0x1.000002p-1), bits 3f000001 in b, 1 ulp apart\n"
        "the record has the weights of neither after that step\n");
  against.parting.reset();
  CHECK(all(against.lines()) == "compared: 4 steps of 30 tensors each, the same in a and b\n");
}
