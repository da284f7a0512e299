// Hypotheses about numbers: the seed, the configuration, the schedule.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "trainer/hyperparameters/rows.h"
#include "trainer/locate/hypotheses.h"
#include "trainer/locate/neighbour.h"
#include "trainer/optim/schedule.h"

namespace trainer {
namespace {

using core::Json;
using kernels::hypotheses::OtherBackend;

constexpr int kNearEpochs = 20;  // counts of epochs that are tried on each side

// A value that a row of the table could have instead, and how to say so.
struct OtherValue {
  double value;
  const char* how;
};

std::vector<OtherValue> neighbours(double value) {
  std::vector<OtherValue> others;
  const auto add = [&](std::optional<double> other, const char* how) {
    if (other) others.push_back({*other, how});
  };
  add(neighbour_as_float(value, true), "one ulp of a float up");
  add(neighbour_as_float(value, false), "one ulp of a float down");
  add(neighbour(value, true), "one ulp of a double up");
  add(neighbour(value, false), "one ulp of a double down");
  return others;
}

// What the trial's configuration has for a row: a number, or its default.
double value_of(const Hyperparameter& row, const core::Json& config, const Hyperparameters& settled) {
  if (const auto given = config.find(std::string(row.name)); given != config.end() && given->is_number())
    return given->get<double>();
  return core::parse_json(default_of(row, settled), "default").get<double>();
}

void add_row(std::vector<Hypothesis>& list, const Hyperparameter& row, double value) {
  for (const OtherValue& other : neighbours(value)) {
    if (other.value < row.min || other.value > row.max) continue;
    Hypothesis hypothesis;
    hypothesis.kind = row.name == "learning_rate" ? "learning rate" : "hyperparameter";
    hypothesis.text = fmt::format("{} is {}: {} instead of {}", row.name, other.how, core::format_double(other.value),
                                  core::format_double(value));
    hypothesis.detail = {{"name", row.name}, {"recorded", other.value}, {"replayed", value}};
    hypothesis.settings = [set = row.set, to = other.value](Hyperparameters& h) { set(h, Json(to)); };
    list.push_back(std::move(hypothesis));
  }
}

Hypothesis rate_hypothesis(float rate, float honest, const std::string& how) {
  Hypothesis hypothesis;
  hypothesis.kind = "learning rate";
  hypothesis.text =
      fmt::format("the step's learning rate is {}: {} instead of {}", how,
                  core::format_double(static_cast<double>(rate)), core::format_double(static_cast<double>(honest)));
  hypothesis.detail = {{"recorded", static_cast<double>(rate)}, {"replayed", static_cast<double>(honest)}};
  hypothesis.ops = [rate](OtherBackend& back_end) { back_end.use_rate(rate); };
  return hypothesis;
}

void add_rates(std::vector<Hypothesis>& list, const Schedule& schedule, std::uint64_t step) {
  const float honest = schedule.state(step).learning_rate;
  for (const bool up : {true, false})
    if (const auto rate = neighbour(honest, up))
      list.push_back(rate_hypothesis(*rate, honest, up ? "one ulp up" : "one ulp down"));
  const auto add_step = [&](std::uint64_t other, const char* how) {
    if (const float rate = schedule.state(other).learning_rate; rate != honest)
      list.push_back(rate_hypothesis(rate, honest, how));
  };
  if (step > 1) add_step(step - 1, "that of the step before");
  if (step < schedule.total_steps()) add_step(step + 1, "that of the step behind");
}

std::set<int> other_epochs(int epochs) {
  std::set<int> counts = {1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 2 * epochs, epochs / 2, 10 * epochs};
  for (int away = 1; away <= kNearEpochs; ++away) counts.insert({epochs - away, epochs + away});
  counts.erase(epochs);
  counts.erase(counts.begin(), counts.lower_bound(1));
  return counts;
}

void add_epochs(std::vector<Hypothesis>& list, const Hyperparameters& h, std::uint64_t steps_per_epoch,
                std::uint64_t step) {
  std::set<float> tried = {Schedule(h, steps_per_epoch).state(step).learning_rate};
  for (const int epochs : other_epochs(h.epochs)) {
    Hyperparameters other = h;
    other.epochs = epochs;
    const std::uint64_t steps = static_cast<std::uint64_t>(epochs) * steps_per_epoch;
    if (steps < step || steps > kMaxSteps) continue;
    if (!tried.insert(Schedule(other, steps_per_epoch).state(step).learning_rate).second) continue;
    Hypothesis hypothesis;
    hypothesis.kind = "epochs";
    hypothesis.text = fmt::format("the schedule is one of {} epochs, not {}", epochs, h.epochs);
    hypothesis.detail = {{"recorded", epochs}, {"replayed", h.epochs}};
    hypothesis.settings = [epochs](Hyperparameters& settings) { settings.epochs = epochs; };
    list.push_back(std::move(hypothesis));
  }
}

}  // namespace

std::vector<Hypothesis> seed_hypotheses(Stepper& stepper) {
  const std::uint32_t seed = stepper.trial().order.document.seed;
  std::vector<Hypothesis> list;
  for (const std::uint32_t other : {seed + 1, seed - 1, 0u}) {
    if (other == seed) continue;
    Hypothesis hypothesis;
    hypothesis.kind = "seed";
    hypothesis.text = fmt::format("the seed is {}, not {}", other, seed);
    hypothesis.detail = {{"recorded", other}, {"replayed", seed}};
    hypothesis.seed = other;
    list.push_back(std::move(hypothesis));
  }
  return list;
}

std::vector<Hypothesis> setting_hypotheses(Stepper& stepper) {
  const Hyperparameters& settled = stepper.trial().hyperparameters;
  const core::Json& config = stepper.trial().order.document.config;
  const Schedule schedule(settled, stepper.steps_per_epoch());
  std::vector<Hypothesis> list;
  add_rates(list, schedule, stepper.last_step());
  add_epochs(list, settled, stepper.steps_per_epoch(), stepper.last_step());
  for (const Hyperparameter& row : hyperparameters())
    if (row.type == ValueType::kNumber && row.name != "validation_fraction")
      add_row(list, row, value_of(row, config, settled));
  return list;
}

}  // namespace trainer
