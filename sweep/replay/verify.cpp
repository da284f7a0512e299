// See verify.h.
#include "sweep/replay/verify.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/life.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/study/decide.h"

namespace sweep {
namespace {

using core::Json;

constexpr char kNothing[] = "nothing";

std::string text_of(const std::string& value) { return value.empty() ? kNothing : value; }
std::string text_of(std::uint64_t value) { return std::to_string(value); }
std::string text_of(double value) { return core::format_double(value); }
std::string text_of(const Json& value) { return core::canonical_json(value); }
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : kNothing;
}

std::string trial_place(std::uint64_t index) { return "trial #" + std::to_string(index); }

class Verifier {
 public:
  Verifier(const Store& store, const SweepRecord& sweep) : store_(store), sweep_(sweep) {}

  Verified run() {
    for (const std::string& damage : store_.check().damaged) changed("store", "row", damage, "what was written");
    if (!verified_.good()) {
      verified_.cut = true;
      return std::move(verified_);  // whoever reads on would come upon one of these
    }
    read_plan();
    if (!plan_) return std::move(verified_);
    check_sweep();
    if (sweep_.repeats != plan_->spec().repeats) return std::move(verified_);  // nothing could be folded by it
    study_.emplace(terms_of(sweep_));
    try {
      store_.read_events(sweep_.id, Traces::kNone, [this](const StoredEvent& stored) { look_at(stored.event); });
    } catch (const core::UserError& error) {
      verified_.cut = true;
      changed("events", "an event", "one that cannot be: " + error.problems().front().text(), "a whole stream");
      return std::move(verified_);  // the rows cannot be compared with half a fold
    }
    check_rows();
    return std::move(verified_);
  }

 private:
  void changed(std::string place, std::string what, std::string stored, std::string expected) {
    verified_.changed.push_back({std::move(place), std::move(what), std::move(stored), std::move(expected)});
  }

  template <class T>
  void compare(const std::string& place, const char* what, const T& stored, const T& expected) {
    if (stored != expected) changed(place, what, text_of(stored), text_of(expected));
  }

  void read_plan() try {
    const Json& identity = sweep_.identity;
    plan_.emplace(recorded_spec(sweep_),
                  SweepIdentity{identity.at("trainer"), identity.at("data"), identity.at("numerics")});
  } catch (const core::UserError& error) {
    changed("sweep", "file", error.problems().front().text(), "one that can be read");
  } catch (const Json::exception&) {
    changed("sweep", "identity", core::canonical_json(sweep_.identity), "trainer, data and numerics");
  }

  void check_sweep() {
    const Spec& spec = plan_->spec();
    const auto metric = [](const std::optional<protocol::Metric>& m) { return m ? m->to_json() : Json(nullptr); };
    compare("sweep", "id", sweep_.id, plan_->sweep_id());
    compare("sweep", "method", sweep_.method, std::string(name(spec.method)));
    compare("sweep", "seed", sweep_.seed, spec.seed);
    compare("sweep", "metric", metric(sweep_.metric), metric(spec.metric));
    compare("sweep", "target", sweep_.target, spec.target);
    compare("sweep", "repeats", std::uint64_t{sweep_.repeats}, std::uint64_t{spec.repeats});
    compare("sweep", "trials", sweep_.trials, plan_->count());
  }

  void look_at(const StudyEvent& event) {
    ++verified_.events;
    if (const auto* planned = std::get_if<TrialPlanned>(&event))
      check_planned(*planned);
    else if (const auto* ordered = std::get_if<AttemptOrdered>(&event))
      check_ordered(*ordered);
    else if (const auto* ended = std::get_if<AttemptEnded>(&event))
      check_ended(*ended);
    else if (const auto* reused = std::get_if<TrialReused>(&event))
      check_reused(*reused);
    study_->apply(event);
  }

  void check_planned(const TrialPlanned& stored) {
    const std::string place = trial_place(stored.index);
    if (stored.index >= plan_->count()) return changed(place, "index", text_of(stored.index), "one that the sweep has");
    ++verified_.trials;
    const PlannedTrial sampled = plan_->trial(stored.index);
    const auto [first, is_new] = first_.emplace(sampled.id, stored.index);
    compare(place, "id", stored.trial, sampled.id);
    compare(place, "replicate", std::uint64_t{stored.replicate}, std::uint64_t{sampled.replicate});
    compare(place, "seed", std::uint64_t{stored.seed}, std::uint64_t{sampled.seed});
    compare(place, "config", core::canonical_json(stored.config), core::canonical_json(sampled.config));
    compare(place, "trial that it repeats", stored.repeats_index, is_new ? std::nullopt : std::optional(first->second));
  }

  // What decide() says when this trial is to start now. The guard may have been another in an older version.
  void check_ordered(const AttemptOrdered& stored) {
    if (study_->guard() || study_->find(stored.index) == nullptr) return;
    const Situation situation{.trials = sweep_.trials,
                              .free_slots = 1,
                              .busy_elsewhere = {},
                              .asked_to_stop = study_->running(),
                              .first = stored.index};
    const Decision decision = decide(*study_, situation);
    const std::string place = trial_place(stored.index) + ", attempt " + std::to_string(stored.attempt);
    if (decision.what != Decision::What::kStart || decision.index != stored.index)
      return changed(place, "start", "started", "not due");
    compare(place, "number", std::uint64_t{stored.attempt}, std::uint64_t{decision.attempt});
    if (!stored.resume_file.empty()) compare(place, "checkpoint", stored.resume_file, decision.resume_file);
  }

  void check_ended(const AttemptEnded& stored) {
    const TrialState* trial = study_->find(stored.index);
    if (trial == nullptr || !trial->finding->empty() || !study_->metric()) return;
    const auto last = trial->final_values->find(study_->metric()->name);
    const std::optional<double> value = last == trial->final_values->end() ? std::nullopt : std::optional(last->second);
    compare(trial_place(stored.index) + ", attempt " + std::to_string(stored.attempt), "outcome",
            std::string(protocol::name(stored.outcome)),
            std::string(protocol::name(judge_metric(stored.outcome, study_->metric(), value))));
  }

  // The rows of the sweep that made the result, where both judge by one metric. A row holds no value that is not
  // finite.
  void check_reused(const TrialReused& stored) {
    const auto& rows = rows_of(stored.from_sweep);
    const auto ran = rows.find(stored.from_index);
    if (ran == rows.end()) return;
    const std::string place = trial_place(stored.index) + ", reused from sweep " + stored.from_sweep;
    const TrialState* trial = study_->find(stored.index);
    if (trial != nullptr) compare(place, "trial", trial->trial, ran->second.trial);
    compare(place, "outcome", std::string(protocol::name(stored.outcome)), ran->second.outcome);
    const bool is_finite = stored.value && std::isfinite(*stored.value);
    compare(place, "value", is_finite ? stored.value : std::nullopt, ran->second.value);
    compare(place, "step", stored.step, ran->second.step);
    compare(place, "epoch", stored.epoch, ran->second.epoch);
    compare(place, "last step", stored.last_step, ran->second.last_step);
  }

  const std::map<std::uint64_t, TrialSummary>& rows_of(const std::string& sweep) {
    const auto found = others_.find(sweep);
    if (found != others_.end()) return found->second;
    std::map<std::uint64_t, TrialSummary>& rows = others_[sweep];
    const auto other = store_.find_sweep(sweep);
    const auto metric = [](const SweepRecord& record) {
      return record.metric ? record.metric->to_json() : Json(nullptr);
    };
    if (other && metric(*other) == metric(sweep_))
      store_.read_rows(sweep, [&](std::uint64_t index, TrialSummary&& row) {
        // A trial that is run again has no result at the moment.
        if (row.reused_from.empty() && row.phase == name(Phase::kEnded)) rows.emplace(index, std::move(row));
      });
    return rows;
  }

  void check_rows() {
    std::uint64_t next = 0;
    const auto missing_up_to = [&](std::uint64_t index) {
      for (; next < index && next < study_->trials().size(); ++next)
        changed("row of " + trial_place(next), "row", kNothing, "one row a trial");
    };
    store_.read_rows(sweep_.id, [&](std::uint64_t index, TrialSummary&& row) {
      missing_up_to(index);
      const TrialState* trial = study_->find(index);
      if (trial == nullptr) return changed("row of " + trial_place(index), "row", "a row", "none, it was not planned");
      next = index + 1;
      ++verified_.rows;
      compare_row(index, row, summarize(*trial));
    });
    missing_up_to(study_->trials().size());
  }

  void compare_row(std::uint64_t index, TrialSummary stored, const TrialSummary& folded) {
    if (!store_.has_whole_rows()) {
      stored.repeats = folded.repeats;
      stored.detail = folded.detail;
    }
    if (stored == folded) return;
    const std::string place = "row of " + trial_place(index);
    compare(place, "trial", stored.trial, folded.trial);
    compare(place, "phase", stored.phase, folded.phase);
    compare(place, "outcome", stored.outcome, folded.outcome);
    compare(place, "reused_from", stored.reused_from, folded.reused_from);
    compare(place, "detail", stored.detail, folded.detail);
    compare(place, "seed", std::uint64_t{stored.seed}, std::uint64_t{folded.seed});
    compare(place, "attempts", stored.attempts, folded.attempts);
    compare(place, "last_step", stored.last_step, folded.last_step);
    compare(place, "value", stored.value, folded.value);
    compare(place, "epoch", stored.epoch, folded.epoch);
    compare(place, "step", stored.step, folded.step);
    compare(place, "repeats", stored.repeats, folded.repeats);
    compare(place, "seconds", stored.seconds, folded.seconds);
  }

  const Store& store_;
  const SweepRecord& sweep_;
  Verified verified_;
  std::optional<TrialPlan> plan_;
  std::optional<Study> study_;
  std::unordered_map<std::string, std::uint64_t> first_;  // index that first drew a trial
  std::map<std::string, std::map<std::uint64_t, TrialSummary>> others_;
};

}  // namespace

std::string Changed::text() const {
  return fmt::format("{}: {}: stored {}, expected {}", place, what, stored, expected);
}

Json Verified::to_json() const {
  Json json = {{"verdict", good() ? "as stored" : "changed"},
               {"trials", trials},
               {"events", events},
               {"rows", rows},
               {"cut", cut},
               {"changed", Json::array()}};
  for (const Changed& one : changed)
    json["changed"].push_back(
        {{"place", one.place}, {"what", one.what}, {"stored", one.stored}, {"expected", one.expected}});
  return json;
}

Verified verify_sweep(const Store& store, const SweepRecord& sweep) { return Verifier(store, sweep).run(); }

}  // namespace sweep
