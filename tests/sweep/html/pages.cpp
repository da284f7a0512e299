// See pages.h.
#include "tests/sweep/html/pages.h"

#include <cmath>

#include "core/philox.h"
#include "tests/sweep/rank/sample_study.h"

namespace sample {
namespace {

using core::Json;
using protocol::Outcome;
using namespace sweep;

double uniform(std::uint64_t trial, std::uint32_t what) {
  return core::uniform_float(core::random_bits(trial, core::Purpose::kSyntheticData, what, 0, 0).word[0]);
}

Json config_of(std::uint64_t i) {
  const char* optimizers[] = {"adam", "lion", "sgd"};
  Json config = {{"batch_size", 32 << static_cast<int>(4 * uniform(i, 1))},
                 {"dropout", 0.6 * uniform(i, 2)},
                 {"learning_rate", std::pow(10.0, -5 + 4.5 * uniform(i, 3))},
                 {"optimizer", optimizers[static_cast<int>(3 * uniform(i, 4))]},
                 {"warmup", static_cast<int>(500 * uniform(i, 5))},
                 {"weight_decay", std::pow(10.0, -6 + 4 * uniform(i, 6))},
                 {"width", 64 << static_cast<int>(5 * uniform(i, 7))},
                 {"epochs", 20}};
  if (uniform(i, 8) < 0.5) config["augment"] = {{"crop", static_cast<int>(8 * uniform(i, 9))}};
  return config;
}

double reached(const Json& config) {
  const double off = std::log10(config["learning_rate"].get<double>() / 2e-3),
               drop = config["dropout"].get<double>() - 0.2;
  return 0.93 - 0.05 * off * off - 0.3 * drop * drop + 0.01 * std::log2(config["width"].get<double>() / 64);
}

void run_trial(PageOf& made, std::uint64_t i, Outcome outcome, std::int64_t& clock_ms) {
  const Json config = config_of(i);
  plan(made.study, i, config);
  const std::string slot = "cpu:" + std::to_string(i % 4);
  const auto seconds = 4 + 20 * uniform(i, 20);
  if (i % 4 == 0) clock_ms += 15000;
  std::int64_t at = clock_ms;
  if (i % 31 == 5) {  // a first try that crashed
    start(made.study, i);
    end(made.study, i, Outcome::kKilled, "signal 11 (SIGSEGV)");
    made.page.attempts.push_back({i, 0, slot, at, at + 3000, "killed", "the next trial"});
    at += 3500;
  }
  start(made.study, i);
  std::map<std::string, MetricCurve>& curves = made.page.curves[i];
  const double top = reached(config);
  for (std::uint64_t epoch = 1; epoch <= 20; ++epoch) {
    const double value = top * (1 - std::exp(-0.35 * static_cast<double>(epoch))) +
                         0.004 * uniform(i, 40 + static_cast<std::uint32_t>(epoch));
    const double loss = 2.3 * std::exp(-0.3 * static_cast<double>(epoch)) + 0.2 +
                        0.1 * uniform(i, 80 + static_cast<std::uint32_t>(epoch));
    say(made.study, i, epoch, {{"val_accuracy", value}, {"train_loss", loss}});
    curves["val_accuracy"].emplace_back(10 * epoch, value);
    curves["train_loss"].emplace_back(10 * epoch, loss);
  }
  end(made.study, i, outcome);
  made.page.attempts.push_back({i, attempts(made.study, i) - 1, slot, at, at + static_cast<std::int64_t>(700 * seconds),
                                std::string(protocol::name(outcome)), "the next trial"});
}

// A made-up analysis: what the page draws of it, not what a forest would say.
Analysis analysis_of_usual(std::size_t trials) {
  Analysis analysis;
  analysis.ranked = analysis.trials = trials;
  analysis.interactions = 0.08;
  const auto add = [&](const std::string& name, double importance,
                       std::optional<double> spearman) -> ParameterAnalysis& {
    analysis.parameters.push_back({name, importance, importance / 6, spearman, {}, {}});
    return analysis.parameters.back();
  };
  ParameterAnalysis& rate = add("learning_rate", 0.61, 0.21);
  for (int k = 0; k < 8; ++k) {
    const double from = std::pow(10.0, -5 + 4.5 * k / 8), to = std::pow(10.0, -5 + 4.5 * (k + 1) / 8);
    const double off = std::log10(std::sqrt(from * to) / 2e-3);
    rate.effects.push_back({from, to, 0.125, 0.9 - 0.05 * off * off, 0.02, trials / 8, {}, 0});
  }
  add("width", 0.12, 0.3);
  ParameterAnalysis& optimizer = add("optimizer", 0.09, {});
  for (const char* word : {"adam", "lion", "sgd"})
    optimizer.effects.push_back({word, word, 0.333, 0.85 + 0.01 * word[0] / 100.0, 0.01, trials / 3, {}, 0});
  add("dropout", 0.07, -0.11);
  add("weight_decay", 0.01, 0.02);
  add("batch_size", 0.006, 0.01);
  add("warmup", 0.004, -0.01);
  return analysis;
}

void finish(PageOf& made) {
  const std::vector<Row> rows = rank(made.study);
  made.page.shown = shown_rows(made.page.head, rows, made.page.options, 1);
  made.page.outcomes = count_outcomes(rows);
}

}  // namespace

const std::string kMarkup =
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

std::unique_ptr<PageOf> usual_page(std::size_t trials, const ReportOptions& options) {
  auto made = std::make_unique<PageOf>(PageOf{Study(accuracy()), {}});
  made->page.options = options;
  std::int64_t clock_ms = 1'795'690'000'000;
  for (std::uint64_t i = 0; i < trials; ++i)
    run_trial(*made, i,
              i % 23 == 7    ? Outcome::kDiverged
              : i % 41 == 11 ? Outcome::kFailed
                             : Outcome::kCompleted,
              clock_ms);
  Page& page = made->page;
  page.head = {
      "a1b2c3d4e5f60718", "fashion, a network of two layers", "random", 7, trials, made->study.metric(), "lab3"};
  page.state = "finished, " + std::to_string(trials) + " of " + std::to_string(trials) + " trials have ended";
  page.analysis = analysis_of_usual(trials);
  page.replays = {
      {"7f3a9c0000000003", "identical", "cpu", "2026-11-26 10:58:34 UTC", ""},
      {"7f3a9c0000000004", "different", "cpu", "2026-11-26 10:59:34 UTC", "step 12: weights of fc1.weight"}};
  page.facts = {
      {"What the results follow from", {{"sweep", "a1b2c3d4e5f60718"}, {"seed", "7"}, {"numerics", "portable-1"}}},
      {"Where it ran", {{"processor", "AMD EPYC, 2 cores"}, {"compiler", "GNU 12.2.0"}}}};
  page.file_text = "name: fashion\nmethod: random\n";
  page.replay_command = "sweep replay 7f3a9c0000000003";
  finish(*made);
  return made;
}

std::unique_ptr<PageOf> hostile_page() {
  const std::string kinds[] = {kMarkup,
                               "\x1b[31mred\x1b[0m\x07",
                               "\u202eright to left\u2066",
                               std::string(10'000, 'x'),
                               "line\u2028separator\u2029",
                               "' onmouseover='document.title=1",
                               "{{constructor}} &lt; &amp;",
                               "\xe6\xa8\xa1\xe5\x9e\x8b \xf0\x9f\xa6\x8a"};
  auto made = std::make_unique<PageOf>(
      PageOf{Study(protocol::Metric{kMarkup, protocol::Goal::kMinimize, protocol::Reduce::kBest}), {}});
  const double numbers[] = {0.5, NAN, INFINITY, -INFINITY, 1e300, -1e300, 5e-324, 0.25};
  for (std::uint64_t i = 0; i < 8; ++i) {
    plan(made->study, i,
         {{kMarkup, kinds[i]}, {"long" + std::string(10'000, 'n'), numbers[i]}, {"\u202eturned", kinds[7 - i]}});
    start(made->study, i);
    say(made->study, i, 1, {{kMarkup, numbers[i]}, {kinds[1], numbers[7 - i]}, {"</td>", 1.0}});
    say(made->study, i, 2, {{kMarkup, numbers[7 - i]}});
    end(made->study, i, i == 2 ? Outcome::kFailed : Outcome::kCompleted, kMarkup);
    made->page.curves[i][kMarkup] = {{10, numbers[i]}, {20, numbers[7 - i]}};
    made->page.curves[i][kinds[2]] = {{10, numbers[7 - i]}};
    made->page.attempts.push_back({i, 0, kinds[i], static_cast<std::int64_t>(1000 * i), 1500, kMarkup, kinds[7 - i]});
  }
  Page& page = made->page;
  page.head = {kMarkup, kMarkup, kMarkup, 1, 8, made->study.metric(), kMarkup};
  page.state = kMarkup;
  page.analysis.ranked = page.analysis.trials = 8;
  page.analysis.parameters.push_back({kMarkup, 0.5, 0.1, 0.1, {{kinds[0], kinds[0], 0.5, 0.5, NAN, 4, {}, 0}}, {}});
  page.replays = {{kMarkup, kMarkup, kMarkup, kMarkup, kinds[3]}};
  page.findings = {kMarkup, kinds[3]};
  page.facts = {{kMarkup, {{kMarkup, kinds[3]}, {kinds[2], kinds[1]}}}};
  page.file_text = kMarkup + "\n" + kinds[1] + "\n" + kinds[3];
  page.replay_command = kMarkup;
  finish(*made);
  return made;
}

std::unique_ptr<PageOf> repeats_page() {
  auto made = std::make_unique<PageOf>(PageOf{Study(Terms{.metric = accuracy(), .repeats = 3}), {}});
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Json config = config_of(i / 3);
    run(made->study, i, reached(config) + 0.01 * uniform(i, 30), Outcome::kCompleted, config);
    made->page.curves[i]["val_accuracy"] = {{10, 0.5}, {20, reached(config)}};
    made->page.attempts.push_back({i, 0, "cpu:0", static_cast<std::int64_t>(2000 * i),
                                   static_cast<std::int64_t>(2000 * i + 1500), "completed", "the next trial"});
  }
  Page& page = made->page;
  page.head = {"a1b2c3d4e5f60718", "three of each", "random", 7, 60, made->study.metric(), ""};
  page.head.repeats = 3;
  page.state = "finished, 60 of 60 trials have ended";
  page.analysis.ranked = page.analysis.trials = 20;
  page.analysis.ranked_trials = 60;
  page.analysis.parameters.push_back({"learning_rate", 0.6, 0.1, 0.2, {}, {}});
  page.replay_command = "sweep replay 7f3a9c0000000003 --replicates";
  finish(*made);
  return made;
}

std::unique_ptr<PageOf> wide_page(std::size_t trials, std::size_t parameters) {
  auto made = std::make_unique<PageOf>(PageOf{Study(accuracy()), {}});
  for (std::uint64_t i = 0; i < trials; ++i) {
    Json config = Json::object();
    for (std::uint32_t p = 0; p < parameters; ++p) {
      const std::string name = "block" + std::to_string(p / 5) + ".parameter_" + std::to_string(p);
      if (p % 3 == 2)
        config[name] = std::string(1, static_cast<char>('a' + static_cast<int>(4 * uniform(i, p + 1))));
      else
        config[name] = p % 3 == 0 ? Json(uniform(i, p + 1)) : Json(static_cast<int>(100 * uniform(i, p + 1)));
    }
    run(made->study, i, 0.5 + 0.4 * uniform(i, 1), Outcome::kCompleted, config);
  }
  Page& page = made->page;
  page.head = {"a1b2c3d4e5f60718", "wide", "random", 7, trials, made->study.metric(), ""};
  page.state = "finished";
  page.analysis.nothing = "no trial has a rank";
  finish(*made);
  return made;
}

std::unique_ptr<PageOf> empty_page() {
  auto made = std::make_unique<PageOf>(PageOf{Study(accuracy()), {}});
  made->page.head = {"a1b2c3d4e5f60718", "", "grid", 0, 24, made->study.metric(), ""};
  made->page.state = "running, 0 of 24 trials have ended";
  made->page.analysis.nothing = "no trial has a rank";
  finish(*made);
  return made;
}

}  // namespace sample
