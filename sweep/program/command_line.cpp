// See command_line.h.
#include "sweep/program/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "sweep/program/python_text.h"
#include "sweep/spec/macros.h"

namespace sweep {
namespace {

using core::Json;

constexpr char kPlace[] = "command";

/// The macro that the whole item is; null where it is none. read_spec() has refused unknown ones.
const MacroWord* whole_macro(std::string_view item, const std::vector<MacroUse>& uses) {
  const bool whole = uses.size() == 1 && uses[0].begin == 0 && uses[0].end == item.size() && uses[0].closed;
  return whole ? uses[0].known : nullptr;
}

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// The value of ${envvar:NAME}.
std::string variable(const std::string& name, const CommandContext& context, std::vector<core::Problem>& problems) {
  const auto value = is_variable_name(name) && context.environment ? context.environment(name) : std::nullopt;
  if (value) return *value;
  problems.push_back(is_variable_name(name)
                         ? core::Problem{kPlace, "the environment variable '" + name + "' is not set", "set it", {}}
                         : core::Problem{kPlace,
                                         "'" + name + "' in '${envvar:" + name + "}' is no variable's name",
                                         "use letters, digits and _",
                                         {}});
  return {};
}

// The macros that count inside an item: ${envvar:NAME}, and ${seed} where `seed` is given.
std::string replace_inside(std::string_view item, const std::vector<MacroUse>& uses, const CommandContext& context,
                           const std::optional<std::string>& seed, std::vector<core::Problem>& problems) {
  std::string out;
  std::size_t done = 0;
  for (const MacroUse& use : uses) {
    if (!use.known || !use.closed) continue;
    const bool is_seed = use.known->macro == Macro::kSeed;
    if (use.known->macro != Macro::kEnvvar && !(is_seed && seed)) continue;
    out += item.substr(done, use.begin - done);
    out += is_seed ? *seed : variable(std::string(use.argument), context, problems);
    done = use.end;
  }
  return out += item.substr(done);
}

/// Where one trial's arguments come from.
struct Arguments {
  const std::vector<Parameter>& parameters;
  const Json& config;

  void append(Macro macro, std::vector<std::string>& out) const {
    std::vector<const Parameter*> sorted;
    for (const Parameter& parameter : parameters) sorted.push_back(&parameter);
    std::sort(sorted.begin(), sorted.end(), [](const Parameter* a, const Parameter* b) { return a->name < b->name; });
    for (const Parameter* parameter : sorted) append_one(macro, *parameter, out);
  }

 private:
  void append_one(Macro macro, const Parameter& parameter, std::vector<std::string>& out) const {
    const Json& value = parameter_value(parameter, config);
    const std::string& name = parameter.name;
    const std::string pair = name + "=" + python_str(value);
    switch (macro) {
      case Macro::kArgsNoHyphens:
        out.push_back(pair);
        return;
      case Macro::kArgsAppendHydra:
        out.push_back("+" + pair);
        return;
      case Macro::kArgsOverrideHydra:
        out.push_back("++" + pair);
        return;
      case Macro::kArgsNoEquals:
        out.push_back("--" + name);
        out.push_back(python_str(value));
        return;
      case Macro::kArgsNoBooleanFlags:
        if (!value.is_boolean())
          out.push_back("--" + pair);
        else if (value.get<bool>())
          out.push_back("--" + name);
        return;
      default:
        out.push_back("--" + pair);
        return;
    }
  }
};

// Null `arguments`: the form of resolve_command().
std::vector<std::string> expand(const UserProgram& program, const CommandContext& context, const Arguments* arguments) {
  std::vector<core::Problem> problems;
  std::vector<std::string> out;
  const std::optional<std::string> seed = arguments ? std::optional(std::to_string(context.seed)) : std::nullopt;
  for (const std::string& item : program.command) {
    const std::vector<MacroUse> uses = find_macros(item);
    const MacroWord* whole = whole_macro(item, uses);
    if (!whole || whole->inside) {
      out.push_back(replace_inside(item, uses, context, seed, problems));
      continue;
    }
    if (whole->macro == Macro::kProgram) {
      if (program.program.empty())
        problems.push_back(
            {kPlace, "'${program}' without a program", "add the key 'program' or name the file here", {}});
      out.push_back(program.program);
      continue;
    }
    if (!arguments) {
      out.push_back(item);
      continue;
    }
    switch (whole->macro) {
      case Macro::kEnv:
        out.emplace_back("/usr/bin/env");
        break;
      case Macro::kInterpreter:
        if (context.interpreter.empty())
          problems.push_back({kPlace,
                              "neither python nor python3 is on PATH, which '${interpreter}' asks for",
                              "install Python or name the interpreter in 'command'",
                              {}});
        out.push_back(context.interpreter);
        break;
      case Macro::kArgsJson:
        out.push_back(args_json(arguments->config));
        break;
      case Macro::kArgsJsonFile:
        out.push_back(context.args_json_file);
        break;
      default:
        arguments->append(whole->macro, out);
        break;
    }
  }
  if (problems.empty() && (out.empty() || out.front().empty()))
    problems.push_back({kPlace, "names no program to start", "begin it with a program's name", {}});
  if (!problems.empty()) throw core::UserError(std::move(problems));
  return out;
}

bool holds_executable(const std::filesystem::path& folder, const char* name) {
  const std::filesystem::path file = folder / name;
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> expand_command(const UserProgram& program, const std::vector<Parameter>& parameters,
                                        const Json& config, const CommandContext& context) {
  const Arguments arguments{parameters, config};
  return expand(program, context, &arguments);
}

std::vector<std::string> resolve_command(const UserProgram& program, const CommandContext& context) {
  return expand(program, context, nullptr);
}

bool needs_args_json_file(const UserProgram& program) {
  return std::find(program.command.begin(), program.command.end(), "${args_json_file}") != program.command.end();
}

std::string args_json(const Json& config) { return program_json(config); }

const Json& parameter_value(const Parameter& parameter, const Json& config) {
  const Json* value = &config;
  const std::vector<std::string> plain = {parameter.name};
  for (const std::string& key : parameter.path.empty() ? plain : parameter.path) {
    const auto found = value->find(key);
    core::check(found != value->end(), "a configuration lacks one of its parameters");
    value = &*found;
  }
  return *value;
}

std::string find_interpreter(std::string_view path) {
  for (const char* name : {"python", "python3"}) {
    for (std::string_view rest = path; !rest.empty();) {
      const std::size_t colon = rest.find(':');
      const std::string_view folder = rest.substr(0, colon);
      if (holds_executable(folder.empty() ? "." : folder, name)) return name;
      rest = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
    }
  }
  return {};
}

}  // namespace sweep
