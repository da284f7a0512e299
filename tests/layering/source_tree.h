// The project's own sources, read as text: files, #includes, and code without comments and literals. Used by the
// layering tests only; it understands as much of C++ as they need and no more.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace layering {

/// One #include line.
struct Include {
  std::string target;   ///< what stands between the quotes or brackets
  bool quoted = false;  ///< "…" and not <…>
  int line = 0;
};

struct SourceFile {
  std::filesystem::path path;  ///< relative to the tree's root, '/' as separator
  std::string text;            ///< as it stands
  std::string code;            ///< the text with comments and the insides of literals blanked, newlines kept
  std::vector<Include> includes;
};

/// The text with comments, string and character literals (raw ones too) replaced by spaces; newlines stay, so that
/// lines count as before.
std::string without_comments_and_literals(std::string_view text);

/// Every C++ and CUDA source under `root`'s project folders, sorted by path. Build outputs are not among them.
std::vector<SourceFile> read_sources(const std::filesystem::path& root);

/// 1-based line of the character at `offset`.
int line_of(std::string_view text, std::size_t offset);

}  // namespace layering
