// A study from the rows of the store is the fold of all events, as far as it remembers; in random stories.
#include <bit>

#include "sweep/dispatch/overview.h"
#include "sweep/rank/rank.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/random_story.h"
#include "tests/temporary_folder.h"

using sweep::Load;
using sweep::Phase;
using sweep::Study;
using sweep::TrialState;

namespace {

constexpr std::uint64_t kStories = 400;
constexpr int kThings = 90;  // that happen in each

using Said = std::vector<std::string>;  // of a state, a word a fact: what differs is seen at once

std::string said(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "-"; }
std::string said(double value) {
  return std::isfinite(value) ? std::to_string(std::bit_cast<std::uint64_t>(value)) : "not finite";
}
// The store has no value that is not finite.
std::string said(const std::optional<double>& value) { return value && std::isfinite(*value) ? said(*value) : "-"; }
std::string said(const std::map<std::string, double>& values) {
  std::string text;
  for (const auto& [name, value] : values) text += name + "=" + said(value) + " ";
  return text;
}
std::string said(const std::set<std::uint64_t>& indices) {
  std::string text;
  for (const std::uint64_t index : indices) text += std::to_string(index) + " ";
  return text;
}

void say_attempts(const TrialState& trial, Said& all) {
  for (const sweep::AttemptState& one : trial.attempts)
    all.insert(all.end(), {std::to_string(one.attempt), one.slot, one.device, one.reason, one.detail,
                           std::to_string(one.resumed_from), core::canonical_json(one.environment),
                           one.outcome ? std::string(protocol::name(*one.outcome)) : "runs", said(one.seconds),
                           std::to_string(one.checkpoint_before), std::to_string(one.asked_again),
                           std::to_string(one.retries), std::to_string(one.shared_gpu)});
}

// What is remembered of a trial: of one that has ended what its row says.
Said remembered(const TrialState& trial) {
  Said all = {"trial " + std::to_string(trial.index),
              "replicate " + std::to_string(trial.replicate),
              trial.trial,
              "seed " + std::to_string(trial.seed),
              "repeats " + said(trial.repeats_index),
              std::string(name(trial.phase)),
              trial.outcome ? std::string(protocol::name(*trial.outcome)) : "-",
              "detail " + trial.detail,
              "value " + said(trial.value),
              "epoch " + said(trial.epoch),
              "step " + said(trial.step),
              "last step " + std::to_string(trial.last_step),
              "from " + *trial.reused_from,
              "seconds " + said(trial.seconds)};
  if (trial.phase == Phase::kEnded) return all;
  all.insert(all.end(), {core::canonical_json(trial.config), said(*trial.at_value), said(*trial.final_values),
                         trial.weights_sha256, trial.checkpoint ? trial.checkpoint->file : "-", *trial.finding,
                         *trial.reopened, std::to_string(trial.tries_from)});
  say_attempts(trial, all);
  return all;
}

Said ranked(const Study& study) {
  Said all;
  for (const sweep::Row& row : sweep::rank(study)) {
    std::string text = std::to_string(row.trial->index) + " " + std::string(row.outcome()) + " rank " + said(row.rank);
    if (row.value() && std::isfinite(*row.value()))
      text += " value " + said(row.value()) + " epoch " + said(row.epoch()) + " step " + said(row.step());
    all.push_back(text + " n " + std::to_string(row.spread.n) + " deviation " + said(row.spread.deviation));
  }
  return all;
}

Said figures(const Study& study, std::uint64_t trials) {
  Said all = {"waiting " + said(study.waiting()),
              "running " + said(study.running()),
              "ended " + std::to_string(study.ended()),
              "unranked " + std::to_string(study.unranked()),
              "bound " + said(study.bound()),
              study.bound() ? std::to_string(static_cast<int>(study.bound_cause())) : "-",
              "ended at " + said(study.ended_at()),
              "wanted " + std::to_string(study.wanted(trials)),
              study.finished(trials) ? "finished" : "unfinished",
              study.best() ? "best " + std::to_string(study.best()->index) : "no best",
              "its value " + said(study.best_value())};
  if (const auto& guard = study.guard())
    all.insert(all.end(), {"guard " + std::to_string(guard->trials) + " to " + std::to_string(guard->last),
                           std::string(protocol::name(guard->outcome)), guard->detail});
  return all;
}

std::string next(const Study& study, std::uint64_t trials) {
  const sweep::Decision decision = sweep::decide(study, {trials, 1, false, {}});
  return std::to_string(static_cast<int>(decision.what)) + " " + std::to_string(decision.index) + " " +
         std::to_string(decision.attempt) + " " + decision.resume_file + " " + decision.reason;
}

// `knows_all`: it holds what the traces of trials say that have not ended.
void compare(const Study& loaded, const Study& whole, std::uint64_t trials, bool knows_all = true) {
  CHECK(figures(loaded, trials) == figures(whole, trials));
  CHECK(ranked(loaded) == ranked(whole));
  CHECK(next(loaded, trials) == next(whole, trials));
  REQUIRE(loaded.trials().size() == whole.trials().size());
  for (const TrialState& trial : whole.trials()) {
    if (knows_all || trial.phase == Phase::kEnded) CHECK(remembered(*loaded.find(trial.index)) == remembered(trial));
    CHECK(loaded.index_of(trial.trial) == whole.index_of(trial.trial));
    if (loaded.find(trial.index)->is_forgotten)
      CHECK(loaded.find(trial.index)->wrote_checkpoints >= trial.wrote_checkpoints);
  }
}

}  // namespace

TEST_CASE("a study that is loaded to rank or to go on is the fold of all events, in random stories") {
  std::map<std::string, int> seen;  // that the stories tell of all that they are to
  for (std::uint64_t seed = 0; seed < kStories; ++seed) {
    INFO("story " << seed);
    const TemporaryFolder folder;
    sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
    RandomStory story(store, seed);
    const std::string& id = story.record().id;
    for (int thing = 0; thing < kThings; ++thing) {
      story.happen();
      if (thing % 30 != 29) continue;
      INFO("after " << thing + 1 << " things");
      seen["guard"] += story.whole().guard().has_value();
      compare(sweep::load_study(store, id, Load::kToRank), story.whole(), story.record().trials, !story.has_traces());
      compare(sweep::load_study(store, id, Load::kToGoOn), story.whole(), story.record().trials);
    }
    const Study& whole = story.whole();
    seen["target"] += whole.bound() && whole.bound_cause() == sweep::BoundCause::kTarget;
    seen["failures"] += whole.bound() && whole.bound_cause() == sweep::BoundCause::kFailures;
    seen["finished"] += whole.finished(story.record().trials);
    seen["replicates"] += story.record().repeats > 1;
    for (const TrialState& trial : whole.trials()) {
      const bool ended = trial.phase == Phase::kEnded;
      seen["repeated draw"] += ended && trial.repeats_index;
      seen["reused"] += ended && !trial.reused_from->empty();
      seen["reopened, ended again"] += ended && !trial.reopened->empty();
      seen["reopened, not ended again"] += !ended && !trial.reopened->empty();
      seen["finding"] += ended && !trial.finding->empty();
      seen["surplus"] += ended && whole.is_surplus(trial.index);
    }
  }
  for (const auto& [what, times] : seen) {
    INFO(what);
    CHECK(times >= 20);
  }
}

TEST_CASE("a study that was loaded in the middle of a random story goes on as the fold of all events does") {
  for (std::uint64_t seed = 1000; seed < 1000 + kStories; ++seed) {
    INFO("story " << seed);
    const TemporaryFolder folder;
    sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
    RandomStory story(store, seed);
    for (int thing = 0; thing < kThings / 2; ++thing) story.happen();
    Study& loaded = story.follow(sweep::load_study(store, story.record().id, Load::kToGoOn));
    for (int thing = 0; thing < kThings; ++thing) {
      story.happen();
      for (const TrialState& trial : loaded.trials())  // as the loop does it
        if (trial.phase == Phase::kEnded) loaded.forget(trial.index);
      loaded.take_changed();
    }
    compare(loaded, story.whole(), story.record().trials);
  }
}

TEST_CASE("one trial that is loaded by itself is that of the fold of all events, in random stories") {
  for (std::uint64_t seed = 2000; seed < 2000 + kStories / 2; ++seed) {
    INFO("story " << seed);
    const TemporaryFolder folder;
    sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
    RandomStory story(store, seed);
    if (story.has_traces()) continue;  // it is loaded without them
    for (int thing = 0; thing < kThings; ++thing) story.happen();
    const Study loaded = sweep::load_study(store, story.record().id, Load::kToRank);
    for (const TrialState& trial : story.whole().trials()) {
      const TrialState alone = sweep::load_trial(store, story.record().id, loaded, trial.index);
      CHECK(remembered(alone) == remembered(trial));
      Said attempts, of_whole;
      say_attempts(alone, attempts);
      say_attempts(trial, of_whole);
      CHECK(attempts == of_whole);
      CHECK(said(*alone.final_values) == said(*trial.final_values));
      CHECK(core::canonical_json(alone.config) == core::canonical_json(trial.config));
      CHECK(*alone.finding == *trial.finding);
      CHECK(alone.reused_index == trial.reused_index);
    }
  }
}

TEST_CASE("an overview is that of the fold of all events, in random stories") {
  for (std::uint64_t seed = 3000; seed < 3000 + kStories / 4; ++seed) {
    INFO("story " << seed);
    const TemporaryFolder folder;
    sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
    RandomStory story(store, seed);
    for (int thing = 0; thing < kThings; ++thing) story.happen();
    const sweep::SweepOverview seen = sweep::read_overview(store, story.record());
    const Study& whole = story.whole();
    std::map<std::string, std::uint64_t> outcomes;
    std::uint64_t surplus = 0;
    for (const sweep::Row& row : sweep::rank(whole))
      for (const TrialState* trial : row.trials()) {
        if (trial->phase != Phase::kEnded) continue;
        if (row.standing != sweep::Standing::kSurplus) ++outcomes[std::string(sweep::outcome_word(*trial))];
        surplus += row.standing == sweep::Standing::kSurplus && !trial->repeats_index;
      }
    CHECK(seen.outcomes == outcomes);
    CHECK(seen.surplus == surplus);
    CHECK(seen.max_failures == whole.terms().max_failures);
    CHECK(seen.guarded == whole.guard().has_value());
    CHECK(seen.bound == whole.bound());
    CHECK(seen.ended == whole.ended());
    CHECK(seen.wanted == whole.wanted(story.record().trials));
    CHECK(seen.planned == whole.trials().size());
    CHECK(seen.best.has_value() == (whole.best() != nullptr));
    if (seen.best && whole.best()) CHECK(seen.best->index == whole.best()->index);
    if (seen.best && whole.best()) CHECK(said(seen.best->value) == said(*whole.best_value()));
  }
}
