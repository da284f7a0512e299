// See user_program.h.
#include "sweep/dispatch/user_program.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <sstream>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "protocol/files.h"
#include "sweep/launch/start.h"
#include "sweep/program/command_line.h"
#include "sweep/program/render_template.h"
#include "sweep/program/wandb_module.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr char kArgsFile[] = "args.json";
constexpr char kEnvOuterRanks[] = "SWEEP_OUTER_RANKS";  // read by program/wandb/_run.py, as are these
constexpr const char* kRanks[] = {"RANK", "LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"};
constexpr auto kRecordPatience = std::chrono::seconds(60);
constexpr std::size_t kMostRecordedBytes = 64 * 1024;
constexpr std::size_t kMostNamedFiles = 8;

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool can_run(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// argv[0] as a path: as execvp would find it, and the program of the sweep file wherever PATH points. Nothing where
// there is none.
std::optional<fs::path> find_executable(const ReadyProgram& program, const std::string& name) {
  const fs::path here = (program.folder / name).lexically_normal();
  if (name.find('/') != std::string::npos || name == program.program.program)
    return can_run(here) ? std::optional(here) : std::nullopt;
  std::istringstream folders(environment_variable("PATH").value_or("/usr/bin:/bin"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const fs::path place = program.folder / folder / name; can_run(place)) return place;
  return std::nullopt;
}

[[noreturn]] void refuse_executable(const ReadyProgram& program, const std::string& name) {
  const fs::path here = (program.folder / name).lexically_normal();
  if (fs::exists(here))
    throw core::UserError("command", fmt::format("'{}' is not executable", here.string()),
                          "chmod +x it, or begin the command with its interpreter");
  throw core::UserError(
      "command",
      fmt::format("there is no program '{}' {}", name,
                  name.find('/') == std::string::npos ? "on the PATH" : "in " + program.folder.string()),
      "write its path, or install it");
}

constexpr char kChangeRemedy[] = "put things back as they were, or run it as a new sweep";

std::string changed_text(const std::vector<std::string>& files) {
  std::string names;
  for (std::size_t i = 0; i < std::min(files.size(), kMostNamedFiles); ++i) names += (i == 0 ? "" : ", ") + files[i];
  if (files.size() > kMostNamedFiles) names += fmt::format(" and {} more", files.size() - kMostNamedFiles);
  return "has changed since the sweep began: " + (files.empty() ? "its command or a template" : names);
}

// A rendered file lies in the attempt's folder and nowhere else, beside what is ours there.
void check_rendered_name(const std::string& rendered) {
  const fs::path path = fs::path(rendered).lexically_normal();
  const std::string first = path.empty() ? "" : path.begin()->string();
  if (path.is_absolute() || first == ".." || first == "." || !path.has_filename())
    throw core::UserError("templates", fmt::format("'{}' is no place inside of an attempt's folder", rendered),
                          "write a relative path");
  for (const char* ours : {protocol::kStdoutFile, protocol::kStderrFile, kArgsFile})
    if (first == ours)
      throw core::UserError("templates", fmt::format("'{}' is the name of a file of ours", rendered), "write another");
}

std::map<std::string, std::string> read_templates(const UserProgram& program, const fs::path& folder) {
  std::map<std::string, std::string> texts;
  for (const auto& [source, rendered] : program.templates) {
    check_rendered_name(rendered);
    if (!texts.emplace(rendered, core::read_file(folder / source)).second)
      throw core::UserError("templates", fmt::format("two templates become '{}'", rendered), "write two names");
  }
  return texts;
}

// No command line can carry a NUL: the program would see a shorter value.
void check_argument(const std::string& argument) {
  if (argument.find('\0') != std::string::npos)
    throw core::UserError("command", "an argument holds a NUL character", "pass such a value by ${args_json_file}");
}

ReadyProgram look(const Spec& spec, const fs::path& sweep_file, const fs::path& folder, const fs::path& runs,
                  std::string interpreter) {
  ReadyProgram found;
  found.program = *spec.program;
  found.parameters = spec.parameters;
  found.folder = core::absolute_path(folder);
  found.interpreter = std::move(interpreter);
  CommandContext context;
  context.interpreter = found.interpreter;
  context.environment = environment_variable;
  const std::vector<std::string> command = resolve_command(found.program, context);
  found.sources = find_sources({found.folder, found.program.program, command, sweep_file, fs::absolute(runs)});
  // What a variable of the environment holds may be a secret: the identity has its digest, and so has the record.
  context.environment = [](const std::string& name) -> std::optional<std::string> {
    const auto value = environment_variable(name);
    return value ? std::optional("sha256:" + core::sha256_hex(*value)) : std::nullopt;
  };
  found.sources.command = portable_command(resolve_command(found.program, context), found.folder);
  found.templates = read_templates(*spec.program, found.folder);
  return found;
}

// A problem of `program` or `command` gets its place in the sweep file, and a word where the program lies beside that.
void point_at_file(core::Problem& problem, const UserProgram& program, const fs::path& sweep_file,
                   const fs::path& folder) {
  if (problem.place != "program" && problem.place != "command") return;
  problem.problem = problem.place + ": " + problem.problem;
  problem.place = problem.place == "program" ? program.program_place : program.command_place;
  const fs::path beside = core::absolute_path(sweep_file).parent_path();
  const std::string& name = program.program.empty() ? program.command.front() : program.program;
  if (beside != core::absolute_path(folder) && fs::is_regular_file(beside / name))
    problem.remedy = fmt::format("it lies beside the sweep file: start sweep in {}", beside.string());
}

// What the first words of the command will be, before any trial is known.
void check_executables(const ReadyProgram& program) {
  const std::vector<std::string>& command = program.program.command;
  const bool interpreted = std::find(command.begin(), command.end(), "${interpreter}") != command.end();
  if (interpreted && program.interpreter.empty())
    throw core::UserError("command", "${interpreter} is python or python3, and neither is on the PATH",
                          "install one, or write the interpreter's path");
  std::string first = command.front();
  if (first == "${env}") return;
  if (first == "${interpreter}") first = program.interpreter;
  if (first == "${program}") first = program.program.program;
  if (first.find("${") == std::string::npos && !find_executable(program, first)) refuse_executable(program, first);
}

// An older record has the paths of its folder as they were written, absolute ones too, and so has its identity.
void keep_recorded_form(ProgramSources& now, const SweepRecord& record) {
  const Json& then = record.program.at("sources").at("command");
  std::vector<std::string> written;
  for (const Json& item : then) written.push_back(path_bytes(item.get<std::string>()));
  if (portable_command(written, record.program.at("folder").get<std::string>()) == now.command) now.command = written;
}

// Which files make the difference; none where it is the command or a template.
[[noreturn]] void refuse_change(const SweepRecord& record, const ReadyProgram& now) {
  const auto then = ProgramSources::from_json(record.program.at("sources"), "the record of sweep " + record.id);
  std::set<std::string> names;
  const auto has = [](const std::vector<SourceFile>& files, const std::string& path) {
    return std::any_of(files.begin(), files.end(), [&](const SourceFile& file) { return file.path == path; });
  };
  for (const SourceFile& file : then.files)
    if (std::find(now.sources.files.begin(), now.sources.files.end(), file) == now.sources.files.end())
      names.insert(file.path + (has(now.sources.files, file.path) ? "" : " (gone)"));
  for (const SourceFile& file : now.sources.files)
    if (!has(then.files, file.path)) names.insert(file.path + " (new)");
  throw core::EnvironmentError("the program of sweep " + record.id, changed_text({names.begin(), names.end()}),
                               kChangeRemedy);
}

// An item that is the name of a rendered file, alone or behind a '=', means that file in the attempt's folder.
void put_rendered_paths(std::vector<std::string>& argv, const std::map<std::string, std::string>& templates,
                        const fs::path& folder) {
  for (std::size_t i = 1; i < argv.size(); ++i)
    for (const auto& [rendered, text] : templates) {
      const std::string path = (folder / rendered).string();
      if (argv[i] == rendered)
        argv[i] = path;
      else if (argv[i].ends_with("=" + rendered))
        argv[i].replace(argv[i].size() - rendered.size(), rendered.size(), path);
    }
}

// This process's place among those that were started with it, "RANK=3 LOCAL_RANK=1"; its trials inherit the variables.
std::string own_ranks() {
  std::string ranks;
  for (const char* name : kRanks)
    if (const auto value = environment_variable(name); value && !value->empty() && *value != "0")
      ranks += (ranks.empty() ? "" : " ") + std::string(name) + "=" + *value;
  return ranks;
}

// Readable once a signal waits that asks to end; it is looked at and not taken.
Descriptor end_is_asked() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.is_open())
    throw core::EnvironmentError("record", std::string("signals cannot be waited for: ") + std::strerror(errno));
  return signals;
}

bool is_readable(const Descriptor& descriptor) {
  pollfd ends{descriptor.get(), POLLIN, 0};
  return ::poll(&ends, 1, 0) > 0;
}

}  // namespace

std::string ReadyProgram::identity() const {
  Json texts = Json::object();
  for (const auto& [rendered, text] : templates) texts[rendered] = core::sha256_hex(text);
  const ReadMetrics& read = program.read_metrics;
  const Json understood = {{"format", static_cast<int>(read.format)}, {"pattern", read.pattern}, {"step", read.step}};
  return "program/1:" + core::sha256_hex(core::canonical_json({{"sources", sources.digest()},
                                                               {"templates", texts},
                                                               {"read_metrics", understood},
                                                               {"wandb", program.wandb}}));
}

std::string ReadyProgram::template_of(const std::string& rendered) const {
  for (const auto& [source, target] : program.templates)
    if (target == rendered) return source;
  return rendered;
}

Json ReadyProgram::record() const {
  return {{"folder", folder.string()}, {"interpreter", interpreter}, {"sources", sources.to_json()}};
}

ReadyProgram find_program(const Spec& spec, const fs::path& sweep_file, const fs::path& folder, const fs::path& runs) {
  try {
    ReadyProgram found =
        look(spec, sweep_file, folder, runs, find_interpreter(environment_variable("PATH").value_or("")));
    check_executables(found);
    return found;
  } catch (const core::UserError& error) {
    std::vector<core::Problem> problems = error.problems();
    for (core::Problem& problem : problems) point_at_file(problem, *spec.program, sweep_file, folder);
    throw core::UserError(std::move(problems));
  }
}

ReadyProgram find_recorded_program(const Spec& spec, const SweepRecord& record, const fs::path& runs) {
  const Json& then = record.program;
  ReadyProgram found =
      look(spec, record.file, then.at("folder").get<std::string>(), runs, then.at("interpreter").get<std::string>());
  keep_recorded_form(found.sources, record);
  if (found.identity() != record.identity.at("trainer")) refuse_change(record, found);
  check_executables(found);
  return found;
}

void install_modules(ReadyProgram& program, const fs::path& runs) {
  if (!program.program.wandb) return;
  program.modules = core::absolute_path(runs / protocol::kModulesFolder);
  write_wandb_module(program.modules);
}

ProgramStart start_of(const ReadyProgram& program, const PlannedTrial& trial, const fs::path& attempt_folder) {
  CommandContext context;
  context.seed = trial.seed;
  context.interpreter = program.interpreter;
  context.args_json_file = (attempt_folder / kArgsFile).string();
  context.environment = environment_variable;
  ProgramStart start;
  start.argv = expand_command(program.program, program.parameters, trial.config, context);
  for (const std::string& argument : start.argv) check_argument(argument);
  const std::optional<fs::path> executable = find_executable(program, start.argv.front());
  start.executable_found = executable.has_value();
  if (executable) start.argv.front() = executable->string();  // else the start says what is missing
  put_rendered_paths(start.argv, program.templates, attempt_folder);
  for (const auto& [rendered, text] : program.templates) {
    RenderedTemplate file =
        render_template(text, program.template_of(rendered), program.parameters, trial.config, trial.seed);
    start.files[rendered] = std::move(file.text);
    start.warnings.insert(start.warnings.end(), file.warnings.begin(), file.warnings.end());
  }
  if (needs_args_json_file(program.program)) start.files[kArgsFile] = args_json(trial.config) + "\n";
  if (!program.modules.empty()) {
    const std::string before = environment_variable("PYTHONPATH").value_or("");
    start.environment["PYTHONPATH"] = program.modules.string() + (before.empty() ? "" : ":" + before);
    const std::string ranks = own_ranks();
    if (!ranks.empty()) start.environment[kEnvOuterRanks] = ranks;
  }
  return start;
}

void check_unchanged(SourcesWatch& watch, const fs::path& folder) {
  const std::vector<std::string> changed = watch.changed();
  if (changed.empty()) return;
  throw core::EnvironmentError("the trainer in " + folder.string(), changed_text(changed), kChangeRemedy);
}

std::vector<std::string> named_variables(const UserProgram& program) {
  std::vector<std::string> names;
  CommandContext context;
  context.environment = [&](const std::string& name) -> std::optional<std::string> {
    names.push_back(name);
    return "";
  };
  resolve_command(program, context);
  return names;
}

fs::path interpreter_file(const ReadyProgram& program) {
  return find_executable(program, program.interpreter).value_or(fs::path());
}

Json recorded_outputs(const UserProgram& program) {
  const Descriptor asked_to_end = end_is_asked();
  Json outputs = Json::array();
  for (const std::vector<std::string>& command : program.record) {
    const ProgramRun run = is_readable(asked_to_end)
                               ? ProgramRun()
                               : run_program(command, {kRecordPatience, kMostRecordedBytes, asked_to_end.get()});
    const bool ended = run.end == ProgramEnd::kEnded;
    outputs.push_back({{"command", command},
                       {"code", ended ? Json(run.output.code) : Json(nullptr)},
                       {"output", ended ? Json(core::valid_utf8(run.output.out)) : Json(nullptr)}});
  }
  return outputs;
}

}  // namespace sweep
