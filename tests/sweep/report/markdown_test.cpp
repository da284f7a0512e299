// Markdown: the table for a paper or a review.
#include "core/json.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"

using core::Json;
using protocol::Outcome;
using namespace sweep;

namespace {

SweepHead head(const Study& study, const std::string& name) {
  SweepHead made{"a1b2c3d4e5f60718", name, "random", 7, 3, study.metric(), "lab3"};
  made.repeats = study.terms().repeats;
  return made;
}

}  // namespace

TEST_CASE("Markdown has what varies as a table, what does not above it, and the best value bold") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.9011666666666667, Outcome::kCompleted, {{"lr", 0.001}, {"optimizer", "adam"}, {"batch", 64}});
  sample::run(study, 1, 0.5, Outcome::kDiverged, {{"lr", 0.5}, {"optimizer", "sgd"}, {"batch", 64}});
  sample::run(study, 2, 0.875, Outcome::kCompleted,
              {{"lr", 0.00031622776601683794}, {"optimizer", "adam"}, {"batch", 64}});
  CHECK(
      report_markdown(head(study, "first try"), rank(study)) ==
      "**first try**: sweep a1b2c3d4e5f60718, random, seed 7, 3 trials. Ranked by val_accuracy, the largest first; of "
      "each trial its best value. Constant: batch 64.\n"
      "\n"
      "| rank | trial | outcome | val_accuracy | epoch | lr | optimizer |\n"
      "| ---: | --- | --- | ---: | ---: | ---: | --- |\n"
      "| 1 | 7f3a9c0000000000 | completed | **0.901167** | 1 | 0.001 | adam |\n"
      "| 2 | 7f3a9c0000000002 | completed | 0.875 | 1 | 0.000316228 | adam |\n"
      "| - | 7f3a9c0000000001 | diverged | 0.5 | 1 | 0.5 | sgd |\n");
}

TEST_CASE("Markdown of repeats says how sure a mean is, and what cannot be told apart") {
  Study study(Terms{.metric = sample::accuracy(), .repeats = 3});
  const double values[] = {0.90, 0.92, 0.91, 0.89, 0.915, 0.90, 0.80, 0.81, 0.805};
  for (std::uint64_t i = 0; i < 9; ++i)
    sample::run(study, i, values[i], Outcome::kCompleted, {{"lr", 0.001 * static_cast<double>(i / 3 + 1)}});
  const std::string text = report_markdown(head(study, ""), rank(study));
  CHECK(text.find("| 1 | 7f3a9c0000000000 | **0.91 ± 0.025 (3)** | 1 | 0.001 |\n") != std::string::npos);
  CHECK(text.find("| 2 | 7f3a9c0000000003 | 0.901667 ± 0.031 (3) ≈ | 1 | 0.002 |\n") != std::string::npos);
  CHECK(text.find("| 3 | 7f3a9c0000000006 | 0.805 ± 0.012 (3) | 1 | 0.003 |\n") != std::string::npos);
  CHECK(text.ends_with(
      "|\n\n≈ cannot be told apart from the best by Welch's t-test at 5 %, each row taken by itself.\n"));
  CHECK(text.find(" 3 trials of each configuration: their mean ± half of its 95 % confidence interval") !=
        std::string::npos);
}

TEST_CASE("names and values act neither as Markdown nor as HTML") {
  Study study(sample::accuracy());
  sample::run(
      study, 0, 0.5, Outcome::kCompleted,
      {{"a|b", "x|y\\z"}, {"lines", "1\n2"}, {"tag", "<script>alert(1)</script>"}, {"long", std::string(10'000, 'y')}});
  sample::run(study, 1, 0.25, Outcome::kCompleted,
              {{"a|b", "*b* _i_ `c` [l](u) a_b"}, {"lines", "\x1b[1m"}, {"tag", "&lt; #1 ~~s~~"}, {"long", "!"}});
  const std::string text = report_markdown(head(study, "<b>*name*</b>"), rank(study));
  CHECK(text.starts_with("**&lt;b&gt;\\*name\\*&lt;/b&gt;**: sweep "));
  CHECK(text.substr(text.find("\n\n") + 2) ==
        "| rank | trial | val_accuracy | epoch | a\\|b | lines | long | tag |\n"
        "| ---: | --- | ---: | ---: | --- | --- | --- | --- |\n"
        "| 1 | 7f3a9c0000000000 | **0.5** | 1 | x\\|y\\\\z | 1\\\\n2 | yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy… | "
        "&lt;script&gt;alert(1)&lt;/script&gt; |\n"
        "| 2 | 7f3a9c0000000001 | 0.25 | 1 | \\*b\\* \\_i\\_ \\`c\\` \\[l\\](u) a_b | \\\\x1b\\[1m | ! | "
        "&amp;lt; \\#1 \\~\\~s\\~\\~ |\n");
}
