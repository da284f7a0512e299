// Where a study keeps its trials; see study.h. Included by the sources of Study alone.
#pragma once

#include "sweep/study/growing_memory.h"
#include "sweep/study/study.h"

namespace sweep {

struct Study::Kept {
  GrowingMemory memory;
  Trials trials{&memory};
};

}  // namespace sweep
