// Metrics that were read from what a program prints. They are events like others, marked {"source": "stdout"}, and
// count only in an attempt whose program sends no event of its own: the first one takes the marked ones' place, and
// none comes after it. Used by the fold, by store/ and by replay/, so that all three see the same stream.
#pragma once

#include <vector>

#include "sweep/study/study.h"

namespace sweep {

/// The mark, and the event with it.
protocol::Event marked_as_printed(protocol::Event event);
bool is_printed(const protocol::Event& event);

/// Of an event that a program sent: the mark is ours, and no program sets it.
void remove_mark(protocol::Event& event);

/// Takes out the marked events of each attempt that gave one without the mark.
void drop_overruled(std::vector<TrainerSaid>& said);

}  // namespace sweep
