// See numbers.h.
#include "sweep/study/numbers.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>

#include "core/json.h"
#include "sweep/study/metric_lines.h"

namespace sweep {
namespace {

constexpr std::uint64_t kBlock = 1024;  // steps in one block of fingerprints

// All fingerprints of a step in one number, never 0. Equality is all that is asked of it: Fibonacci hashing in a chain.
std::uint64_t digest_step(const protocol::Trace& trace, std::uint64_t row) {
  std::uint64_t digest = trace.batch[row];
  const std::size_t tensors = trace.tensors.size();
  for (std::size_t i = 0; i < tensors; ++i)
    digest = (std::rotl(digest, 29) ^ trace.weights[row * tensors + i]) * 0x9E3779B97F4A7C15u;
  return digest == 0 ? 1 : digest;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

void TrialNumbers::hear(bool printed) {
  if (printed && !before_printed_) before_printed_ = std::make_shared<const TrialNumbers>(*this);
  if (printed || !before_printed_) return;
  const std::shared_ptr<const TrialNumbers> before = std::move(before_printed_);
  *this = *before;
}

void TrialNumbers::go_on(std::uint64_t resumed_from) {
  has_gone_on_ = true;
  overlap_until_ = furthest_step_;
  last_step_ = resumed_from;
  lines_.erase(lines_.upper_bound({resumed_from, std::numeric_limits<std::size_t>::max()}), lines_.end());
  final_values_.clear();
  for (const auto& [place, line] : lines_)
    for (const auto& [name, value] : line.values) final_values_[name] = value;
  find_value();
}

TrialNumbers::Place TrialNumbers::place_of(const protocol::MetricValues& values) const {
  const auto after = lines_.upper_bound({values.step, std::numeric_limits<std::size_t>::max()});
  if (after == lines_.begin() || std::prev(after)->first.step != values.step) return {values.step, 0};
  const auto& [place, line] = *std::prev(after);
  return {values.step, place.occurrence + (share_a_name(line.values, values.values) ? 1 : 0)};
}

void TrialNumbers::add(const protocol::MetricValues& values) {
  last_step_ = std::max(last_step_, values.step);
  furthest_step_ = std::max(furthest_step_, values.step);
  const Place place = place_of(values);
  Line& line = lines_[place];
  if (values.epoch) line.epoch = values.epoch;
  for (const auto& [name, value] : values.values) {
    const auto [given, is_new] = given_metrics_.try_emplace({place, name}, value);
    if (!is_new && values.step <= overlap_until_ && !same_bits(given->second, value))
      disagree(values.step,
               name + " was " + core::format_double(given->second) + " and is now " + core::format_double(value));
    given->second = value;
    final_values_[name] = value;
    line.values[name] = value;
    if (metric_ && name == metric_->name) consider(place, value);
  }
}

void TrialNumbers::add(const protocol::Trace& trace) {
  for (std::uint64_t row = 0; row < trace.steps(); ++row) {
    const std::uint64_t step = trace.from + row;
    const std::uint64_t digest = digest_step(trace, row);
    std::uint64_t& given = fingerprint(step);
    if (given != 0 && given != digest && step <= overlap_until_)
      disagree(step, "the fingerprints of weights and batch are others");
    given = digest;
  }
  last_step_ = std::max(last_step_, trace.to);
  furthest_step_ = std::max(furthest_step_, trace.to);
}

std::map<std::uint64_t, double> TrialNumbers::values_up_to(std::uint64_t step) const {
  std::map<std::uint64_t, double> values;
  if (!metric_) return values;
  for (const auto& [place, line] : lines_) {
    if (place.step > step) break;
    if (const auto found = line.values.find(metric_->name); found != line.values.end())
      values[place.step] = found->second;
  }
  return values;
}

void TrialNumbers::write(TrialState& trial) const {
  trial.last_step = last_step_;
  trial.final_values = final_values_;
  trial.value.reset();
  trial.epoch.reset();
  trial.step.reset();
  trial.at_value.clear();
  if (!value_place_) return;
  const Line& line = lines_.at(*value_place_);
  trial.value = value_;
  trial.step = value_place_->step;
  trial.epoch = line.epoch;
  std::map<std::string, double> others = line.values;
  others.erase(metric_->name);
  trial.at_value = std::move(others);
}

// Takes `value` where it is the better one, or the later one for `last`. The earliest place wins a tie.
void TrialNumbers::consider(Place place, double value) {
  const bool takes = !value_place_ ? true
                     : metric_->reduce == protocol::Reduce::kLast
                         ? place >= *value_place_
                         : protocol::better(metric_->goal, value, value_) || (value == value_ && place < *value_place_);
  if (!takes) return;
  value_place_ = place;
  value_ = value;
}

void TrialNumbers::find_value() {
  value_place_.reset();
  if (!metric_) return;
  for (const auto& [place, line] : lines_)
    if (const auto found = line.values.find(metric_->name); found != line.values.end()) consider(place, found->second);
}

void TrialNumbers::disagree(std::uint64_t step, const std::string& what) {
  if (finding_.empty())
    finding_ = "not reproducible: at step " + std::to_string(step) + ", which an earlier attempt did as well, " + what;
}

std::uint64_t& TrialNumbers::fingerprint(std::uint64_t step) {
  std::vector<std::uint64_t>& block = given_steps_[step / kBlock];
  if (block.empty()) block.resize(kBlock);
  return block[step % kBlock];
}

}  // namespace sweep
