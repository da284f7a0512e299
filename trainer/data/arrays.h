// NumPy arrays as a data set: .npy files in a folder, or one .npz. Callers: dataset.cpp.
//
// x: one row a sample, shape (n), (n, features), or of images (n, height, width) or (n, height, width, channels); u1
// images keep their bytes. y: shape (n) or (n, 1), integers from 0 for classes, any numbers for regression. An .npz
// names them x_train, y_train and, where it has a test part, x_test, y_test; or x and y; in any case of the letters.
#pragma once

#include "trainer/data/dataset.h"

namespace trainer {

inline constexpr std::size_t kMaxFeatures = std::size_t{1} << 24;

/// Errors: UserError with the file (and the array of an .npz) and the byte: what npy.h and npz.h refuse, another shape
/// or type, a number that is not finite, a label out of range.
Dataset load_arrays(const protocol::DataSet& source);

}  // namespace trainer
