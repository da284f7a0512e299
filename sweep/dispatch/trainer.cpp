// See trainer.h.
#include "sweep/dispatch/trainer.h"

#include <fmt/format.h>
#include <sys/auxv.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/remedy.h"
#include "protocol/files.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr auto kDescribePatience = std::chrono::seconds(20);
constexpr auto kDataPatience = std::chrono::seconds(120);  // gigabytes take a while to read

// What a program printed, or null where that is no JSON.
Json parsed(const std::string& printed) {
  try {
    return core::parse_json(printed, "");
  } catch (const core::UserError&) {
    return nullptr;
  }
}

bool are_strings(const Json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); });
}

// A field that may be left out.
template <class Is>
bool has(const Json& object, const char* key, const Is& is) {
  const auto found = object.find(key);
  return found == object.end() || is(*found);
}

bool is_hyperparameter(const Json& row) {
  const auto is_text = [](const Json& value) { return value.is_string(); };
  const auto is_limit = [](const Json& value) { return value.is_number() || value.is_null(); };
  return row.is_object() && row.contains("name") && row.contains("type") && has(row, "name", is_text) &&
         has(row, "type", is_text) && has(row, "min", is_limit) && has(row, "max", is_limit) &&
         has(row, "max_items", is_limit) && has(row, "choices", are_strings);
}

// Of the form that spec/ and hardware.cpp read without asking.
bool is_description(const Json& answer) {
  if (!answer.is_object() || !answer.contains("identity") || !answer["identity"].is_string()) return false;
  const auto rows = answer.find("hyperparameters");
  return rows != answer.end() && rows->is_array() && std::all_of(rows->begin(), rows->end(), is_hyperparameter) &&
         has(answer, "metrics", are_strings) && has(answer, "data", are_strings) && has(answer, "devices", are_strings);
}

bool is_about_data(const Json& answer) {
  const auto is_count = [](const Json& value) { return value.is_number_unsigned(); };
  const auto is_text = [](const Json& value) { return value.is_string(); };
  const auto are_problems = [&](const Json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [&](const Json& problem) {
             return problem.is_object() && has(problem, "place", is_text) && has(problem, "problem", is_text) &&
                    has(problem, "remedy", is_text);
           });
  };
  if (!answer.is_object() || !has(answer, "problems", are_problems) || !has(answer, "trials", are_problems))
    return false;
  for (const char* count : {"samples", "test_samples", "features", "classes", "characters", "vocabulary"})
    if (!has(answer, count, is_count)) return false;
  return true;
}

fs::path trainer_place(const fs::path& runs, const std::string& sha256) {
  return core::absolute_path(runs) / protocol::kTrainersFolder / sha256;
}

}  // namespace

fs::path find_trainer(const fs::path& flag) {
  if (!flag.empty()) {
    if (!fs::is_regular_file(flag)) throw core::UserError(flag.string(), "is no file", "name a build of sweep-trainer");
    return flag;
  }
  if (const char* named = std::getenv("SWEEP_TRAINER"); named != nullptr && *named != '\0') return named;
  std::error_code error;  // without /proc, as in an empty root, how we were called has to do
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const char* called = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return (error ? core::absolute_path(called) : self).parent_path() / "sweep-trainer";
}

BuiltinTrainer ask_trainer(const fs::path& executable) {
  if (!fs::is_regular_file(executable))
    throw core::EnvironmentError(executable.string(), "there is no trainer here", "build sweep-trainer beside sweep");
  const fs::path path = core::absolute_path(executable);
  const ProgramRun run = run_program({path.string(), "--describe"}, {kDescribePatience});
  if (run.end == ProgramEnd::kNotStarted)
    throw core::EnvironmentError(path.string(), std::string("cannot be started: ") + std::strerror(run.error),
                                 std::string(core::remedy_for(run.error)));
  if (run.end == ProgramEnd::kTooSlow)
    throw core::EnvironmentError(path.string(),
                                 fmt::format("does not answer --describe within {} s", kDescribePatience.count()),
                                 "try again once the machine is less busy, or name a build of sweep-trainer");
  const bool ended_well = run.end == ProgramEnd::kEnded && run.output.code == 0;
  const Json description = ended_well ? parsed(run.output.out) : Json();
  if (!is_description(description))
    throw core::EnvironmentError(path.string(), "does not answer --describe", "name a build of sweep-trainer");
  return {path, description["identity"].get<std::string>(), core::sha256_file(path), description};
}

Json ask_about_data(const BuiltinTrainer& trainer, const protocol::DataSource& data, const Json& configs) {
  std::vector<std::string> words = {trainer.executable.string(), "data", data.path.empty() ? data.name : data.path,
                                    core::canonical_json(data.options.to_json())};
  if (!configs.empty()) words.push_back(core::canonical_json(configs));
  const auto answer = program_output(words, kDataPatience);
  const Json about = answer ? parsed(answer->out) : Json();
  if (!is_about_data(about)) return nullptr;
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
  BuiltinTrainer trainer = ask_trainer(find_trainer(executable));
  const std::string& recorded = record.identity.at("trainer").get_ref<const std::string&>();
  if (trainer.identity != recorded)
    throw core::EnvironmentError(executable.string(), "is another trainer: it calls itself " + trainer.identity,
                                 "the sweep is of " + recorded + "; --against compares two programs tensor by tensor");
  return trainer;
}

}  // namespace sweep
