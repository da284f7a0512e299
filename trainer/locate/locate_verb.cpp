// See locate_verb.h.
#include "trainer/locate/locate_verb.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/error.h"
#include "core/files.h"
#include "trainer/locate/hypotheses.h"
#include "trainer/locate/solve.h"

namespace trainer {
namespace {

using core::Json;

constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{4} << 30;
constexpr std::uint64_t kShortTraining = 1000;  // steps that may be trained again under a hypothesis without effect

void print(const Json& line) {
  std::printf("%s\n", core::canonical_json(line).c_str());
  std::fflush(stdout);
}

std::string hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

Json hex_list(const std::vector<std::uint64_t>& numbers) {
  Json list = Json::array();
  for (const std::uint64_t each : numbers) list.push_back(hex(each));
  return list;
}

class Locator {
 public:
  Locator(Stepper& stepper, const RecordedSteps& record)
      : stepper_(stepper), record_(record), recorded_(*record.at(stepper.last_step())) {}

  void say_where() const {
    Json differing = Json::array(), same = Json::array();
    for (std::size_t i = 0; i < recorded_.weights.size(); ++i)
      (recorded_.weights[i] != stepper_.honest().weights[i] ? differing : same).push_back(stepper_.tensors()[i]);
    print({{"located",
            {{"step", stepper_.last_step()},
             {"first_step", stepper_.first_step()},
             {"epoch", (stepper_.last_step() - 1) / stepper_.steps_per_epoch() + 1},
             {"batch", batch_differs()},
             {"tensors", differing},
             {"same", same},
             {"reproduced", false}}}});
  }

  void explain() {
    if (batch_differs()) {
      try_all(batch_hypotheses(stepper_, recorded_.batch));
      try_all(seed_hypotheses(stepper_));
    } else {
      try_all(setting_hypotheses(stepper_));
      try_all(op_hypotheses(stepper_));
      try_all(normalisation_hypotheses(stepper_));
      if (proven_ == 0 && stepper_.first_step() == stepper_.last_step()) solve();
    }
    if (proven_ == 0) try_from_start();
    for (const Untried& one : untried_) print({{"untried", {{"kind", one.kind}, {"why", one.why}}}});
    print({{"tried", tried_}, {"proven", proven_}});
  }

 private:
  bool batch_differs() const { return recorded_.batch != stepper_.honest().batch; }

  Json line_of(const std::string& kind, const std::string& text, const Json& detail) const {
    return {{"hypothesis", text}, {"kind", kind}, {"detail", detail}};
  }

  // Adds where it holds: in the step alone, from there on; `explains_later`: whether the step behind is as recorded
  // then too, null where that is not known.
  void add_scope(Json& line, const CheckpointState& after, bool lasting) {
    const std::uint64_t step = stepper_.last_step();
    const StepPrints* next = record_.at(step + 1);
    line["explains_later"] = nullptr;
    line["scope"] = fmt::format("in step {}", step);
    if (!next || step >= stepper_.total_steps()) return;
    const bool alone = stepper_.quick_step_from(after) == *next;
    const bool on = lasting && stepper_.run_on() == *next;
    line["explains_later"] = alone || on;
    if (alone && !on) line["scope"] = fmt::format("in step {} alone", step);
    if (on && !alone) line["scope"] = fmt::format("from step {} on", step);
  }

  void try_all(std::vector<Hypothesis> list) {
    for (Hypothesis& hypothesis : list) {
      const StepPrints prints = stepper_.run(hypothesis);
      ++tried_;
      Json line = line_of(hypothesis.kind, hypothesis.text, hypothesis.detail);
      line["batch"] = hex(prints.batch);
      line["weights"] = hex_list(prints.weights);
      line["proven"] = prints == recorded_;
      if (prints == recorded_) {
        ++proven_;
        add_scope(line, stepper_.after(), !hypothesis.is_once);
      }
      print(line);
      const bool has_effect = prints != stepper_.honest();
      if (!hypothesis.is_once && !hypothesis.needs_step_before &&
          (has_effect || stepper_.last_step() <= kShortTraining))
        lasting_.push_back(std::move(hypothesis));
    }
  }

  void solve() {
    std::vector<Solution> solutions = solve_flip(stepper_, recorded_, untried_);
    if (solutions.empty()) solutions = solve_value(stepper_, recorded_, untried_);
    for (const Solution& solution : solutions) {
      ++tried_;
      ++proven_;
      Json line = line_of(solution.kind, solution.text, solution.detail);
      line["batch"] = hex(recorded_.batch);
      line["weights"] = hex_list(recorded_.weights);
      line["proven"] = true;
      add_scope(line, solution.after, false);
      print(line);
    }
  }

  // What was otherwise all along may have left no other trace before than in moments, which no fingerprint covers.
  void try_from_start() {
    for (const Hypothesis& hypothesis : lasting_) {
      ++tried_;
      if (!stepper_.explains_from_start(hypothesis, record_)) continue;
      ++proven_;
      Json line = line_of(hypothesis.kind, hypothesis.text, hypothesis.detail);
      line["batch"] = hex(recorded_.batch);
      line["weights"] = hex_list(recorded_.weights);
      line["proven"] = true;
      add_scope(line, stepper_.after(), true);
      line["scope"] = "from the first step on";
      print(line);
    }
  }

  Stepper& stepper_;
  const RecordedSteps& record_;
  const StepPrints& recorded_;
  std::vector<Hypothesis> lasting_;
  std::vector<Untried> untried_;
  std::uint64_t tried_ = 0, proven_ = 0;
};

}  // namespace

int locate(const TrialOrder& order, const std::string& file, std::uint64_t step) {
  const RecordedSteps record = RecordedSteps::parse(core::read_file(file, kMaxRecordBytes), file);
  if (!record.at(step))
    throw core::UserError("step", fmt::format("{} has no recorded fingerprints", step),
                          fmt::format("the last step that has is {}", record.last()));
  Stepper stepper(order);
  if (record.tensors() != stepper.tensors())
    throw core::UserError(file, "is the record of another network: its tensors are others");
  if (!stepper.find(record, step)) {
    print({{"located", {{"step", step}, {"reproduced", true}}}});
    return 0;
  }
  Locator locator(stepper, record);
  locator.say_where();
  locator.explain();
  return 0;
}

}  // namespace trainer
