// CSV tables, plain or gzip: rows of numbers and one label. Callers: dataset.cpp.
//
// First line: column names, where a field that should be a number is none, or the label's column has one of the names
// below; or `rows,columns,class names…` as scikit-learn's files have it; or already data.
// Label: the column named label, class, target or species (in any case), else the last. Whole numbers or names; the
// classes are the distinct ones, numbers in numeric order, names by bytes; with scikit-learn's first line the labels
// count its names from 0.
#pragma once

#include "trainer/data/dataset.h"

namespace trainer {

/// Errors: UserError with file:line for each wrong line (at most ten are listed): another number of fields, an empty
/// field, not a finite number, a label that no training row has.
Dataset load_tables(const protocol::DataSet& source);

}  // namespace trainer
