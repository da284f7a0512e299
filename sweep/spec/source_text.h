// The text of a sweep file by line and column, and the excerpt that a message shows of it. Used by Document and by the
// readers of the formats; knows no format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace sweep {

/// A place in a text. Units: both count from 1; the column counts characters (code points), not bytes.
struct Mark {
  int line = 1;
  int column = 1;
};

class SourceText {
 public:
  SourceText(std::string text, std::filesystem::path file);

  const std::string& text() const { return text_; }
  const std::filesystem::path& file() const { return file_; }

  /// The place of the byte `offset`; the end of the text is a place too.
  Mark mark_at(std::size_t offset) const;

  /// A problem at `mark`: `file:line:column`, and below the message the source line with a caret. A long line is cut
  /// around the caret, a wide character moves it by two.
  core::Problem problem_at(Mark mark, std::string problem, std::string remedy = {}) const;

 private:
  std::string excerpt(Mark mark) const;

  std::string text_;
  std::filesystem::path file_;
  std::vector<std::size_t> line_starts_;
};

/// Places of ascending offsets, each counted on from the one before: a list of a million values may be one line.
class MarkCounter {
 public:
  explicit MarkCounter(const SourceText& source) : source_(source) {}
  /// As SourceText::mark_at(). An offset before the last one is right too, and slower.
  Mark at(std::size_t offset);

 private:
  const SourceText& source_;
  std::size_t offset_ = 0;
  Mark mark_;
};

/// Refuses what is not text: a byte order mark, bytes that are not UTF-8, NUL; with `control_characters` also every
/// other control character but tab and the ends of lines, \n and \r\n. Errors: UserError with the first of them.
void require_text(const SourceText& source, bool control_characters);

}  // namespace sweep
