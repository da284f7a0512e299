// See choice.h.
#include "sweep/report/choice.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "core/error.h"
#include "sweep/report/columns.h"
#include "sweep/report/display.h"
#include "sweep/report/filter.h"

namespace sweep {
namespace {

using core::Json;

bool is_own(const Row& row, const ReportOptions& options) {
  return row.standing != Standing::kSurplus || (options.all && has_run(row));
}

bool is_candidate(const Row& row, const ReportOptions& options) {
  return options.all || row.standing != Standing::kUnfinished;
}

void keep_matching(std::vector<Row>& rows, const std::vector<Column>& columns, const std::string& text, bool is_open) {
  std::vector<FilterColumn> names;
  for (const Column& column : columns)
    names.push_back({column.title, column.title == "outcome" ? outcome_words() : std::vector<std::string>{}});
  const Filter filter(text, names, is_open);
  std::erase_if(rows, [&](const Row& row) {
    return !filter.matches([&](std::size_t column) { return columns[column].cell(row); });
  });
}

// By what a row is put in order, of one column.
struct SortKey {
  enum class Group { kNumber, kText, kOther, kNan, kMissing } group = Group::kMissing;
  Json value;
};

SortKey key_of(std::optional<Json> cell) {
  using Group = SortKey::Group;
  if (!cell) return {};
  if (cell->is_number_float() && std::isnan(cell->get<double>())) return {Group::kNan, {}};
  if (cell->is_number()) return {Group::kNumber, std::move(*cell)};
  if (cell->is_string()) return {Group::kText, std::move(*cell)};
  return {Group::kOther, core::canonical_json(*cell)};
}

void sort_by(std::vector<Row>& rows, const Column& column, bool descends) {
  using Group = SortKey::Group;
  std::vector<SortKey> keys;
  keys.reserve(rows.size());
  for (const Row& row : rows) keys.push_back(key_of(column.cell(row)));
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const bool a_last = keys[a].group >= Group::kNan, b_last = keys[b].group >= Group::kNan;
    const SortKey& first = keys[descends && !a_last && !b_last ? b : a];
    const SortKey& second = keys[descends && !a_last && !b_last ? a : b];
    if (first.group != second.group) return first.group < second.group;
    return first.group == Group::kNumber ? core::less_number(first.value, second.value) : first.value < second.value;
  });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const std::size_t from : order) sorted.push_back(std::move(rows[from]));
  rows = std::move(sorted);
}

void sort_rows(std::vector<Row>& rows, const std::vector<Column>& columns, const std::vector<std::string>& by,
               bool is_open) {
  const auto find = [&](const std::string& name) {
    return std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.title == name; });
  };
  std::set<std::string> named;
  // The last one first: each later order keeps what it does not decide.
  for (auto word = by.rbegin(); word != by.rend(); ++word) {
    const bool descends = word->starts_with('-') && find(*word) == columns.end();
    const std::string name = word->substr(descends ? 1 : 0);
    if (!named.insert(name).second)
      throw core::UserError("--sort", "'" + printable(name, kNameColumns) + "' stands twice", "name it once");
    const auto found = find(name);
    if (found != columns.end()) {
      sort_by(rows, *found, descends);
    } else if (!is_open) {
      throw core::UserError("--sort", "no column '" + printable(name, kNameColumns) + "'",
                            nearest_or_all(name, titles_of(columns)));
    }
  }
}

}  // namespace

bool has_run(const Row& row) {
  const std::span<const TrialState* const> trials = row.trials();
  return std::any_of(trials.begin(), trials.end(), [](const TrialState* trial) {
    return !trial->attempts.empty() || (trial->phase == Phase::kEnded && !trial->repeats_index);
  });
}

const std::vector<Row>& own_rows(const std::vector<Row>& rows, const ReportOptions& options, std::vector<Row>& some) {
  const auto is_ours = [&](const Row& row) { return is_own(row, options); };
  if (std::all_of(rows.begin(), rows.end(), is_ours)) return rows;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(some), is_ours);
  return some;
}

Choice chosen_rows(const SweepHead& sweep, const std::vector<Row>& own, const ReportOptions& options) {
  Choice choice;
  std::vector<Row>& rows = choice.rows;
  const bool needs_all = !options.filter.empty() || !options.sort.empty();
  const std::uint64_t top = options.top.value_or(UINT64_MAX);
  for (const Row& row : own) {
    if (!is_candidate(row, options)) continue;
    if (++choice.candidates <= top || needs_all) rows.push_back(row);
  }
  choice.without_top = choice.candidates;
  if (!needs_all) return choice;
  const std::vector<Column> columns = known_columns(sweep, own);
  if (!options.filter.empty()) keep_matching(rows, columns, options.filter, own.empty());
  sort_rows(rows, columns, options.sort, own.empty());
  choice.without_top = rows.size();
  if (rows.size() > top) rows.resize(top);
  return choice;
}

std::set<std::uint64_t> shown_trials(const std::vector<Row>& rows, const ReportOptions& options) {
  std::set<std::uint64_t> indices;
  std::uint64_t shown = 0;
  for (const Row& row : rows) {
    if (!is_own(row, options)) continue;
    const bool is_first = indices.empty();  // of which a table says more, shown or not
    const bool is_shown = is_candidate(row, options) && (!options.top || shown < *options.top);
    if (is_first || is_shown)
      for (const TrialState* trial : row.trials()) indices.insert(trial->index);
    shown += is_shown;
    if (options.top && shown == *options.top) break;
  }
  return indices;
}

}  // namespace sweep
