// See trainer_lines.h.
#include "sweep/replay/trainer_lines.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/shell.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

constexpr auto kPatience = std::chrono::hours(24);  // a step far into a long training takes as long as it took
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

}  // namespace

void check_traces(const BuiltinTrainer& trainer) {
  const auto version = trainer.description.find("trace");
  if (version == trainer.description.end())
    throw core::EnvironmentError(trainer.executable.string(), "is a sweep-trainer that cannot trace a step",
                                 "name a newer build with --trainer");
  if (*version != kTraceVersion)
    throw core::EnvironmentError(trainer.executable.string(),
                                 fmt::format("traces steps in version {}, and this sweep reads version {}",
                                             core::canonical_json(*version), kTraceVersion),
                                 "name a build of this version with --trainer");
}

std::vector<core::Json> trainer_lines(const BuiltinTrainer& trainer, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {trainer.executable.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto failed = [&](const std::string& how) {
    std::string words;
    for (const std::string& word : command) words += (words.empty() ? "" : " ") + core::shell_quoted(word);
    return core::EnvironmentError(trainer.executable.string(), how, "its own words are printed by: " + words);
  };
  const auto answer = program_output(command, kPatience, kMostBytes);
  if (!answer) throw failed("could not be run");
  if (answer->code != 0) throw failed(fmt::format("ended with exit code {}", answer->code));
  std::vector<core::Json> lines;
  for (std::size_t at = 0; at < answer->out.size();) {
    const std::size_t end = std::min(answer->out.find('\n', at), answer->out.size());
    lines.push_back(core::Json::parse(answer->out.begin() + static_cast<std::ptrdiff_t>(at),
                                      answer->out.begin() + static_cast<std::ptrdiff_t>(end), nullptr,
                                      /*allow_exceptions=*/false));
    if (!lines.back().is_object()) throw failed("answered in a line that is no JSON object");
    at = end + 1;
  }
  return lines;
}

std::filesystem::path write_document(const protocol::TrialDocument& document, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "trial.json";
  core::write_file_durably(file, core::canonical_json(document.to_json()) + "\n", 0644);
  return file;
}

}  // namespace sweep
