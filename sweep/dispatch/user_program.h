// A user's program made ready to run: found, digested, its command written out for one trial. Called by prepare.cpp,
// attempt.cpp and the loop. What the words of a command mean is program/'s; what runs when is the loop's.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "sweep/program/sources.h"
#include "sweep/search/trials.h"
#include "sweep/spec/spec.h"
#include "sweep/store/store.h"

namespace sweep {

/// What all trials of one program share.
struct ReadyProgram {
  UserProgram program;
  std::vector<Parameter> parameters;
  std::filesystem::path folder;  ///< working folder of its trials, absolute
  std::string interpreter;       ///< what ${interpreter} means here
  ProgramSources sources;
  std::map<std::string, std::string> templates;  ///< rendered file → text of its template
  std::filesystem::path modules;                 ///< put first on PYTHONPATH; empty for none

  /// protocol::TrialIdentity::trainer: a digest of the command, the sources, the templates and of how what it says is
  /// understood.
  std::string identity() const;
  /// The template that becomes the file `rendered`, as written.
  std::string template_of(const std::string& rendered) const;
  /// What the store keeps, so that a resume or a replay finds the same program.
  core::Json record() const;
};

/// What one trial of it is started with.
struct ProgramStart {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;  ///< name in the attempt's folder → contents
  std::vector<core::Problem> warnings;       ///< of the templates
  bool executable_found = false;             ///< argv[0] is there and can be executed
};

/// Looks for the program in `folder` and reads its sources and templates. Writes nothing. Errors: UserError where the
/// program, an executable or a template is not there.
ReadyProgram find_program(const Spec& spec, const std::filesystem::path& sweep_file,
                          const std::filesystem::path& folder, const std::filesystem::path& runs);

/// The program of a recorded sweep, where it was then. Errors: EnvironmentError that names the files that are not what
/// they were.
ReadyProgram find_recorded_program(const Spec& spec, const SweepRecord& record, const std::filesystem::path& runs);

/// Writes what the program needs beside its own files under `runs` (the module of `compat: wandb`).
void install_modules(ReadyProgram& program, const std::filesystem::path& runs);

/// `attempt_folder` is where `files` will lie. Errors: UserError (an environment variable that the command names is not
/// set, a template names what is no parameter).
ProgramStart start_of(const ReadyProgram& program, const PlannedTrial& trial,
                      const std::filesystem::path& attempt_folder);

/// Errors: EnvironmentError that names the files in `folder` which are not what they were when the sweep began.
void check_unchanged(SourcesWatch& watch, const std::filesystem::path& folder);

/// The environment variables that its command names as ${envvar:NAME}.
std::vector<std::string> named_variables(const UserProgram& program);

/// The file that ${interpreter} means; empty where there is none.
std::filesystem::path interpreter_file(const ReadyProgram& program);

/// The output of each command under `record`: [{"command", "code", "output"}], code null where it could not run, took
/// more than a minute, or was cut short by a signal that asks to end; those after that one do not run. The signal stays
/// for who holds it back. Requires: it is held back (HaltSignals).
core::Json recorded_outputs(const UserProgram& program);

}  // namespace sweep
