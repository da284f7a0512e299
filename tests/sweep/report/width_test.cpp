// The table at the widths of terminals against golden files, marks, filters, and what foreign texts may do: nothing.
#include <algorithm>
#include <sstream>

#include "sweep/report/display.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"
#include "tests/sweep/report/golden.h"

using core::Json;
using protocol::Outcome;
using namespace sweep;

namespace {

SweepHead head(const Study& study, std::uint64_t trials) {
  SweepHead made{"a1b2c3d4e5f60718", "crowded", "random", 7, trials, study.metric(), "lab3"};
  made.repeats = study.terms().repeats;
  return made;
}

Json crowded(int i) {
  return {{"augment", i % 2 == 0 ? "crop+flip" : "none"},
          {"batch_size", 32 << i},
          {"data", "fashion-mnist"},
          {"dropout", 0.1 * i},
          {"hidden", {256 >> i, 128}},
          {"model", {{"activation", i == 1 ? "gelu" : "relu"}, {"norm", "batch"}}},
          {"note", i == 0   ? "\x1b[31mred\x1b[0m"
                   : i == 1 ? "\xe2\x80\xaeright to left"
                            : std::string(10'000, 'x')},
          {"optimizer", {{"learning_rate", 0.001 / (i + 1)}, {"name", "adam"}, {"weight_decay", i == 2 ? 0 : 1e-05}}},
          {"schedule", i == 0 ? "cosine" : "linear"},
          {"エポック", 10 + i},
          {"学習データ", i == 1 ? "手書き数字" : "e\xcc\x81tude"}};
}

// Three trials with many parameters, one of them tied with the best.
Study many_parameters() {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.9011666666666667, Outcome::kCompleted, crowded(0));
  sample::run(study, 1, 0.9011666666666667, Outcome::kCompleted, crowded(1));
  sample::run(study, 2, 0.875, Outcome::kCompleted, crowded(2));
  sample::run(study, 3, 0.5, Outcome::kDiverged, crowded(2));
  return study;
}

// Means that scatter: the second cannot be told apart from the first, the third can.
Study scattered() {
  Study study(Terms{.metric = sample::accuracy(), .repeats = 3});
  const double values[] = {0.90, 0.92, 0.91, 0.89, 0.915, 0.90, 0.80, 0.81, 0.805};
  for (std::uint64_t i = 0; i < 9; ++i)
    sample::run(study, i, values[i], Outcome::kCompleted, {{"learning_rate", 0.001 * static_cast<double>(i / 3 + 1)}});
  return study;
}

ReportOptions wide(std::size_t width) {
  ReportOptions options;
  options.width = width;
  return options;
}

}  // namespace

TEST_CASE("a table fits the terminal, and says what it leaves out") {
  const Study study = many_parameters();
  for (const std::size_t width : {60, 80, 120, 200}) {
    INFO(width);
    const std::string table = report_table(head(study, 4), rank(study), wide(width));
    CHECK(table == golden("width_" + std::to_string(width) + ".txt"));
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) CHECK(display_width(line) <= width);
  }
}

TEST_CASE("without a terminal nothing is left out") {
  const Study study = many_parameters();
  const std::string table = report_table(head(study, 4), rank(study));
  CHECK(table.find("no room") == std::string::npos);
  CHECK(table.find("7f3a9c0000000000") != std::string::npos);
  CHECK(table.find("optimizer.learning_rate") != std::string::npos);
}

TEST_CASE("foreign texts reach a terminal as visible characters alone") {
  const Study study = many_parameters();
  for (const auto width : {std::optional<std::size_t>(), std::optional<std::size_t>(200)}) {
    ReportOptions options;
    options.width = width;
    const std::string table = report_table(head(study, 4), rank(study), options);
    CHECK(printable_lines(table) == table);
    CHECK(table.find("\\x1b[31mred") != std::string::npos);
    CHECK(table.find(std::string(33, 'x')) == std::string::npos);
  }
}

TEST_CASE("the best rows are bold where colour is allowed, and nothing else changes") {
  const Study study = many_parameters();
  ReportOptions options;
  options.color = true;
  std::string table = report_table(head(study, 4), rank(study), options);
  for (const std::string code : {"\x1b[1m", "\x1b[0m"}) {
    int count = 0;
    for (std::size_t at = table.find(code); at != std::string::npos; at = table.find(code)) {
      table.erase(at, code.size());
      ++count;
    }
    CHECK(count == 2);  // two rows share the best value
  }
  CHECK(table == report_table(head(study, 4), rank(study)));
}

TEST_CASE("rows whose mean cannot be told apart from the best are marked") {
  const Study study = scattered();
  CHECK(report_table(head(study, 9), rank(study), wide(80)) == golden("scattered.txt"));
}

TEST_CASE("a filtered and sorted table says so, and names once what its rows have in common") {
  const Study study = many_parameters();
  ReportOptions options;
  options.filter = "augment=crop+flip and val_accuracy > 0.5";
  options.sort = {"-batch_size"};
  options.width = 120;
  CHECK(report_table(head(study, 4), rank(study), options) == golden("filtered.txt"));
  options.filter = "augment=none and batch_size=32";
  CHECK(report_table(head(study, 4), rank(study), options).ends_with("\nno row meets the filter\n"));
}

TEST_CASE("a table fits the lines of a terminal: what says least goes first, then rows, which are counted") {
  Study study(sample::accuracy());
  for (std::uint64_t i = 0; i < 30; ++i)
    sample::run(study, i, 0.5 + 0.0078125 * static_cast<double>(i * 7 % 30), Outcome::kCompleted,
                {{"learning_rate", 0.001 * static_cast<double>(i + 1)}, {"epochs", 5}, {"width", 32 << (i % 4)}});
  for (const std::size_t height : {1, 2, 3, 5, 8, 12, 20, 60}) {
    CAPTURE(height);
    ReportOptions options = wide(60);
    options.height = height;
    const std::string table = report_table(head(study, 30), rank(study), options);
    const auto lines = static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n'));
    CHECK(lines <= std::max<std::size_t>(height, 2));
    if (height < 40) CHECK(table.find(" more rows not shown\n") != std::string::npos);
    if (height == 60) CHECK(table == report_table(head(study, 30), rank(study), wide(60)));
    if (height == 5 || height == 12 || height == 20)
      CHECK(table == golden("height_" + std::to_string(height) + ".txt"));
  }
}
