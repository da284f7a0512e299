// See try_trial.h.
#include "sweep/commands/try_trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <set>

#include "core/error.h"
#include "core/plural.h"
#include "protocol/files.h"
#include "sweep/commands/output.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/program/command_line.h"
#include "sweep/report/display.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEnoughMetrics = 2;  // lines with the sweep's metric, then the trial is asked to stop
constexpr std::uint32_t kLargestSeed = 0x7fffffff;

// A folder that is gone with its owner.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "sweep-try-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw core::EnvironmentError(name, "no temporary folder can be made", "set TMPDIR to a folder you may write to");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What one run gave.
struct Run {
  AttemptResult result;
  std::vector<protocol::MetricValues> metrics;
  bool sent_events = false;
  bool asked_to_stop = false;
};

bool has_metric(const protocol::MetricValues& values, const std::optional<protocol::Metric>& metric) {
  return !metric || values.values.contains(metric->name);
}

Run run_once(const Prepared& prepared, const PlannedTrial& trial, const fs::path& folder, double limit_s) {
  AttemptRequest request = make_attempt(prepared, trial, folder, folder / protocol::kCheckpointsFolder);
  request.stop_after_s = limit_s;
  Run run;
  std::size_t seen = 0;
  run.result = run_attempt(request, [&](const std::vector<protocol::Event>& events) {
    for (const protocol::Event& event : events) {
      const bool sent = !is_printed(event);
      if (sent && !std::exchange(run.sent_events, true)) run.metrics.clear(), seen = 0;
      const auto* values = std::get_if<protocol::MetricValues>(&event.body);
      if (values == nullptr) continue;
      run.metrics.push_back(*values);
      seen += has_metric(*values, request.document.metric);
    }
    run.asked_to_stop = seen >= kEnoughMetrics;
    return !run.asked_to_stop;
  });
  return run;
}

bool same(const protocol::MetricValues& a, const protocol::MetricValues& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.first == y.first && std::bit_cast<std::uint64_t>(x.second) == std::bit_cast<std::uint64_t>(y.second);
  };
  return a.step == b.step && std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), equal);
}

// How many metric lines of both runs agree from the beginning, and whether they all do.
struct Agreement {
  std::size_t compared = 0;
  bool all = true;
};
Agreement compare(const Run& a, const Run& b) {
  Agreement agreement;
  agreement.compared = std::min(a.metrics.size(), b.metrics.size());
  for (std::size_t i = 0; i < agreement.compared; ++i)
    agreement.all = agreement.all && same(a.metrics[i], b.metrics[i]);
  return agreement;
}

// One line of the report.
struct Finding {
  std::string what;
  bool good = true;
  std::string text;
};

Finding find_start(const Run& run) {
  const bool ended_well =
      run.result.outcome == protocol::Outcome::kCancelled || protocol::info(run.result.outcome).ranked;
  return {"started", ended_well || !run.metrics.empty(),
          run.result.detail.empty() || run.asked_to_stop
              ? "yes"
              : fmt::format("{}: {}", protocol::name(run.result.outcome), run.result.detail)};
}

Finding find_metrics(const Run& run, const std::optional<protocol::Metric>& metric, double limit_s) {
  std::set<std::string> names;
  for (const protocol::MetricValues& values : run.metrics)
    for (const auto& [name, value] : values.values) names.insert(name);
  if (names.empty())
    return {"metrics", false, fmt::format("none in {}", duration_text(std::min(limit_s, run.result.seconds)))};
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  list += run.sent_events ? " (sent as events)" : " (read from standard output)";
  if (!metric || names.contains(metric->name)) return {"metrics", true, list};
  return {"metrics", false, fmt::format("{}; but not '{}', by which the sweep ranks", list, metric->name)};
}

Finding find_first_value(const Run& run, const protocol::Metric& metric) {
  for (const protocol::MetricValues& values : run.metrics)
    if (const auto found = values.values.find(metric.name); found != values.values.end())
      return {"first value", true,
              fmt::format("{} = {} at step {}", metric.name, core::format_double(found->second), values.step)};
  return {"first value", false, "none of " + metric.name};
}

Finding find_events(const Run& run) {
  const bool broken = run.result.outcome == protocol::Outcome::kFailed;
  if (broken) return {"events", false, run.result.detail};
  if (run.result.without_finished)
    return {"events", false,
            R"(it ended without `finished`: send {"event":"finished","seq":N,"outcome":"completed"} last)"};
  return {"events", true, run.sent_events ? "well formed" : "none sent; what is printed is read"};
}

Finding find_seed(const Run& first, const Run& again, const Run& other) {
  const Agreement same_seed = compare(first, again), other_seed = compare(first, other);
  if (same_seed.compared == 0) return {"seed", false, "cannot be judged without metrics"};
  if (!same_seed.all)
    return {"seed", false,
            "two runs with the same seed differ: the program does not draw all its randomness from SWEEP_SEED"};
  if (other_seed.compared > 0 && other_seed.all)
    return {"seed", false, "has no influence: a run with another seed gave the same values"};
  return {"seed", true,
          fmt::format("honoured: {} {} the same in two runs, and others with another seed",
                      core::counted(same_seed.compared, "line"), same_seed.compared == 1 ? "is" : "are")};
}

Finding find_sigterm(const Run& run) {
  if (run.result.outcome != protocol::Outcome::kCancelled || run.result.asked_again)
    return {"SIGTERM", true, "not tried: it ended before"};
  if (run.result.ignored_sigterm) return {"SIGTERM", false, "ignored: it had to be killed"};
  return {"SIGTERM", true, "honoured"};
}

std::vector<Finding> find_all(const Prepared& prepared, double limit_s) {
  const Scratch scratch;
  PlannedTrial trial = prepared.plan.trial(0);
  const Run first = run_once(prepared, trial, scratch.path() / "first", limit_s);
  std::vector<Finding> findings = {find_start(first), find_metrics(first, prepared.spec().metric, limit_s)};
  if (prepared.spec().metric) findings.push_back(find_first_value(first, *prepared.spec().metric));
  findings.push_back(find_events(first));
  if (!first.metrics.empty()) {
    const Run again = run_once(prepared, trial, scratch.path() / "again", limit_s);
    trial.seed = trial.seed == kLargestSeed ? 0 : trial.seed + 1;
    if (trial.config.contains("seed")) trial.config["seed"] = trial.seed;
    findings.push_back(find_seed(first, again, run_once(prepared, trial, scratch.path() / "other", limit_s)));
  }
  findings.push_back(find_sigterm(first));
  return findings;
}

}  // namespace

int try_trial(const SweepFlags& flags, double limit_s, const Globals& globals) {
  const Scratch runs;
  const Prepared prepared = prepare_file(flags.file, runs.path(), flags.overrides);
  for (const core::Problem& warning : prepared.warnings) note(globals, "warning: " + warning.text());
  bool good = true;
  core::Json json = core::Json::object();
  std::vector<std::vector<std::string>> lines = {{"try", "trial #0"}};
  for (const Finding& finding : find_all(prepared, limit_s)) {
    good = good && finding.good;
    json[finding.what] = {{"good", finding.good}, {"text", finding.text}};
    lines.push_back({finding.what, (finding.good ? "" : "NO: ") + printable(finding.text)});
  }
  if (globals.json)
    print_json({{"good", good}, {"findings", json}});
  else
    print(aligned(lines, {Align::kLeft, Align::kLeft}));
  return good ? protocol::kExitOk : protocol::kExitSomeFailed;
}

}  // namespace sweep
