// Reads sources; see the header.
#include "tests/layering/source_tree.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

namespace layering {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// The end of the literal or comment that begins at `at`, or `at` where none begins there.
std::size_t end_of_skipped(std::string_view text, std::size_t at) {
  const auto after = [&](std::string_view end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == text.npos ? text.size() : found + end.size();
  };
  if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
  if (text.compare(at, 2, "/*") == 0) return after("*/", at + 2);
  if (text.compare(at, 2, "R\"") == 0 && (at == 0 || !is_word(text[at - 1]))) {
    const std::size_t open = text.find('(', at);
    if (open == text.npos) return text.size();
    return after(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  const char quote = text[at];
  // A ' between digits separates them and opens nothing.
  if (quote != '"' && !(quote == '\'' && (at == 0 || !is_word(text[at - 1])))) return at;
  std::size_t i = at + 1;
  while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

/// The #include lines of `text`; those inside a comment or literal are blank in `code` and do not count.
std::vector<Include> includes_of(const std::string& text, const std::string& code) {
  static const std::regex pattern(R"re(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])re");
  std::vector<Include> includes;
  std::istringstream lines(text), code_lines(code);
  std::string line, code_line;
  for (int number = 1; std::getline(lines, line) && std::getline(code_lines, code_line); ++number) {
    std::smatch match;
    if (code_line.find('#') != code_line.npos && std::regex_search(line, match, pattern))
      includes.push_back({match[2], match[1] == "\"", number});
  }
  return includes;
}

}  // namespace

std::string without_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_skipped(text, at);
    for (std::size_t i = at; i < end; ++i)
      if (code[i] != '\n') code[i] = ' ';
    at = std::max(end, at + 1);
  }
  return code;
}

std::vector<SourceFile> read_sources(const fs::path& root) {
  std::vector<SourceFile> sources;
  for (const char* folder : {"core", "protocol", "kernels", "trainer", "sweep", "tests", "bench", "fuzz"}) {
    if (!fs::exists(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu" && extension != ".cuh") continue;
      const std::string text = read_text(entry.path());
      const std::string code = without_comments_and_literals(text);
      sources.push_back({fs::relative(entry.path(), root), text, code, includes_of(text, code)});
    }
  }
  std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return sources;
}

int line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

}  // namespace layering
