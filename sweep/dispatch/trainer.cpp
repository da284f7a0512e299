// See trainer.h.
#include "sweep/dispatch/trainer.h"

#include <chrono>
#include <cstdlib>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "protocol/files.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr auto kDescribePatience = std::chrono::seconds(20);
constexpr auto kDataPatience = std::chrono::seconds(120);  // gigabytes take a while to read

fs::path trainer_place(const fs::path& runs, const std::string& sha256) {
  return core::absolute_path(runs) / protocol::kTrainersFolder / sha256;
}

}  // namespace

fs::path find_trainer(const fs::path& flag) {
  if (!flag.empty()) return flag;
  if (const char* named = std::getenv("SWEEP_TRAINER"); named != nullptr && *named != '\0') return named;
  return fs::read_symlink("/proc/self/exe").parent_path() / "sweep-trainer";
}

BuiltinTrainer ask_trainer(const fs::path& executable) {
  if (!fs::is_regular_file(executable))
    throw core::EnvironmentError(executable.string(), "there is no trainer here", "build sweep-trainer beside sweep");
  const fs::path path = core::absolute_path(executable);
  const auto answer = program_output({path.string(), "--describe"}, kDescribePatience);
  const Json description =
      answer && answer->code == 0 ? Json::parse(answer->out, nullptr, /*allow_exceptions=*/false) : Json();
  if (!description.is_object() || !description.contains("identity") || !description["identity"].is_string())
    throw core::EnvironmentError(path.string(), "does not answer --describe", "name a build of sweep-trainer");
  return {path, description["identity"].get<std::string>(), core::sha256_file(path), description};
}

Json ask_about_data(const BuiltinTrainer& trainer, const protocol::DataSource& data) {
  const auto answer = program_output({trainer.executable.string(), "data", data.path.empty() ? data.name : data.path,
                                      core::canonical_json(data.options.to_json())},
                                     kDataPatience);
  const Json about = answer ? Json::parse(answer->out, nullptr, /*allow_exceptions=*/false) : Json();
  if (!about.is_object()) return nullptr;
  const auto refused = about.find("problems");
  if (refused == about.end()) return about;
  std::vector<core::Problem> problems;
  for (const Json& problem : *refused)
    problems.push_back({problem.value("place", ""), problem.value("problem", ""), problem.value("remedy", ""), {}});
  throw core::UserError(std::move(problems));
}

BuiltinTrainer freeze(const BuiltinTrainer& asked, const fs::path& runs) {
  const fs::path place = trainer_place(runs, asked.sha256);
  // Executable before it has its name: another controller may put the same file here while our trials start.
  if (!fs::exists(place)) core::write_file_durably(place, core::read_file(asked.executable), 0555);
  if (core::sha256_file(place) != asked.sha256)
    throw core::EnvironmentError(place.string(), "is not the executable that its name says", "delete it");
  BuiltinTrainer frozen = asked;
  frozen.executable = place;
  return frozen;
}

BuiltinTrainer frozen_trainer(const SweepRecord& record, const fs::path& runs) {
  const fs::path place = trainer_place(runs, record.trainer_sha256);
  if (!fs::exists(place)) throw core::EnvironmentError(place.string(), "the sweep's trainer is gone", "put it back");
  if (core::sha256_file(place) != record.trainer_sha256)
    throw core::EnvironmentError(place.string(), "the sweep's trainer has changed", "put it back");
  BuiltinTrainer trainer = ask_trainer(place);
  if (trainer.identity != record.identity.at("trainer"))
    throw core::EnvironmentError(place.string(), "calls itself " + trainer.identity + " on this machine",
                                 "the sweep is of " + record.identity.at("trainer").get<std::string>());
  return trainer;
}

BuiltinTrainer other_trainer(const SweepRecord& record, const fs::path& executable) {
  BuiltinTrainer trainer = ask_trainer(executable);
  const std::string& recorded = record.identity.at("trainer").get_ref<const std::string&>();
  if (trainer.identity != recorded)
    throw core::EnvironmentError(executable.string(), "is another trainer: it calls itself " + trainer.identity,
                                 "the sweep is of " + recorded + "; --against compares two programs tensor by tensor");
  return trainer;
}

}  // namespace sweep
