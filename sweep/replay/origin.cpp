// See origin.h.
#include "sweep/replay/origin.h"

#include "core/error.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {

Origin find_origin(const Store& store, TrialPlace place) {
  for (;;) {
    const auto sweep = store.find_sweep(place.sweep);
    if (!sweep) throw core::UserError(place.sweep, "the store does not know this sweep");
    const Study study = load_study(store, place.sweep);
    const TrialState* trial = study.find(place.index);
    core::check(trial != nullptr, "a place in the store without a trial");
    if (trial->repeats_index) {
      place.index = *trial->repeats_index;
    } else if (!trial->reused_from.empty()) {
      place = {trial->reused_from, trial->reused_index};
    } else {
      return {*sweep, *trial};
    }
  }
}

}  // namespace sweep
