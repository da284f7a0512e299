// CSV tables, plain or gzip: rows of numbers, categories and one label or target. Callers: dataset.cpp. How rows become
// fields is for csv.h; docs/data.md has the rules for users.
//
// First line: column names, where a field that should be a number is none, or the label's column has one of the names
// below, or an option names a column; or `rows,columns,class names…` as scikit-learn's files have it; or already data.
// Label: the column that an option names, or the one named label, class, target or species (in any case), else the
// last. Whole numbers or names; the classes are the distinct ones, numbers in numeric order, names by bytes; with
// scikit-learn's first line the labels count its names from 0. For regression a finite number.
// Columns: one whose fields in the training file are all no numbers, or that an option names, is categorical: it
// becomes one feature for each category, sorted by bytes, 1 for its own and 0 for the others. All other columns are
// numbers.
#pragma once

#include "trainer/data/dataset.h"

namespace trainer {

inline constexpr std::size_t kMaxCategories = 1000;                   ///< of a column
inline constexpr std::size_t kMaxTableValues = std::size_t{1} << 31;  ///< rows × features: 8 GiB

/// Errors: UserError with file:line for each wrong line (at most ten are listed): another number of fields, a missing
/// value, not a finite number, a category or label that no training row has.
Dataset load_tables(const protocol::DataSet& source);

}  // namespace trainer
