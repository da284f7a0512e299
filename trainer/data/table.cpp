// See table.h.
#include "trainer/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>

#include "core/error.h"
#include "core/plural.h"
#include "core/suggest.h"
#include "trainer/data/csv.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

constexpr std::array<std::string_view, 4> kLabelNames{"label", "class", "target", "species"};
constexpr std::array<std::string_view, 7> kMissing{"", "?", "NA", "N/A", "NaN", "nan", "null"};
constexpr char kNoMissingValues[] = "missing values are not supported";

using Fields = std::span<const std::string_view>;
using Names = std::map<std::string, std::int32_t, std::less<>>;  // categories or labels → their numbers

struct Table {
  std::string place;
  std::unique_ptr<CsvRows> rows;
  std::vector<std::string> names;        // of the columns; empty without a header
  std::vector<std::string> class_names;  // of scikit-learn's first line
  std::size_t width = 0;
  std::size_t label = 0;  // its column

  // "field 3 ('width')"
  std::string field(std::size_t column) const {
    return fmt::format("field {}", column + 1) + (names.empty() ? "" : " ('" + names[column] + "')");
  }
};

// What the training file says of a column.
struct Column {
  bool categorical = false;
  Names categories;
};

// Nothing for two signs.
std::string_view without_plus(std::string_view text) {
  if (!text.starts_with('+')) return text;
  text.remove_prefix(1);
  return text.starts_with('-') ? std::string_view() : text;
}

// Of a number that no double has: whether it is too near to zero, rather than too far from it.
bool is_tiny(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  if (e == text.size()) return first > point;
  std::string_view exponent = text.substr(e + 1);
  const bool negative = exponent.starts_with('-');
  exponent.remove_prefix(exponent.find_first_not_of("+-"));
  std::int64_t power = 0;
  const auto end = exponent.data() + exponent.size();
  if (std::from_chars(exponent.data(), end, power).ec != std::errc()) return negative;  // no file has as many digits
  const auto places = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return places + (negative ? -power : power) < 0;
}

// A number that is nearer to zero than to any other double is zero.
std::optional<double> parse_number(std::string_view text) {
  text = without_plus(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size() && is_tiny(text))
    return text.starts_with('-') ? -0.0 : 0.0;
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  text = without_plus(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_missing(std::string_view text) { return std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end(); }

bool is_label_name(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? c + 32 : c; });
  return std::find(kLabelNames.begin(), kLabelNames.end(), text) != kLabelNames.end();
}

// --- the first line and the columns

// `150,4,setosa,versicolor,virginica` above rows of 4 numbers and a label.
bool is_scikit_header(const CsvRows& rows) {
  if (rows.count() < 2 || rows[0].size() < 4) return false;
  const Fields first = rows[0];
  const auto count = parse_whole(first[0]), columns = parse_whole(first[1]);
  if (!count || !columns || std::any_of(first.begin() + 2, first.end(), parse_number)) return false;
  return *columns == static_cast<std::int64_t>(rows[1].size()) - 1;
}

bool is_header(Fields fields) {
  const auto is_name = [](std::string_view field) { return !field.empty() && !parse_number(field); };
  const auto is_number = [](std::string_view field) { return parse_number(field).has_value(); };
  // A row of which some fields are numbers is a row with a mistake, not a header.
  const bool names = std::any_of(fields.begin(), fields.end() - 1, is_name) &&
                     std::none_of(fields.begin(), fields.end() - 1, is_number);
  return names || is_label_name(fields.back());
}

void take_first_line(Table& table, const protocol::DataOptions& options, LineProblems& problems) {
  CsvRows& rows = *table.rows;
  const bool names_a_column = !options.label.empty() || !options.categorical.empty();
  const bool by_rule = !options.header && !names_a_column;
  if (by_rule && is_scikit_header(rows)) {
    const Fields first = rows[0];
    table.class_names.assign(first.begin() + 2, first.end());
    const std::size_t line = rows.line(0);
    rows.drop_first();
    if (const auto says = *parse_whole(first[0]); says != static_cast<std::int64_t>(rows.count()))
      problems.add(line, fmt::format("says {}, but {} follow", core::counted(says, "row"), rows.count()));
  } else if (by_rule ? is_header(rows[0]) : options.header.value_or(true)) {
    table.names.assign(rows[0].begin(), rows[0].end());
    rows.drop_first();
  }
}

std::size_t find_column(const Table& table, const std::string& name) {
  if (table.names.empty())
    throw core::UserError(table.place, "has no names of columns, so none is '" + name + "'",
                          "begin the file with a line of names");
  const auto found = std::find(table.names.begin(), table.names.end(), name);
  if (found == table.names.end()) {
    const auto nearest = core::nearest_word(name, table.names);
    std::string listed;
    for (std::size_t i = 0; i < std::min<std::size_t>(table.names.size(), 20); ++i)
      listed += (i == 0 ? "" : ", ") + table.names[i];
    throw core::UserError(table.place, "has no column '" + name + "'",
                          nearest ? "did you mean '" + *nearest + "'?" : "there are: " + listed);
  }
  if (std::find(found + 1, table.names.end(), name) != table.names.end())
    throw core::UserError(table.place, "has two columns '" + name + "'", "rename one of them");
  return static_cast<std::size_t>(found - table.names.begin());
}

void find_label(Table& table, const protocol::DataOptions& options) {
  if (!options.label.empty()) {
    table.label = find_column(table, options.label);
    return;
  }
  table.label = table.width - 1;
  std::vector<std::size_t> named;
  for (std::size_t i = 0; i < table.names.size(); ++i)
    if (is_label_name(table.names[i])) named.push_back(i);
  if (named.size() > 1)
    throw core::UserError(table.place,
                          fmt::format("columns {} and {} are both named as labels are ('{}', '{}')", named[0] + 1,
                                      named[1] + 1, table.names[named[0]], table.names[named[1]]),
                          "rename one of them, or name the column that counts with the option 'label'");
  if (!named.empty()) table.label = named.front();
}

Table read_table(const std::filesystem::path& file, const protocol::DataOptions& options) {
  Table table;
  table.place = file.string();
  table.rows = std::make_unique<CsvRows>(read_plain_or_gzip(file), table.place);
  const CsvRows& rows = *table.rows;
  LineProblems problems(table.place);
  if (rows.count() == 0) throw core::UserError(table.place, "is empty");
  take_first_line(table, options, problems);
  if (rows.count() == 0) throw core::UserError(table.place, "has no row below its header");
  table.width = table.names.empty() ? rows[0].size() : table.names.size();
  if (table.width < 2)
    throw core::UserError(table.place, "has a single column", "a row is one number or more, then the label");
  for (std::size_t row = 0; row < rows.count(); ++row)
    if (rows[row].size() != table.width)
      problems.add(rows.line(row),
                   fmt::format("has {}, expected {}", core::counted(rows[row].size(), "field"), table.width));
  problems.throw_if_any();
  find_label(table, options);
  return table;
}

// Numbers the names in the order of their bytes.
void number_names(Names& names) {
  std::int32_t next = 0;
  for (auto& [name, number] : names) number = next++;
}

std::vector<Column> find_columns(const Table& table, const protocol::DataOptions& options) {
  std::vector<Column> columns(table.width);
  for (const std::string& name : options.categorical) {
    const std::size_t column = find_column(table, name);
    if (column == table.label)
      throw core::UserError(table.place, "column '" + name + "' is the label's, and said to be categorical",
                            "a label is a category by itself; take it out of 'categorical'");
    columns[column].categorical = true;
  }
  for (std::size_t i = 0; i < table.width; ++i) {
    Column& column = columns[i];
    if (i == table.label) continue;
    if (!column.categorical) {
      bool number = false, name = false;
      for (std::size_t row = 0; row < table.rows->count() && !number; ++row) {
        const std::string_view field = (*table.rows)[row][i];
        number = parse_number(field).has_value();
        name = name || !is_missing(field);
      }
      column.categorical = name && !number;
    }
    if (!column.categorical) continue;
    for (std::size_t row = 0; row < table.rows->count(); ++row) {
      const std::string_view field = (*table.rows)[row][i];
      if (column.categories.find(field) == column.categories.end()) column.categories.emplace(field, 0);
      if (column.categories.size() > kMaxCategories)
        throw core::UserError(table.place,
                              fmt::format("{} has more than {} categories", table.field(i), kMaxCategories),
                              "take the column out of the file");
    }
    number_names(column.categories);
  }
  return columns;
}

// --- features

void add_number(std::vector<float>& values, const Table& table, std::size_t line, std::size_t column,
                std::string_view field, LineProblems& problems) {
  const auto number = parse_number(field);
  const float value = number ? static_cast<float>(*number) : 0.0f;
  if (!number || !std::isfinite(value))
    problems.add(line, fmt::format("{}, '{}', is not a finite number", table.field(column), field));
  values.push_back(value);
}

void add_category(std::vector<float>& values, const Table& table, std::size_t line, std::size_t column,
                  std::string_view field, const Names& categories, LineProblems& problems) {
  const std::size_t first = values.size();
  values.resize(first + categories.size(), 0.0f);
  if (const auto found = categories.find(field); found != categories.end())
    values[first + static_cast<std::size_t>(found->second)] = 1.0f;
  else
    problems.add(line, fmt::format("{}, '{}', is a category that no training row has", table.field(column), field));
}

int count_features(const Table& table, const std::vector<Column>& columns) {
  std::size_t features = 0;
  for (std::size_t i = 0; i < table.width; ++i)
    if (i != table.label) features += columns[i].categorical ? columns[i].categories.size() : 1;
  if (features * table.rows->count() > kMaxTableValues)
    throw core::UserError(table.place,
                          fmt::format("{} of {} features, categories spread, are more than {} numbers",
                                      core::counted(table.rows->count(), "row"), features, kMaxTableValues));
  return static_cast<int>(features);
}

std::vector<float> read_features(const Table& table, const std::vector<Column>& columns, int features) {
  LineProblems problems(table.place);
  std::vector<float> values;
  values.reserve(table.rows->count() * static_cast<std::size_t>(features));
  for (std::size_t row = 0; row < table.rows->count(); ++row)
    for (std::size_t i = 0; i < table.width; ++i) {
      if (i == table.label) continue;
      const std::string_view field = (*table.rows)[row][i];
      const std::size_t line = table.rows->line(row);
      if (field.empty())
        problems.add(line, table.field(i) + " is empty", kNoMissingValues);
      else if (is_missing(field))
        problems.add(line, fmt::format("{}, '{}', stands for a missing value", table.field(i), field),
                     kNoMissingValues);
      else if (columns[i].categorical)
        add_category(values, table, line, i, field, columns[i].categories, problems);
      else
        add_number(values, table, line, i, field, problems);
    }
  problems.throw_if_any();
  return values;
}

// --- labels and targets

// Refuses what is a measurement rather than a class.
void check_label(std::size_t line, std::string_view label, LineProblems& problems) {
  if (label.empty())
    problems.add(line, "the label is empty");
  else if (is_missing(label))
    problems.add(line, fmt::format("label '{}' stands for a missing value", label), kNoMissingValues);
  else if (!parse_whole(label) && parse_number(label))
    problems.add(line, fmt::format("label '{}' is neither a whole number nor a name", label),
                 "for a number to predict set the option task: regression", "label");
}

Names find_classes(const Table& table, std::vector<std::string>& names) {
  Names classes;
  if (!table.class_names.empty()) {
    names = table.class_names;
    for (std::size_t i = 0; i < names.size(); ++i) classes[std::to_string(i)] = static_cast<std::int32_t>(i);
    return classes;
  }
  LineProblems problems(table.place);
  bool numbers = true;
  for (std::size_t row = 0; row < table.rows->count(); ++row) {
    const std::string_view label = (*table.rows)[row][table.label];
    check_label(table.rows->line(row), label, problems);
    numbers = numbers && parse_whole(label).has_value();
    if (classes.find(label) == classes.end()) classes.emplace(label, 0);
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

const std::string& label_of(const Names& classes, std::size_t number) {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const auto& entry) { return entry.second == static_cast<std::int32_t>(number); });
  core::check(found != classes.end(), "a class without a label");
  return found->first;
}

std::vector<std::int32_t> read_labels(const Table& table, const Names& classes) {
  LineProblems problems(table.place);
  std::vector<std::int32_t> labels;
  labels.reserve(table.rows->count());
  for (std::size_t row = 0; row < table.rows->count(); ++row) {
    const std::string_view label = (*table.rows)[row][table.label];
    const auto found = classes.find(label);
    if (found == classes.end())
      problems.add(table.rows->line(row),
                   fmt::format("label '{}' is out of range, there {} {}, from '{}' to '{}'", label,
                               classes.size() == 1 ? "is" : "are", core::counted(classes.size(), "class", "classes"),
                               label_of(classes, 0), label_of(classes, classes.size() - 1)));
    labels.push_back(found == classes.end() ? 0 : found->second);
  }
  problems.throw_if_any();
  return labels;
}

std::vector<float> read_targets(const Table& table) {
  LineProblems problems(table.place);
  std::vector<float> targets;
  targets.reserve(table.rows->count());
  for (std::size_t row = 0; row < table.rows->count(); ++row) {
    const std::string_view target = (*table.rows)[row][table.label];
    const auto number = parse_number(target);
    targets.push_back(number ? static_cast<float>(*number) : 0.0f);
    if (!number || !std::isfinite(targets.back()))
      problems.add(table.rows->line(row), fmt::format("target '{}' is not a finite number", target),
                   "name the column to predict with the option 'label'", "target");
  }
  problems.throw_if_any();
  return targets;
}

// Labels are numbers where the first line names the classes: in another order they would be other classes.
void check_class_names(const Table& train, const Table& test) {
  const std::vector<std::string>&a = train.class_names, &b = test.class_names;
  if (a.empty() || b.empty() || a == b) return;
  if (a.size() != b.size())
    throw core::UserError(test.place, fmt::format("names {} in its first line, {} names {}",
                                                  core::counted(b.size(), "class", "classes"), train.place, a.size()));
  const auto at = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  throw core::UserError(
      test.place, fmt::format("its first line calls class {} '{}', {} calls it '{}'", at, b[at], train.place, a[at]),
      "number the classes as the training file does");
}

Samples read_samples(const Table& table, const std::vector<Column>& columns, const Names& classes, bool regression) {
  Samples samples;
  samples.features = count_features(table, columns);
  samples.values = read_features(table, columns, samples.features);
  if (regression)
    samples.targets = read_targets(table);
  else
    samples.labels = read_labels(table, classes);
  return samples;
}

}  // namespace

Dataset load_tables(const protocol::DataSet& source) {
  Dataset data;
  const bool regression = source.options.regression;
  data.task = regression ? Task::kRegression : Task::kClassification;
  const Table train = read_table(*source.file(protocol::kTrainTable), source.options);
  const std::vector<Column> columns = find_columns(train, source.options);
  const Names classes = regression ? Names() : find_classes(train, data.class_names);
  data.classes = static_cast<int>(data.class_names.size());
  data.train = read_samples(train, columns, classes, regression);
  if (const std::filesystem::path* file = source.file(protocol::kTestTable)) {
    const Table test = read_table(*file, source.options);
    if (test.width != train.width || test.names != train.names)
      throw core::UserError(test.place, "has other columns than " + train.place);
    if (!regression) check_class_names(train, test);
    data.test = read_samples(test, columns, classes, regression);
  }
  return data;
}

}  // namespace trainer
