// See sweep_flags.h.
#include "sweep/commands/sweep_flags.h"

#include <fmt/format.h>

#include "core/plural.h"
#include "sweep/commands/whole_number.h"
#include "sweep/report/display.h"

namespace sweep {

void SweepFlags::declare(CLI::App& subcommand) {
  subcommand.add_option("FILE", file, "the sweep file")->required()->type_name("");
  subcommand.add_option("--seed", overrides.seed, "instead of the file's seed")
      ->check(whole_number(0, UINT64_MAX))
      ->type_name("N");
  subcommand.add_option("--count", overrides.count, "instead of the file's run_cap")
      ->check(whole_number(1, UINT64_MAX))
      ->type_name("N");
  subcommand
      .add_option_function<std::string>(
          "--method", [this](const std::string& word) { overrides.method = read_method(word, "--method"); },
          "instead of the file's method: grid or random")
      ->type_name("METHOD");
  subcommand.add_flag("--ignore-early-terminate", overrides.ignore_early_terminate,
                      "run a file with early_terminate without it: every trial runs to its end");
  subcommand.add_option("--trainer", overrides.trainer, "another build of sweep-trainer")->type_name("PROGRAM");
}

std::string headline(const TrialPlan& plan) {
  const Spec& spec = plan.spec();
  const bool counted = spec.method == Method::kRandom ? plan.space().permutable() : plan.space().finite();
  const std::string space = counted
                                ? plan.space().size_text() + (plan.space().size_text() == "1" ? " point" : " points")
                                : "a space without end";
  std::string text =
      fmt::format("{}: {} of {}, seed {}", name(spec.method), core::counted(plan.count(), "trial"), space, spec.seed);
  if (spec.metric)
    text += fmt::format(", {} {}d by its {} value", printable(spec.metric->name, kNameColumns),
                        protocol::name(spec.metric->goal), protocol::name(spec.metric->reduce));
  return text;
}

std::string caution(const TrialPlan& plan) {
  if (plan.spec().method != Method::kRandom || !plan.space().permutable()) return "";
  return "the space is finite: any change of it draws every trial anew";
}

}  // namespace sweep
