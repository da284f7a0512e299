// sweep check: reads a sweep file, prints every problem, the size of the space and the first points. Writes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/plural.h"
#include "core/shell.h"
#include "sweep/commands/output.h"
#include "sweep/commands/shown_command.h"
#include "sweep/commands/sweep_flags.h"
#include "sweep/commands/try_trial.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/whole_number.h"
#include "sweep/program/command_line.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::uint64_t kFirstPoints = 5;
constexpr std::size_t kWidestCell = 60;

// Each configuration once, though it runs `repeats` times.
std::vector<core::Json> first_configs(const TrialPlan& plan) {
  const std::uint64_t repeats = plan.spec().repeats;
  std::vector<core::Json> configs;
  for (std::uint64_t i = 0; i < std::min(plan.count() / repeats, kFirstPoints); ++i)
    configs.push_back(plan.trial(i * repeats).config);
  return configs;
}

// What would be started for the first trial, as it may be printed; empty for the built-in trainer.
std::vector<std::string> first_command(const Planned& checked) {
  if (!checked.trainer.program) return {};
  return shown_command(*checked.trainer.program, checked.plan.trial(0), kAttemptFolder);
}

core::Json about_data(const Planned& checked) {
  if (!checked.trainer.builtin || !checked.data) return nullptr;
  return ask_about_data(*checked.trainer.builtin, *checked.data, first_configs(checked.plan));
}

// What the first trials could not do with the data: a warning each, for others may do. Taken out of what is said of
// the data.
std::vector<core::Problem> take_trial_problems(core::Json& about, std::uint64_t repeats) {
  std::vector<core::Problem> problems;
  if (!about.is_object() || !about.contains("trials")) return problems;
  for (const core::Json& problem : about["trials"])
    problems.push_back(
        {fmt::format("trial #{}: {}", problem.value("trial", std::uint64_t{0}) * repeats, problem.value("place", "")),
         problem.value("problem", ""),
         problem.value("remedy", ""),
         {}});
  about.erase("trials");
  return problems;
}

// "1437 samples, 360 to test, 64 features, 10 classes"; of a text its characters.
std::string data_text(const core::Json& about) {
  const auto number = [&](const char* key) { return about.value(key, std::uint64_t{0}); };
  if (about.contains("characters"))
    return fmt::format("text, {}, {} different", core::counted(number("characters"), "character"),
                       number("vocabulary"));
  std::string text = core::counted(number("samples"), "sample") + ", ";
  if (about.contains("test_samples")) text += fmt::format("{} to test, ", number("test_samples"));
  if (about.contains("image")) text += "images of " + core::canonical_json(about["image"]) + ", ";
  text += core::counted(number("features"), "feature") + ", ";
  return text +
         (about.contains("classes") ? core::counted(number("classes"), "class", "classes") : "a number to predict");
}

core::Json check_json(const Planned& checked, const core::Json& data) {
  const TrialPlan& plan = checked.plan;
  core::Json json = plan.spec().determining();
  json["trials"] = plan.count();
  json["space"] = plan.space().size_text();
  json["data"] = plan.spec().data.empty() ? core::Json() : core::Json(plan.spec().data);
  if (!plan.spec().data_options.empty()) json["data_options"] = plan.spec().data_options.to_json();
  if (!data.is_null()) json["data_set"] = data;
  json["first"] = first_configs(plan);
  if (checked.trainer.program) {
    json["command"] = first_command(checked);
    json["program"] = checked.trainer.program->record();
  }
  json["warnings"] = core::Json::array();
  for (const core::Problem& warning : checked.warnings) json["warnings"].push_back(warning.text());
  return json;
}

std::string list_text(const Categorical& list) {
  std::string text;
  for (std::size_t i = 0; i < list.values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + core::canonical_json(list.values[i]);
    if (!list.probabilities.empty()) text += " (" + core::format_double(list.probabilities[i]) + ")";
  }
  return text;
}

std::string range_text(const Continuous& range) {
  std::string text =
      fmt::format("{} {} … {}", range.word, core::format_double(range.first), core::format_double(range.second));
  if (range.family == Family::kNormal || range.family == Family::kLogNormal)
    text = fmt::format("{} mu {}, sigma {}", range.word, core::format_double(range.first),
                       core::format_double(range.second));
  if (range.family == Family::kBeta)
    text =
        fmt::format("{} a {}, b {}", range.word, core::format_double(range.first), core::format_double(range.second));
  return range.quantum ? text + ", q " + core::format_double(range.quantum->step) : text;
}

// "log_uniform_values 1e-05 … 0.1", "\"adam\", \"sgd\"", "10".
std::string values_text(const Distribution& distribution) {
  if (const auto* constant = std::get_if<Constant>(&distribution)) return core::canonical_json(constant->value);
  if (const auto* list = std::get_if<Categorical>(&distribution)) return list_text(*list);
  if (const auto* range = std::get_if<IntUniform>(&distribution))
    return fmt::format("int_uniform {} … {}", range->min, range->max);
  return range_text(std::get<Continuous>(distribution));
}

void print_check(const Planned& checked, const core::Json& data) {
  const TrialPlan& plan = checked.plan;
  print(headline(plan) + "\n\n");
  std::vector<std::vector<std::string>> ranges = {{"parameter", "values"}};
  for (const Parameter& parameter : plan.spec().parameters)
    ranges.push_back(
        {printable(parameter.name, kWidestCell), printable(values_text(parameter.distribution), 2 * kWidestCell)});
  print(aligned(ranges, {Align::kLeft, Align::kLeft}));
  if (!data.is_null()) print("\ndata  " + printable(data_text(data)) + "\n");
  if (const auto& program = checked.trainer.program) {
    print("\nfirst command, in " + printable(program->folder.string()) + "\n");
    print(printable(core::shell_quoted(first_command(checked))) + "\n");
    const std::size_t files = program->sources.files.size();
    print(fmt::format("{} {} part of each trial's identity\n", core::counted(files, "source file"),
                      files == 1 ? "is" : "are"));
  }
  const std::uint64_t repeats = plan.spec().repeats;
  print(repeats > 1 ? fmt::format("\nfirst points, each of {} trials\n", repeats) : "\nfirst points\n");
  std::uint64_t index = 0;
  for (const core::Json& config : first_configs(plan)) {
    print(fmt::format("#{}  {}\n", index, printable(core::canonical_json(config))));
    index += repeats;
  }
}

struct Flags : SweepFlags {
  bool tries = false;
  std::uint64_t try_time_s = 60;
};

int check(const Flags& flags, const Globals& globals) {
  // Data that is not here is worth a word, but the file is right without it.
  Planned checked = plan_file(flags.file, globals.runs, flags.overrides, Missing::kWarning);
  core::Json data = about_data(checked);
  const std::vector<core::Problem> of_trials = take_trial_problems(data, checked.plan.spec().repeats);
  checked.warnings.insert(checked.warnings.end(), of_trials.begin(), of_trials.end());
  if (flags.tries) return try_trial(flags, static_cast<double>(flags.try_time_s), globals);
  if (globals.json) {
    print_json(check_json(checked, data));
    return protocol::kExitOk;
  }
  for (const core::Problem& warning : checked.warnings) note(globals, "warning: " + warning.text());
  print_check(checked, data);
  if (const std::string text = caution(checked.plan); !text.empty()) note(globals, text);
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_check(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  flags->declare(subcommand);
  subcommand.add_flag("--try", flags->tries,
                      "run the first trial until its first metrics, and say what was understood");
  subcommand.add_option("--try-time", flags->try_time_s, "for at most so many seconds (60)")
      ->check(whole_number(1, 86400))
      ->type_name("S");
  return [flags, &globals] { return check(*flags, globals); };
}

}  // namespace sweep
