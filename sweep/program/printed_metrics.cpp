// See printed_metrics.h.
#include "sweep/program/printed_metrics.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/suggest.h"
#include "core/utf8.h"
#include "sweep/program/printed_line.h"

namespace sweep {
namespace {

constexpr std::size_t kMostNames = 4096;       // that are counted; a program may print a new name on each line
constexpr std::size_t kLongestName = 256;      // bytes
constexpr std::size_t kMostBytes = 32 * 1024;  // of names and numbers a line, so that they fit into an event
constexpr std::size_t kBytesOfANumber = 32;
constexpr std::size_t kLongestNearLine = 200;        // bytes shown
constexpr std::size_t kLongestCompared = 1024;       // longer lines are compared by their beginning
constexpr double kLargestStep = 9007199254740992.0;  // 2^53

bool is_epoch(std::string_view name) { return name == "epoch" || name == "Epoch" || name == "EPOCH"; }

std::optional<std::uint64_t> whole(double value) {
  if (!(value >= 0 && value <= kLargestStep)) return {};
  const auto number = static_cast<std::uint64_t>(value);
  return static_cast<double>(number) == value ? std::optional(number) : std::nullopt;
}

bool is_storable(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = core::utf8_length(name, at);
    if (length == 0 || static_cast<unsigned char>(name[at]) < 0x20) return false;
    at += length;
  }
  return true;
}

// Lower case, and only letters and digits: "Val Acc" and "val_acc" are one word.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
      out += c;
  }
  return out;
}

// A word of the text that differs from `name` by a slip.
bool has_near_word(std::string_view text, std::string_view name) {
  const std::string words[] = {std::string(name)};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t=:,;|()[]{}'\"", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.size() + 2 >= name.size() && word.size() <= name.size() + 2 && core::nearest_word(word, words))
      return true;
  }
  return false;
}

// 0: nothing of the name is there.
int likeness(std::string_view text, std::string_view name) {
  const bool digit = std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const std::string plain_name = plain(name);
  int score = 0;
  if (text.find(name) != text.npos)
    score = 3;
  else if (!plain_name.empty() && plain(text).find(plain_name) != std::string::npos)
    score = 2;
  else if (has_near_word(text, name))
    score = 1;
  return score == 0 ? 0 : 2 * score + (digit ? 1 : 0);
}

std::string shown(std::string_view text) {
  std::string out;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = core::utf8_length(text, at);
    if (out.size() + std::max<std::size_t>(length, 1) > kLongestNearLine) break;
    if (length == 0)
      out += '?';
    else
      out += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  while (out.ends_with(' ') || out.ends_with('\t')) out.pop_back();
  return out;
}

}  // namespace

// What a line gives, before it has a step.
struct PrintedMetrics::Line {
  std::map<std::string, double> values;
  std::optional<std::uint64_t> step, epoch;
  std::size_t bytes = 0;

  void add(std::string_view name, double value, std::string_view step_key, const std::string& metric) {
    const auto number = whole(value);
    if (name == step_key && number) step = number;
    if (is_epoch(name) && number) epoch = number;
    if ((name == step_key || is_epoch(name)) && number && name != metric) return;
    if (!is_storable(name)) return;
    bytes += 2 * name.size() + kBytesOfANumber;
    if (bytes <= kMostBytes || name == metric) values[std::string(name)] = value;
  }
};

PrintedMetrics::PrintedMetrics(const ReadMetrics& read, std::optional<std::string> metric)
    : read_(read), metric_(std::move(metric).value_or("")) {
  if (read_.format != ReadMetrics::Format::kRegex) return;
  pattern_.emplace(read_.pattern);
  for (const std::string& name : {metric_, read_.step}) {
    const auto& groups = pattern_->groups();
    if (name.empty() || std::find(groups.begin(), groups.end(), name) != groups.end()) continue;
    throw core::UserError(
        "read_metrics.pattern",
        "no group is named '" + name + "', which " + (name == metric_ ? "the metric" : "'step'") + " is",
        "write (?<" + name + ">…) around its number");
  }
}

void PrintedMetrics::read_line(std::string_view text, Line& line) const {
  using Format = ReadMetrics::Format;
  const auto add = [&](std::string_view name, double value) { line.add(name, value, step_key(), metric_); };
  const auto counts = [&](std::string_view name) { return name == step_key() || is_epoch(name); };
  if (read_.format == Format::kRegex) {
    pattern_->match(text, [&](const std::string& name, std::string_view part) {
      part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
      if (const auto number = scan_value(part); number && number_ends_before(part.substr(number->length)))
        add(name, number->value);
    });
    return;
  }
  if (read_.format == Format::kJson || read_.format == Format::kAny) {
    Line object;
    const auto add_to_object = [&](std::string_view name, double value) {
      object.add(name, value, step_key(), metric_);
    };
    if (scan_object(text, add_to_object)) {
      line = std::move(object);
      return;
    }
    if (read_.format == Format::kJson) return;
  }
  const char separator = read_.format == Format::kColon ? ':' : '=';
  if (text.find(separator) == text.npos) return;
  scan_pairs(text, separator, counts, add);
  if (!metric_.empty() && !is_pair_name(metric_))
    if (const auto value = scan_literal(text, metric_, separator)) add(metric_, *value);
}

std::uint64_t PrintedMetrics::ordinal(const Line& line) {
  std::uint64_t most = 1;
  for (const auto& [name, value] : line.values) {
    const auto found = lines_of_.find(name);
    if (found == lines_of_.end() && lines_of_.size() >= kMostNames && name != metric_) continue;
    const std::uint64_t count = ++lines_of_[name];
    if (name == metric_) return count;
    most = std::max(most, count);
  }
  return most;
}

std::optional<protocol::MetricValues> PrintedMetrics::add_line(std::string_view raw) {
  const std::string text = terminal_text(raw, kLongestPrintedLine);
  Line line;
  read_line(text, line);
  if (line.step && !read_.step.empty()) last_step_ = line.step;
  if (!metric_seen_ && !metric_.empty()) {
    metric_seen_ = line.values.contains(metric_);
    if (!metric_seen_) compare_with_metric(text);
  }
  if (line.values.empty()) return {};
  const std::uint64_t count = ordinal(line);
  const auto step = line.step ? line.step : last_step_;
  return protocol::MetricValues{step.value_or(count), line.epoch, std::move(line.values)};
}

void PrintedMetrics::compare_with_metric(std::string_view text) {
  text = text.substr(0, kLongestCompared);
  const int score = likeness(text, metric_);
  if (score <= nearest_score_) return;
  nearest_score_ = score;
  nearest_ = shown(text);
}

std::vector<std::string> PrintedMetrics::names() const {
  std::vector<std::string> names;
  for (const auto& [name, lines] : lines_of_) names.push_back(name);
  return names;
}

}  // namespace sweep
