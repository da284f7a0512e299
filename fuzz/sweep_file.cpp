// See sweep_file.h.
#include "fuzz/sweep_file.h"

#include <algorithm>
#include <string>

#include "sweep/spec/spec.h"

namespace fuzz {
namespace {

using core::check;

// A small trainer's description, so that the second half of the checks runs too.
const core::Json& description() {
  static const core::Json json = core::parse_json(R"({"hyperparameters": [
      {"name": "hidden", "type": "integers", "min": 1, "max": 65536},
      {"name": "optimizer", "type": "choice", "choices": ["sgd", "adam"]},
      {"name": "lr", "type": "number", "min": 0.0, "max": 1000.0},
      {"name": "epochs", "type": "integer", "min": 1, "max": 100000},
      {"name": "a", "type": "boolean"}],
    "metrics": ["val_accuracy", "val_loss", "test_loss"], "data": ["spirals"]})",
                                                  "description");
  return json;
}

void check_problems(const std::vector<core::Problem>& problems, std::string_view file) {
  for (const core::Problem& problem : problems) {
    check(problem.place.starts_with(std::string(file) + ":"), "a problem has its place");
    check(!problem.problem.empty(), "a problem has its words");
    check(problem.excerpt.find('^') != std::string::npos, "a problem has its caret");
  }
}

void check_spec(const sweep::Spec& spec, std::string_view text, std::string_view file,
                const sweep::SpecOverrides& overrides) {
  check_problems(spec.warnings, file);
  check(!spec.parameters.empty(), "a spec has parameters");
  for (std::size_t i = 1; i < spec.parameters.size(); ++i)
    check(spec.parameters[i - 1].name < spec.parameters[i].name, "parameters are sorted and differ");
  for (const sweep::Parameter& parameter : spec.parameters)
    check(spec.method == sweep::Method::kRandom || enumerable(parameter.distribution), "a grid enumerates");
  check(!spec.program || !spec.program->command.empty(), "a program has a command");
  const std::string determining = core::canonical_json(spec.determining());
  check(determining == core::canonical_json(read_spec(text, file, overrides).determining()), "reading has no state");
}

void read(std::string_view text, std::string_view file, const sweep::SpecOverrides& overrides,
          const sweep::Describe& describe) {
  try {
    check_spec(sweep::read_spec(text, file, overrides, describe), text, file, overrides);
  } catch (const core::UserError& error) {
    check(!error.problems().empty(), "an error has problems");
    check_problems(error.problems(), file);
  }
}

}  // namespace

void read_sweep_file(std::string_view text, std::string_view file) {
  const sweep::SpecOverrides random = {.method = sweep::Method::kRandom, .run_cap = 3, .ignore_early_terminate = true};
  read(text, file, {}, {});
  read(text, file, random, {});
  read(text, file, random, description);
}

}  // namespace fuzz
