// See distributions.h.
#include "sweep/spec/distributions.h"

#include <algorithm>

namespace sweep {

FamilyKeys keys_of(Family family) {
  switch (family) {
    case Family::kNormal:
    case Family::kLogNormal:
      return {{"mu", "sigma"}, {{0.0, 1.0}}};
    case Family::kBeta:
      return {{"a", "b"}, {{1.0, 1.0}}};
    default:
      return {{"min", "max"}, std::nullopt};
  }
}

const DistributionForm* find_distribution(std::string_view word) {
  const auto found = std::find_if(kDistributions.begin(), kDistributions.end(),
                                  [&](const DistributionForm& form) { return form.word == word; });
  return found == kDistributions.end() ? nullptr : &*found;
}

}  // namespace sweep
