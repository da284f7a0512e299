// The HTML report as text: what is escaped, which rows are shown, which points of a curve are left, where a value
// stands.
#include <zlib.h>

#include <cmath>

#include "core/error.h"
#include "core/json.h"
#include "sweep/html/axis.h"
#include "sweep/html/data.h"
#include "sweep/html/figures.h"
#include "sweep/html/markup.h"
#include "sweep/html/page.h"
#include "sweep/report/display.h"
#include "tests/catch.h"
#include "tests/sweep/html/pages.h"
#include "tests/sweep/rank/sample_study.h"

using core::Json;
using namespace sweep;

namespace {

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++found;
  return found;
}

std::string inflated(const std::string& bytes) {
  std::string out(50'000'000, '\0');
  uLongf size = out.size();
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                     static_cast<uLong>(bytes.size())) == Z_OK);
  return out.substr(0, size);
}

}  // namespace

TEST_CASE("text becomes markup only with its special characters as entities and its controls as escapes") {
  CHECK(escaped("<b class=\"x\" id='y'>&") == "&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
  CHECK(escaped("\x1b[31m") == "\\x1b[31m");
  CHECK(escaped("\u202eabc") == "\\u202eabc");
  CHECK(escaped("\u2028") == "\\u2028");
  CHECK(escaped(std::string(10'000, 'x')).size() < 210);
  CHECK(escaped_lines("a\n<b>") == "a\n&lt;b&gt;");
}

TEST_CASE("bytes are written as base64 with padding and as a zlib stream") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64(std::string("\xff\x00\x80", 3)) == "/wCA");
  CHECK(inflated(deflated("the same again, the same again")) == "the same again, the same again");
}

TEST_CASE("a policy names a script by the digest of its bytes") {
  // The SHA-256 of the empty string, as every table of it has it.
  CHECK(policy_hash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

TEST_CASE("JSON in a script element has no character that ends the element or the line") {
  const std::string text = json_for_script(Json{{"</script>", "<!-- & \u2028\u2029"}});
  CHECK(text == "{\"\\u003c/script\\u003e\":\"\\u003c!-- \\u0026 \\u2028\\u2029\"}");
  CHECK(Json::parse(text)["</script>"] == "<!-- & \u2028\u2029");
}

TEST_CASE("a curve of fewer points keeps its ends, its lowest and its highest value") {
  MetricCurve curve;
  for (std::uint64_t step = 0; step < 1000; ++step) curve.emplace_back(step, std::sin(static_cast<double>(step) / 20));
  curve[500].second = 9;
  curve[700].second = -9;
  const MetricCurve fewer = fewer_points(curve, 48);
  CHECK(fewer.size() <= 48);
  CHECK(fewer.size() > 40);
  CHECK(fewer.front() == curve.front());
  CHECK(fewer.back() == curve.back());
  CHECK(std::find(fewer.begin(), fewer.end(), curve[500]) != fewer.end());
  CHECK(std::find(fewer.begin(), fewer.end(), curve[700]) != fewer.end());
  CHECK(std::is_sorted(fewer.begin(), fewer.end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
  CHECK(fewer_points(curve, 1000) == curve);
}

TEST_CASE("a curve with values that are no numbers keeps its lowest number") {
  MetricCurve curve(100, {0, NAN});
  for (std::uint64_t step = 0; step < 100; ++step) curve[step].first = step;
  curve[50].second = 0.5;
  bool found = false;
  for (const auto& [step, value] : fewer_points(curve, 10)) found = found || value == 0.5;
  CHECK(found);
}

TEST_CASE("numbers that lie by decades are shown so, others on a line, words side by side") {
  const auto axis = [](std::vector<Json> values) {
    return Axis::of(std::vector<std::optional<Json>>(values.begin(), values.end()), 0, 100);
  };
  CHECK(*axis({1e-4, 1e-2, 1e-3}).at(1e-3) == Approx(50));
  CHECK(*axis({1, 100, 51}).at(50.5) == Approx(50));
  CHECK(*axis({0, 10, 4}).at(4.0) == Approx(40));
  CHECK(*axis({"sgd", "adam"}).at(std::optional(Json("adam"))) == Approx(25));
  CHECK(*axis({"none", 4}).at(std::optional(Json(4))) == Approx(25));
  CHECK_FALSE(axis({1, 2}).at(NAN));
  CHECK_FALSE(axis({1, 2}).at(std::optional<Json>()));
  CHECK(axis({1, 2}).at(std::optional(Json("word"))) == std::nullopt);
}

TEST_CASE("numbers beside one that is not finite are words on their axis, each with a place") {
  for (const double other : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Axis axis = Axis::of({Json(0.5), Json(other), Json(2), Json(0.5)}, 0, 90);
    std::vector<std::string> labels;
    for (const auto& [at, label] : axis.ticks(5)) labels.push_back(label);
    CHECK(labels == std::vector<std::string>{"0.5", "2", core::format_double(other)});
    CHECK(*axis.at(std::optional(Json(0.5))) == Approx(15));
    CHECK(*axis.at(std::optional(Json(2))) == Approx(45));
    CHECK(*axis.at(std::optional(Json(other))) == Approx(75));
  }
}

TEST_CASE("a few values far off do not stretch an axis") {
  std::vector<double> values(100, 0.5);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += static_cast<double>(i) / 1000;
  values.push_back(1e30);
  values.push_back(NAN);
  const auto [low, high] = usual_range(values);
  CHECK(low == 0.5);
  CHECK(high < 1);
  CHECK(usual_range({NAN, INFINITY}) == std::pair(0.0, 1.0));
  CHECK(usual_range({2.05, 5.07}) == std::pair(2.05, 5.07));  // of few none is far off
  CHECK(usual_range({0.25, 0.26, 0.27, 0.338}) == std::pair(0.25, 0.338));
}

TEST_CASE("the last numbers that a double holds have a place and ticks on an axis") {
  for (const auto& [low, high] : {std::pair(-1.7e308, 1.7e308), std::pair(5e-324, 1e-323), std::pair(1e-310, 1e-309)}) {
    const Axis axis = Axis::of({Json(low), Json(high)}, 0, 100);
    CHECK(std::isfinite(axis.at(low).value()));
    CHECK(std::isfinite(axis.at(high).value()));
    for (const auto& [at, text] : axis.ticks(5)) CHECK(std::isfinite(at));
    const auto [from, to] = usual_range({low, high});
    CHECK(std::isfinite(to - from));
  }
}

TEST_CASE("of a large sweep the first thousand rows are shown and five thousand of the rest, the same ones each time") {
  Study study(sample::accuracy());
  for (std::uint64_t i = 0; i < 7000; ++i) sample::run(study, i, static_cast<double>(i * 7919 % 7000));
  const std::vector<Row> rows = rank(study), shown = shown_rows({}, rows, {}, 1).rows;
  REQUIRE(shown.size() == kFirstRows + kDrawnRows);
  for (std::size_t r = 0; r < kFirstRows; ++r) CHECK(shown[r].rank == r + 1);
  CHECK(std::is_sorted(shown.begin(), shown.end(), [](const Row& a, const Row& b) { return *a.rank < *b.rank; }));
  const auto indices = [](const std::vector<Row>& some) {
    std::vector<std::uint64_t> all;
    for (const Row& row : some) all.push_back(row.trial->index);
    return all;
  };
  CHECK(indices(shown_rows({}, rows, {}, 1).rows) == indices(shown));
  CHECK(indices(shown_rows({}, rows, {}, 2).rows) != indices(shown));
  ReportOptions top;
  top.top = 10;
  CHECK(shown_rows({}, rows, top, 1).rows.size() == 10);
}

TEST_CASE("nothing of a hostile sweep stands in the page as it is") {
  const std::string text = html_page(sample::hostile_page()->page);
  CHECK(text.find(sample::kMarkup) == text.npos);
  CHECK(count(text, "<img") == 0);
  CHECK(text.find('\x1b') == text.npos);
  CHECK(text.find("\u202e") == text.npos);
  CHECK(text.find("\u2028") == text.npos);
  // As many as in the page of a sweep of which nothing is known: its own.
  const std::string empty = html_page(sample::empty_page()->page);
  CHECK(count(text, "<script") == count(empty, "<script"));
  CHECK(count(text, "</script") == count(empty, "</script"));
  CHECK(count(text, "<style") == 1);
}

TEST_CASE("a page stands alone: no address in it is fetched, and its policy forbids it") {
  const std::string text = html_page(sample::usual_page(20)->page);
  CHECK(text.starts_with("<!doctype html>"));
  CHECK(text.find("default-src 'none'") != text.npos);
  CHECK(text.find("unsafe-inline") == text.npos);
  CHECK(text.find(" src=") == text.npos);
  CHECK(text.find("<link") == text.npos);
  CHECK(text.find(" style=\"") == text.npos);
  CHECK(text.find("@import") == text.npos);
}

TEST_CASE("a page has every section, with its plain charts in it") {
  const std::string text = html_page(sample::usual_page(60)->page);
  for (const char* title : {"Leaderboard", "Metric curves", "Parallel coordinates", "Parameters against the metric",
                            "Parameter importance", "Timeline", "Outcomes", "Replays", "Environment and record"})
    CHECK(text.find(std::string(">") + title + "</h2>") != text.npos);
  CHECK(count(text, "<svg") >= 4);
  CHECK(text.substr(0, text.find("<script")).find("nan") == text.npos);
  const std::string nothing = html_page(sample::empty_page()->page);
  CHECK(nothing.find("Nothing can be said: no trial has a rank.") != nothing.npos);
  CHECK(nothing.find("Metric curves") == nothing.npos);
}

TEST_CASE("the data of a page are the columns of its rows") {
  const auto made = sample::usual_page(30);
  const Json data = page_data(made->page, parameters(made->page.head, made->page.shown.rows));
  CHECK(data["rows"] == 30);
  CHECK(data["goal"] == "maximize");
  std::vector<std::string> names;
  for (const Json& column : data["columns"]) {
    if (!column["hidden"]) names.push_back(column["name"]);
    CHECK((column.contains("values") ? column["values"] : column["codes"]).size() == 30);
  }
  CHECK(names == std::vector<std::string>{"rank", "trial", "index", "outcome", "val_accuracy", "augment.crop",
                                          "batch_size", "dropout", "learning_rate", "optimizer", "warmup",
                                          "weight_decay", "width", "train_loss", "epoch", "step", "seconds", "attempts",
                                          "device"});
  names.clear();
  for (const Json& column : data["columns"])
    if (column["hidden"]) names.push_back(column["name"]);
  CHECK(names == std::vector<std::string>{"replicate", "seed", "reused_from", "epochs", "value"});  // but not the host
  CHECK(data["columns"][4]["values"][0] == Json(*made->page.shown.rows[0].value()));
  CHECK(data["timeline"]["row"].size() == made->page.attempts.size());
  CHECK(data["curves"]["metrics"] == Json({"val_accuracy", "train_loss"}));
}

TEST_CASE("a metric that has the name of another column says so, and a condition means the other one as everywhere") {
  const auto made = sample::usual_page(3);
  auto trials = made->page.shown.rows;
  std::vector<TrialState> states;
  for (const Row& row : trials) states.push_back(*row.trial);
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].final_values = std::map<std::string, double>{{"epochs", 1}, {"seed", 2}, {"train_loss", 3}, {"value", 4}};
    trials[i].trial = &states[i];
  }
  made->page.shown.rows = trials;
  std::vector<std::string> shown, hidden;
  for (const PageColumn& column : page_columns(made->page, parameters(made->page.head, trials)))
    (column.is_shown ? shown : hidden).push_back(column.column.title);
  const auto has = [](const std::vector<std::string>& titles, const char* title) {
    return std::find(titles.begin(), titles.end(), title) != titles.end();
  };
  CHECK(has(shown, "epochs (metric)"));
  CHECK(has(shown, "seed (metric)"));
  CHECK(has(shown, "train_loss"));
  CHECK(has(shown, "value"));
  CHECK(has(hidden, "epochs"));
  CHECK(has(hidden, "seed"));
}

TEST_CASE("a page has the columns that were asked for, and the others to filter by, and an unknown one is refused") {
  ReportOptions options;
  options.columns = {"learning_rate", "host", "value", "rank"};
  const auto made = sample::usual_page(30, options);
  const std::vector<PageColumn> columns = page_columns(made->page, parameters(made->page.head, made->page.shown.rows));
  std::vector<std::string> shown;
  bool shows_first = true;
  for (const PageColumn& column : columns) {
    if (column.is_shown) shown.push_back(column.column.title);
    CHECK((shows_first || !column.is_shown));
    shows_first = column.is_shown;
  }
  CHECK(shown == std::vector<std::string>{"learning_rate", "host", "value", "rank"});
  const std::string text = html_page(made->page);
  CHECK(
      text.find("<thead><tr><th scope=\"col\">learning_rate</th><th scope=\"col\">host</th><th scope=\"col\">value</th>"
                "<th scope=\"col\">rank</th></tr></thead>") != text.npos);
  auto wrong = sample::usual_page(3);
  wrong->page.options.columns = {"learning_rat"};
  try {
    html_page(wrong->page);
    FAIL("not refused");
  } catch (const core::UserError& error) {
    CHECK(std::string(error.what()) == "--columns: no column 'learning_rat', did you mean 'learning_rate'?");
  }
}

TEST_CASE(
    "a page has the rows that meet a condition, in the order asked for, and says so, and its best is the sweep's") {
  ReportOptions options;
  options.filter = "optimizer=sgd and rank>3";
  options.sort = {"-learning_rate"};
  const auto made = sample::usual_page(60, options), whole = sample::usual_page(60);
  const ShownRows& shown = made->page.shown;
  REQUIRE(shown.rows.size() > 5);
  REQUIRE(shown.rows.size() < 40);
  double before = INFINITY;
  for (const Row& row : shown.rows) {
    CHECK(row.trial->config["optimizer"] == "sgd");
    CHECK(*row.rank > 3);
    CHECK(row.trial->config["learning_rate"].get<double>() <= before);
    before = row.trial->config["learning_rate"].get<double>();
  }
  const std::string text = html_page(made->page), rows = std::to_string(shown.rows.size());
  CHECK(text.find(rows + " of 60 trials meet <code>optimizer=sgd and rank&gt;3</code>. Sorted by -learning_rate.") !=
        text.npos);
  CHECK(shown.best->trial->index == whole->page.shown.rows.front().trial->index);
}

TEST_CASE("a page says of which rows a value is the same: of every trial, or of those that it was asked for") {
  ReportOptions options;
  const auto of_all = html_page(sample::usual_page(30, options)->page);
  options.top = 3;
  const auto of_some = html_page(sample::usual_page(30, options)->page);
  CHECK(of_all.find("The same in every trial: ") != of_all.npos);
  CHECK(of_some.find("The same in all these rows: ") != of_some.npos);
  CHECK(of_some.find("The same in every trial: ") == of_some.npos);
}

TEST_CASE("with repeats a page has means with their intervals, and calls its rows configurations") {
  const auto made = sample::repeats_page();
  const std::string text = html_page(made->page);
  const Row& best = made->page.shown.rows.front();
  const std::string beside = beside_text(made->page, metric_column(made->page.head), best);
  CHECK(beside.starts_with("± "));
  CHECK(beside.ends_with(" (3)"));
  CHECK(text.find("<dd>" + rounded(*best.value(), 6) + " " + beside + "</dd>") != text.npos);
  CHECK(count(text, " (3)") > 20);
  CHECK(text.find("95 % confidence interval") != text.npos);
  CHECK(text.find("All trials of the best configuration again, compared bit for bit: <code>sweep replay "
                  "7f3a9c0000000003 --replicates</code>") != text.npos);
  CHECK(text.find("over 20 ranked configurations, each the mean of its trials (60 in all) (Hutter") != text.npos);
  const Json data = page_data(made->page, parameters(made->page.head, made->page.shown.rows));
  CHECK(data["noun"] == "configuration");
  CHECK(data["columns"][4]["beside"][0] == beside);
  std::size_t indistinct = 0;
  for (const Row& row : made->page.shown.rows)
    indistinct += beside_text(made->page, metric_column(made->page.head), row).ends_with(" ≈");
  CHECK(indistinct > 0);
}

TEST_CASE("words of a column that are no texts are marked, and those that are spelled alike are two") {
  Study study(sample::accuracy());
  const Json values[] = {"3", 3, "adam", {1, 2}, true, nullptr, 0.5};
  for (std::uint64_t i = 0; i < 7; ++i)
    sample::run(study, i, static_cast<double>(7 - i), protocol::Outcome::kCompleted,
                {{"x", values[i]}, {"n", i == 3 ? Json() : Json(i)}});
  Page page;
  page.head.metric = study.metric();
  const std::vector<Row> rows = rank(study);
  page.shown = shown_rows(page.head, rows, {}, 1);
  const Json data = page_data(page, parameters(page.head, rows));
  for (const Json& column : data["columns"]) {
    if (column["name"] == "x") {
      CHECK(column["words"] == Json({"3", "3", "adam", "[1,2]", "true", "null", "0.5"}));
      CHECK(column["json"] == Json({1, 3, 4, 5, 6}));
    }
    if (column["name"] == "n") CHECK(column["nulls"] == Json({3}));
  }
}

TEST_CASE("values that JSON has no number for are words that a script reads as numbers") {
  const auto made = sample::hostile_page();
  const std::string text =
      core::canonical_json(page_data(made->page, parameters(made->page.head, made->page.shown.rows)));
  CHECK(text.find("\"NaN\"") != text.npos);
  CHECK(text.find("\"-Infinity\"") != text.npos);
  CHECK(text.find("{\"float\"") == text.npos);
}
