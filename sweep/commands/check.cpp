// sweep check: reads a sweep file, prints every problem, the size of the space and the first points. Writes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/files.h"
#include "sweep/commands/output.h"
#include "sweep/commands/sweep_flags.h"
#include "sweep/commands/verbs.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::uint64_t kFirstPoints = 5;
constexpr std::size_t kWidestCell = 60;

struct Checked {
  TrialPlan plan;
  std::vector<core::Problem> warnings;
};

// Data that is not here is worth a word, but the file is right without it.
Checked read(const SweepFlags& flags) {
  const std::string text = core::read_file(flags.file, kMaxSweepFileBytes);
  const Overrides& above = flags.overrides;
  Spec spec = read_spec(text, flags.file, {.method = above.method, .seed = above.seed, .run_cap = above.count});
  const TrainerCommand trainer = ask_trainer(find_trainer(above));
  check_hyperparameters(spec, trainer.description, text, flags.file);
  check_names_data(spec, trainer, flags.file);
  std::vector<core::Problem> warnings = spec.warnings;
  core::Json digest;
  try {
    if (!spec.data.empty()) digest = find_data(spec.data, flags.file).sha256;
  } catch (const core::UserError& error) {
    warnings.insert(warnings.end(), error.problems().begin(), error.problems().end());
  }
  return {TrialPlan(std::move(spec), {trainer.identity, digest, "portable-1"}), std::move(warnings)};
}

std::vector<core::Json> first_configs(const TrialPlan& plan) {
  std::vector<core::Json> configs;
  for (std::uint64_t i = 0; i < std::min(plan.count(), kFirstPoints); ++i) configs.push_back(plan.trial(i).config);
  return configs;
}

core::Json check_json(const Checked& checked) {
  const TrialPlan& plan = checked.plan;
  core::Json json = plan.spec().determining();
  json["trials"] = plan.count();
  json["space"] = plan.space().size_text();
  json["data"] = plan.spec().data.empty() ? core::Json() : core::Json(plan.spec().data);
  json["first"] = first_configs(plan);
  json["warnings"] = core::Json::array();
  for (const core::Problem& warning : checked.warnings) json["warnings"].push_back(warning.text());
  return json;
}

// "log_uniform_values 1e-05 … 0.1", "adam, sgd", "10".
std::string range_text(const Parameter& parameter, const core::Json& written) {
  if (written.contains("value")) return core::canonical_json(written["value"]);
  if (!written.contains("values"))
    return fmt::format("{} {} … {}", name(parameter.distribution), core::canonical_json(written["min"]),
                       core::canonical_json(written["max"]));
  std::string text;
  for (const core::Json& value : written["values"]) text += (text.empty() ? "" : ", ") + core::canonical_json(value);
  return text;
}

void print_check(const Checked& checked) {
  const TrialPlan& plan = checked.plan;
  print(headline(plan) + "\n\n");
  const core::Json determining = plan.spec().determining();
  std::vector<std::vector<std::string>> ranges = {{"parameter", "values"}};
  for (const Parameter& parameter : plan.spec().parameters)
    ranges.push_back({printable(parameter.name, kWidestCell),
                      printable(range_text(parameter, determining["parameters"][parameter.name]), 2 * kWidestCell)});
  print(aligned(ranges, {Align::kLeft, Align::kLeft}));
  print("\nfirst points\n");
  std::uint64_t index = 0;
  for (const core::Json& config : first_configs(plan))
    print(fmt::format("#{}  {}\n", index++, printable(core::canonical_json(config))));
}

int check(const SweepFlags& flags, const Globals& globals) {
  const Checked checked = read(flags);
  if (globals.json) {
    print_json(check_json(checked));
    return protocol::kExitOk;
  }
  for (const core::Problem& warning : checked.warnings) note(globals, "warning: " + warning.text());
  print_check(checked);
  if (const std::string text = caution(checked.plan); !text.empty()) note(globals, text);
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_check(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<SweepFlags>();
  flags->declare(subcommand);
  return [flags, &globals] { return check(*flags, globals); };
}

}  // namespace sweep
