// Where a study keeps its trials; see study.h. Included by the sources of Study alone.
#pragma once

#include "core/growing_memory.h"
#include "sweep/study/study.h"

namespace sweep {

struct Study::Kept {
  core::GrowingMemory memory;
  Trials trials{&memory};
};

}  // namespace sweep
