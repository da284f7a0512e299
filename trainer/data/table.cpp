// See table.h.
#include "trainer/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "core/error.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

constexpr std::array<std::string_view, 4> kLabelNames{"label", "class", "target", "species"};
constexpr std::size_t kMaxProblems = 10;

struct Line {
  std::size_t number = 0;  // as an editor counts, from 1
  std::vector<std::string> fields;
};

struct Table {
  std::string place;
  std::vector<std::string> names;        // of the columns; empty without a header
  std::vector<std::string> class_names;  // of scikit-learn's first line
  std::vector<Line> rows;
  std::size_t width = 0;
  std::size_t label = 0;  // its column
};

// Collects problems of single lines and throws them together.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(std::size_t line, std::string problem, std::string remedy = {}) {
    found_.push_back({fmt::format("{}:{}", file_, line), std::move(problem), std::move(remedy), {}});
    if (found_.size() == kMaxProblems) throw_if_any();
  }
  void throw_if_any() {
    if (!found_.empty()) throw core::UserError(std::move(found_));
  }

 private:
  std::string file_;
  std::vector<core::Problem> found_;
};

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Splits one line at its commas. A field in double quotes may hold commas; "" in it is one quote.
std::vector<std::string> split(std::string_view text, std::size_t number, Problems& problems) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    if (at < text.size() && text[at] == '"') {
      std::string field;
      for (++at; at < text.size(); ++at) {
        if (text[at] != '"')
          field += text[at];
        else if (at + 1 < text.size() && text[at + 1] == '"')
          field += text[at++];
        else
          break;
      }
      if (at == text.size()) problems.add(number, "a quoted field does not end on its line");
      fields.push_back(std::move(field));
      const std::size_t comma = std::min(text.find(',', at), text.size());
      if (at < text.size() && !trimmed(text.substr(at + 1, comma - at - 1)).empty())
        problems.add(number, "text follows a closing quote");
      at = comma;
    } else {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      fields.emplace_back(trimmed(text.substr(at, comma - at)));
      at = comma;
    }
    if (at == text.size()) return fields;
    ++at;
  }
}

std::vector<Line> split_lines(std::string_view text, Problems& problems) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trimmed(line).empty()) lines.push_back({number, split(line, number, problems)});
  }
  return lines;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_label_name(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? c + 32 : c; });
  return std::find(kLabelNames.begin(), kLabelNames.end(), text) != kLabelNames.end();
}

// `150,4,setosa,versicolor,virginica` above rows of 4 numbers and a label.
bool is_scikit_header(const std::vector<Line>& lines) {
  if (lines.size() < 2 || lines[0].fields.size() < 4) return false;
  const std::vector<std::string>& first = lines[0].fields;
  const auto rows = parse_whole(first[0]), columns = parse_whole(first[1]);
  if (!rows || !columns || std::any_of(first.begin() + 2, first.end(), parse_number)) return false;
  return *columns + 1 == static_cast<std::int64_t>(lines[1].fields.size());
}

bool is_header(const std::vector<std::string>& fields) {
  const auto is_name = [](const std::string& field) { return !field.empty() && !parse_number(field); };
  const auto is_number = [](const std::string& field) { return parse_number(field).has_value(); };
  // A row of which some fields are numbers is a row with a mistake, not a header.
  const bool names = std::any_of(fields.begin(), fields.end() - 1, is_name) &&
                     std::none_of(fields.begin(), fields.end() - 1, is_number);
  return names || is_label_name(fields.back());
}

void take_first_line(Table& table, std::vector<Line>& lines, Problems& problems) {
  if (is_scikit_header(lines)) {
    const Line first = std::move(lines.front());
    lines.erase(lines.begin());
    table.class_names.assign(first.fields.begin() + 2, first.fields.end());
    if (const auto rows = *parse_whole(first.fields[0]); rows != static_cast<std::int64_t>(lines.size()))
      problems.add(first.number, fmt::format("says {} rows, but {} follow", rows, lines.size()));
  } else if (is_header(lines.front().fields)) {
    table.names = std::move(lines.front().fields);
    lines.erase(lines.begin());
  }
}

void find_label(Table& table) {
  table.label = table.width - 1;
  std::vector<std::size_t> named;
  for (std::size_t i = 0; i < table.names.size(); ++i)
    if (is_label_name(table.names[i])) named.push_back(i);
  if (named.size() > 1)
    throw core::UserError(table.place,
                          fmt::format("columns {} and {} are both named as labels are ('{}', '{}')", named[0] + 1,
                                      named[1] + 1, table.names[named[0]], table.names[named[1]]),
                          "rename one of them");
  if (!named.empty()) table.label = named.front();
}

Table read_table(const std::filesystem::path& file) {
  Table table;
  table.place = file.string();
  Problems problems(table.place);
  std::vector<Line> lines = split_lines(read_plain_or_gzip(file), problems);
  problems.throw_if_any();
  if (lines.empty()) throw core::UserError(table.place, "is empty");
  take_first_line(table, lines, problems);
  if (lines.empty()) throw core::UserError(table.place, "has no row below its header");
  table.width = table.names.empty() ? lines.front().fields.size() : table.names.size();
  if (table.width < 2)
    throw core::UserError(table.place, "has a single column", "a row is one number or more, then the label");
  for (const Line& line : lines)
    if (line.fields.size() != table.width)
      problems.add(line.number, fmt::format("has {} fields, expected {}", line.fields.size(), table.width));
  problems.throw_if_any();
  table.rows = std::move(lines);
  find_label(table);
  return table;
}

std::vector<float> read_features(const Table& table) {
  Problems problems(table.place);
  std::vector<float> values;
  values.reserve(table.rows.size() * (table.width - 1));
  for (const Line& line : table.rows)
    for (std::size_t i = 0; i < table.width; ++i) {
      if (i == table.label) continue;
      const auto number = parse_number(line.fields[i]);
      const float value = number ? static_cast<float>(*number) : 0.0f;
      if (line.fields[i].empty())
        problems.add(line.number, fmt::format("field {} is empty", i + 1), "missing values are not supported");
      else if (!number || !std::isfinite(value))
        problems.add(line.number, fmt::format("field {}, '{}', is not a finite number", i + 1, line.fields[i]));
      values.push_back(value);
    }
  problems.throw_if_any();
  return values;
}

// The classes: label text → number.
using Classes = std::map<std::string, std::int32_t>;

// Refuses what is a measurement rather than a class.
void check_label(const Line& line, const std::string& label, Problems& problems) {
  if (label.empty())
    problems.add(line.number, "the label is empty");
  else if (!parse_whole(label) && parse_number(label))
    problems.add(line.number, fmt::format("label '{}' is neither a whole number nor a name", label),
                 "only classification is supported");
}

Classes find_classes(const Table& table, std::vector<std::string>& names) {
  Classes classes;
  if (!table.class_names.empty()) {
    names = table.class_names;
    for (std::size_t i = 0; i < names.size(); ++i) classes[std::to_string(i)] = static_cast<std::int32_t>(i);
    return classes;
  }
  Problems problems(table.place);
  bool numbers = true;
  for (const Line& line : table.rows) {
    const std::string& label = line.fields[table.label];
    check_label(line, label, problems);
    numbers = numbers && parse_whole(label).has_value();
    classes[label] = 0;
  }
  problems.throw_if_any();
  if (classes.size() > static_cast<std::size_t>(kMaxClasses))
    throw core::UserError(table.place,
                          fmt::format("has {} classes, at most {} are supported", classes.size(), kMaxClasses));
  std::vector<std::string> sorted;
  for (const auto& [label, number] : classes) sorted.push_back(label);
  if (numbers)
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const std::string& a, const std::string& b) { return *parse_whole(a) < *parse_whole(b); });
  for (std::size_t i = 0; i < sorted.size(); ++i) classes[sorted[i]] = static_cast<std::int32_t>(i);
  names = std::move(sorted);
  return classes;
}

const std::string& label_of(const Classes& classes, std::size_t number) {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const auto& entry) { return entry.second == static_cast<std::int32_t>(number); });
  core::check(found != classes.end(), "a class without a label");
  return found->first;
}

std::vector<std::int32_t> read_labels(const Table& table, const Classes& classes) {
  Problems problems(table.place);
  std::vector<std::int32_t> labels;
  labels.reserve(table.rows.size());
  for (const Line& line : table.rows) {
    const auto found = classes.find(line.fields[table.label]);
    if (found == classes.end())
      problems.add(line.number, fmt::format("label '{}' is out of range, there are {} classes, from '{}' to '{}'",
                                            line.fields[table.label], classes.size(), label_of(classes, 0),
                                            label_of(classes, classes.size() - 1)));
    labels.push_back(found == classes.end() ? 0 : found->second);
  }
  problems.throw_if_any();
  return labels;
}

Samples read_samples(const Table& table, const Classes& classes) {
  return Samples{static_cast<int>(table.width) - 1, {}, read_features(table), read_labels(table, classes)};
}

}  // namespace

Dataset load_tables(const protocol::DataSet& source) {
  Dataset data;
  const Table train = read_table(*source.file(protocol::kTrainTable));
  const Classes classes = find_classes(train, data.class_names);
  data.classes = static_cast<int>(data.class_names.size());
  data.train = read_samples(train, classes);
  if (const std::filesystem::path* file = source.file(protocol::kTestTable)) {
    const Table test = read_table(*file);
    if (test.width != train.width || test.names != train.names)
      throw core::UserError(test.place, "has other columns than " + train.place);
    data.test = read_samples(test, classes);
  }
  return data;
}

}  // namespace trainer
