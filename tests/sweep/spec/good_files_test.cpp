// Every file under warned/ is read with exactly the warnings that stand beside it, and every file under wandb/, written
// in the styles that people use for W&B, gives exactly the Spec that stands beside it.
#include <fmt/format.h>

#include <filesystem>

#include "core/files.h"
#include "sweep/spec/spec.h"
#include "tests/catch.h"
#include "tests/sweep/spec/golden.h"

namespace {

sweep::Spec read(const std::filesystem::path& file) {
  return sweep::read_spec(core::read_file(file), file.filename(), {.ignore_early_terminate = true});
}

std::string warnings(const std::filesystem::path& file) {
  std::string text;
  for (const core::Problem& warning : read(file).warnings) text += warning.text() + "\n";
  return text;
}

// Everything of a Spec, a line a key; a parameter's line is its own.
std::string everything(const std::filesystem::path& file) {
  const sweep::Spec spec = read(file);
  std::string text;
  core::Json determining = spec.determining();
  const core::Json parameters = determining["parameters"];
  determining.erase("parameters");
  for (const auto& [key, value] : determining.items())
    text += fmt::format("{}: {}\n", key, core::canonical_json(value));
  for (const auto& [key, value] : parameters.items())
    text += fmt::format("parameter {}: {}\n", key, core::canonical_json(value));
  if (!spec.name.empty()) text += "name: " + spec.name + "\n";
  if (!spec.data.empty()) text += "data: " + spec.data + "\n";
  if (spec.program) text += "runs: " + spec.program->program + "\n";
  if (spec.program) text += "command: " + core::canonical_json(spec.program->command) + "\n";
  for (const core::Problem& warning : spec.warnings) text += warning.text() + "\n";
  return text;
}

}  // namespace

TEST_CASE("a sweep file that is read with doubts gets every one of its warnings, to the letter") {
  CHECK(check_golden("warned", warnings) >= 11);
}

TEST_CASE("a sweep file written for W&B is read in whatever style it stands") {
  CHECK(check_golden("wandb", everything) >= 12);
}
