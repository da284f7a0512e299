// A file of indices: the samples to hold out, counted from 0, one a line. Callers: dataset.cpp.
#pragma once

#include <filesystem>

#include "trainer/data/dataset.h"

namespace trainer {

/// Errors: UserError with file:line for each wrong line: no index, or one that stands above; where there is none at
/// all. Whether they fit the data set is for split.h, which knows how many samples there are.
HeldOut read_indices(const std::filesystem::path& file);

}  // namespace trainer
