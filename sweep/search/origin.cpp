// See origin.h.
#include "sweep/search/origin.h"

#include "sweep/search/random.h"

namespace sweep {
namespace {

std::string digits_of(WideCount count) {
  std::string digits;
  for (; count > 0; count /= 10) digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(count % 10)));
  return digits.empty() ? "0" : digits;
}

// As Space::grid_point: the last parameter is the fastest.
void set_digits(const Space& space, std::uint64_t place, std::vector<ParameterOrigin>& origins) {
  const auto dimensions = space.dimensions();
  for (std::size_t i = dimensions.size(); i-- > 0;) {
    const WideCount count = dimensions[i].count();
    origins[i].digit = static_cast<std::uint64_t>(place % count);
    origins[i].count = digits_of(count);
    origins[i].how = count == 1 ? ParameterOrigin::How::kOnly : ParameterOrigin::How::kDigit;
    place = static_cast<std::uint64_t>(place / count);
  }
}

}  // namespace

TrialOrigin origin_of(const TrialPlan& plan, std::uint64_t index) {
  const Spec& spec = plan.spec();
  TrialOrigin trial;
  trial.draw = index / spec.repeats;
  trial.replicate = static_cast<std::uint32_t>(index % spec.repeats);
  trial.place = plan.place(index);
  for (const Parameter& parameter : spec.parameters) {
    ParameterOrigin& origin = trial.origin.emplace_back();
    origin.name = parameter.name;
    origin.distribution = std::string(name(parameter.distribution));
    const bool only = std::holds_alternative<Constant>(parameter.distribution);
    origin.how = only ? ParameterOrigin::How::kOnly : ParameterOrigin::How::kQuantile;
    if (!only && !trial.place) origin.quantile = quantile(spec.seed, trial.draw, path_key(parameter.name));
  }
  if (trial.place) set_digits(plan.space(), *trial.place, trial.origin);
  return trial;
}

}  // namespace sweep
