// IDX files, plain or gzip: the format of MNIST and its kin. Callers: dataset.cpp.
// Source: the description at http://yann.lecun.com/exdb/mnist/: two zero bytes, a type (8: unsigned byte), the number
// of dimensions, one 32-bit size a dimension with the high byte first, then the data, the last dimension fastest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace trainer {

inline constexpr int kIdxLabelHeaderBytes = 8;

struct IdxImages {
  std::size_t count = 0;
  int rows = 0;
  int columns = 0;
  std::vector<std::uint8_t> pixels;  ///< count × rows × columns
};

/// Errors: UserError that names the file and the offset: wrong magic, a header that does not fit the bytes that follow.
IdxImages read_idx_images(const std::filesystem::path& file);
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& file);

}  // namespace trainer
