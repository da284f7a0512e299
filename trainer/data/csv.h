// Comma-separated text as rows of fields, by RFC 4180: a field in double quotes may hold commas, line breaks and, as
// "", quotes. Beyond it: blanks around a field do not count, lines end in LF or CR LF, blank lines and a byte order
// mark are skipped. UTF-16 and lines that end in CR alone are refused. What the fields mean is for table.cpp and
// indices.cpp, the callers.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace trainer {

inline constexpr std::size_t kMaxColumns = 65536;
inline constexpr std::size_t kMaxCells = std::size_t{1} << 28;  ///< of a file: 4 GiB of views

/// Collects problems of single lines and throws them together, ten at most. Of those of one `kind` the first is said,
/// with their number.
class LineProblems {
 public:
  explicit LineProblems(std::string file) : file_(std::move(file)) {}
  void add(std::size_t line, std::string problem, std::string remedy = {}, std::string_view kind = {});
  void throw_if_any();
  const std::string& file() const { return file_; }

 private:
  struct Kind {
    std::string_view name;
    std::size_t first;  // in found_
    std::size_t count;
  };
  std::string file_;
  std::vector<core::Problem> found_;
  std::vector<Kind> kinds_;
};

class CsvRows {
 public:
  /// Errors: UserError with file:line for each wrong line: a quoted field that does not end, text behind one, more than
  /// kMaxColumns fields; for the first CR that ends a line alone, the first byte that is no UTF-8; or for the file:
  /// UTF-16, or more than kMaxCells fields.
  CsvRows(std::string text, const std::string& place);
  CsvRows(const CsvRows&) = delete;  // fields point into the text
  CsvRows& operator=(const CsvRows&) = delete;

  std::size_t count() const { return lines_.size() - first_; }
  /// As an editor counts, from 1; of a row's first character.
  std::size_t line(std::size_t row) const { return lines_[first_ + row]; }
  std::span<const std::string_view> operator[](std::size_t row) const {
    const std::size_t i = first_ + row;
    const std::size_t end = i + 1 < begins_.size() ? begins_[i + 1] : fields_.size();
    return std::span(fields_).subspan(begins_[i], end - begins_[i]);
  }
  /// Takes the first row away; what was read from it stays valid.
  void drop_first() { ++first_; }

 private:
  void read_row(std::size_t& at, std::size_t& line, LineProblems& problems);
  std::string_view read_quoted(std::size_t& at, std::size_t& line, LineProblems& problems);

  std::string text_;
  std::deque<std::string> unescaped_;  // fields whose text differs from the file's
  std::vector<std::string_view> fields_;
  std::vector<std::size_t> begins_;  // of each row in fields_
  std::vector<std::size_t> lines_;
  std::size_t first_ = 0;
};

}  // namespace trainer
