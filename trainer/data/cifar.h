// CIFAR-10 and CIFAR-100 in their binary version. Callers: dataset.cpp.
// Source: https://www.cs.toronto.edu/~kriz/cifar.html: records of one label byte (CIFAR-100: coarse label, fine label),
// then 1024 red, 1024 green and 1024 blue bytes, each plane row by row. The fine label is the class.
#pragma once

#include "trainer/data/dataset.h"

namespace trainer {

/// Images of 32×32×3, the channels of a pixel side by side; 10 or 100 classes, named where the file of names is there.
/// Errors: UserError with file and byte: a file that is not whole records, a label out of range, another number of
/// names.
Dataset load_cifar(const protocol::DataSet& source);

}  // namespace trainer
