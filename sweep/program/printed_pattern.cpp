// See printed_pattern.h.
#include "sweep/program/printed_pattern.h"

#include <re2/re2.h>

#include "core/error.h"

namespace sweep {
namespace {

constexpr char kPlace[] = "read_metrics.pattern";

// (?<name> is written (?P<name> for RE2. Escapes and character classes are passed over; (?<= and (?<! are left for RE2
// to refuse.
std::string with_named_groups(const std::string& pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    out += c;
    if (c == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (c == '(' && !in_class && pattern.compare(i, 3, "(?<") == 0 && i + 3 < pattern.size() &&
               pattern[i + 3] != '=' && pattern[i + 3] != '!') {
      out += "?P";
      ++i;
    }
  }
  return out;
}

}  // namespace

PrintedPattern::PrintedPattern(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  expression_ = std::make_unique<RE2>(with_named_groups(pattern), options);
  if (!expression_->ok())
    throw core::UserError(kPlace, "not a regular expression: " + expression_->error(),
                          "groups are named (?<name>…), there is no look-around and no back-reference");
  for (const auto& [number, name] : expression_->CapturingGroupNames()) {
    groups_.push_back(name);
    numbers_.push_back(static_cast<std::size_t>(number));
  }
  if (groups_.empty())
    throw core::UserError(kPlace, "has no named group",
                          "name what is to be read, as in 'accuracy (?<val_accuracy>\\S+)'");
}

PrintedPattern::~PrintedPattern() = default;
PrintedPattern::PrintedPattern(PrintedPattern&&) noexcept = default;
PrintedPattern& PrintedPattern::operator=(PrintedPattern&&) noexcept = default;

void PrintedPattern::match(std::string_view line,
                           const std::function<void(const std::string&, std::string_view)>& found) const {
  std::vector<re2::StringPiece> parts(1 + static_cast<std::size_t>(expression_->NumberOfCapturingGroups()));
  const re2::StringPiece text(line.data(), line.size());
  if (!expression_->Match(text, 0, line.size(), RE2::UNANCHORED, parts.data(), static_cast<int>(parts.size()))) return;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const re2::StringPiece& part = parts[numbers_[i]];
    if (part.data() != nullptr) found(groups_[i], {part.data(), part.size()});
  }
}

}  // namespace sweep
