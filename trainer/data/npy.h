// One array of a .npy file: header and elements. Callers: arrays.cpp, which makes a data set of several.
// Source: the format's description at https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions
// 1 to 3: the magic 93 'NUMPY', a version, the header's length (2 bytes, from version 2 on 4, lowest first), a Python
// dictionary with descr, fortran_order and shape, then the elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trainer {

class NpyArray {
 public:
  /// Takes f4, f8, i1 to i8, u1 to u8 and b1 in either byte order, C and Fortran layout. Errors: UserError that names
  /// `place` and the byte: no .npy, a header that is none or does not fit the bytes that follow, another type.
  NpyArray(std::string bytes, std::string place);

  const std::string& place() const { return place_; }
  const std::vector<std::size_t>& shape() const { return shape_; }
  std::string shape_text() const;  ///< "(60000, 28, 28)"
  std::string type_text() const;   ///< "<f4"
  bool is_whole() const { return kind_ != 'f'; }
  bool is_bytes() const { return kind_ == 'u' && item_bytes_ == 1; }
  std::size_t count() const { return count_; }

  /// Element `index` of the array in C order, the last dimension fastest, whatever the layout.
  double number(std::size_t index) const;
  /// The same of integers; nothing beyond 63 bits. Requires: is_whole().
  std::optional<std::int64_t> whole(std::size_t index) const;
  /// Where the element stands in the file, for messages.
  std::size_t offset_of(std::size_t index) const;

 private:
  void read_header(std::size_t begin, std::size_t end);
  void count_elements();
  std::uint64_t bits(std::size_t index) const;

  std::string bytes_, place_;
  std::size_t begin_ = 0;  // of the elements
  std::vector<std::size_t> shape_;
  std::size_t count_ = 0;
  char order_ = '<', kind_ = 0;
  std::size_t item_bytes_ = 0;
  bool fortran_ = false;
};

}  // namespace trainer
