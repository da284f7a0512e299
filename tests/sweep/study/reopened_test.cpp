// Many trials that are reopened one after another: what then counts is what counts in a fold in which they never ran.
#include <algorithm>
#include <random>

#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Study;
using sweep::Terms;

namespace {

std::string said(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "-"; }

// All that Study says beside its trials.
std::vector<std::string> figures(const Study& study) {
  std::string waiting, phases;
  for (const std::uint64_t index : study.waiting()) waiting += std::to_string(index) + " ";
  for (const sweep::TrialState& trial : study.trials()) phases += std::string(name(trial.phase)) + " ";
  const auto& guard = study.guard();
  return {"waiting " + waiting,
          phases,
          "ended " + std::to_string(study.ended()),
          "unranked " + std::to_string(study.unranked()),
          "bound " + said(study.bound()),
          "ended at " + said(study.ended_at()),
          study.bound() ? "cause " + std::to_string(static_cast<int>(study.bound_cause())) : "no cause",
          study.best() ? "best " + std::to_string(study.best()->index) : "no best",
          study.best_value() ? "its value " + std::to_string(*study.best_value()) : "no value",
          guard ? "guard " + std::to_string(guard->trials) + " to " + std::to_string(guard->last) : "no guard"};
}

struct End {
  std::uint64_t index = 0;
  double value = 0;
  Outcome outcome = Outcome::kCompleted;
};

// A sweep as the generator draws it, and how its trials end.
struct Drawn {
  Terms terms{.metric = loss()};
  std::vector<sweep::TrialPlanned> plan;
  std::vector<End> ends;        // of those that run, in order
  std::vector<End> later_ends;  // when they have been reopened

  explicit Drawn(std::mt19937_64& draw) {
    terms.repeats = 1 + static_cast<std::uint32_t>(draw() % 3);
    if (draw() % 2) terms.target = 2;
    if (draw() % 2) terms.max_failures = 1 + draw() % 4;
    if (draw() % 3 == 0) terms.guarded = 3;
    if (draw() % 6 == 0) terms.last = (1 + draw() % 8) * terms.repeats - 1;
    const std::uint64_t failing = draw() % 4;  // of four
    const std::uint64_t configurations = 3 + draw() % 12;
    for (std::uint64_t c = 0; c < configurations; ++c) {
      const bool is_new = c == 0 || draw() % 4 != 0;
      const std::uint64_t of = is_new ? c : draw() % c;
      for (std::uint64_t r = 0; r < terms.repeats; ++r) {
        const std::uint64_t index = c * terms.repeats + r, ran = of * terms.repeats + r;
        plan.push_back(is_new ? planned(index) : repeat(index, plan[ran].repeats_index.value_or(ran)));
        if (!is_new || draw() % 5 == 0) continue;
        for (std::vector<End>* round : {&ends, &later_ends}) {
          const Outcome failure = draw() % 3 == 0 ? Outcome::kNoMetric : Outcome::kFailed;
          const Outcome outcome = draw() % 4 < failing ? failure : Outcome::kCompleted;
          round->push_back({index, static_cast<double>(draw() % 9), outcome});
        }
      }
    }
    std::shuffle(ends.begin(), ends.end(), draw);
    std::shuffle(later_ends.begin(), later_ends.end(), draw);
  }

  static void run(Study& study, const End& one, std::uint64_t step) {
    const auto attempt = static_cast<std::uint32_t>(study.find(one.index)->attempts.size());
    study.apply(ordered(one.index, attempt));
    study.apply(metric(one.index, attempt, step, one.value));
    study.apply(ended(one.index, attempt, one.outcome));
  }

  Study planned_only() const {
    Study study(terms);
    for (const sweep::TrialPlanned& event : plan) study.apply(event);
    return study;
  }

  // Without the trials in `without`.
  Study fold(const std::set<std::uint64_t>& without) const {
    Study study = planned_only();
    for (const End& one : ends)
      if (!without.contains(one.index)) run(study, one, 1);
    return study;
  }
};

}  // namespace

TEST_CASE("what counts after trials were reopened is what counts where they never ran, after each of them") {
  std::mt19937_64 draw(7);
  int moved = 0;
  for (int story = 0; story < 500; ++story) {
    INFO("story " << story);
    const Drawn drawn(draw);
    Study study = drawn.fold({});
    std::set<std::uint64_t> reopened;
    std::vector<End> order = drawn.ends;
    std::shuffle(order.begin(), order.end(), draw);
    for (const End& one : order) {
      const auto bound = study.bound();
      study.apply(sweep::TrialReopened{one.index, "asked to"});
      reopened.insert(one.index);
      moved += study.bound() != bound;
      CHECK(figures(study) == figures(drawn.fold(reopened)));
    }
    Study anew = drawn.planned_only();
    for (const End& one : drawn.later_ends) {
      Drawn::run(study, one, 2);
      Drawn::run(anew, one, 2);
      CHECK(figures(study) == figures(anew));
    }
  }
  CHECK(moved > 100);
}
