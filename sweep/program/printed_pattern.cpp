// See printed_pattern.h.
#include "sweep/program/printed_pattern.h"

#include <re2/re2.h>

#include "core/error.h"
#include "sweep/spec/metric_pattern.h"

namespace sweep {
namespace {

constexpr char kPlace[] = "read_metrics.pattern";

}  // namespace

PrintedPattern::PrintedPattern(const std::string& pattern) {
  const MetricPattern read = read_metric_pattern(pattern);
  if (!read.problem.empty()) throw core::UserError(kPlace, read.problem, read.remedy);
  RE2::Options options;
  options.set_log_errors(false);
  expression_ = std::make_unique<RE2>(read.expression, options);
  for (std::size_t i = 0; i < read.groups.size(); ++i) {
    if (read.groups[i].empty()) continue;
    groups_.push_back(read.groups[i]);
    numbers_.push_back(i + 1);
  }
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
