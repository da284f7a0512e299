// See usage.h.
#include "sweep/commands/usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/suggest.h"
#include "core/version.h"
#include "protocol/outcome.h"
#include "sweep/commands/verbs.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

// One parse: the declared verbs with what runs them.
struct CommandLine {
  CLI::App app{"sweep: run many trainings, compare them, trust the table"};
  std::vector<DeclaredVerb> verbs;

  explicit CommandLine(Globals& globals) {
    app.name("sweep");
    app.fallthrough();  // global flags stand before or after the verb
    verbs = declare_everything(app, globals);
    app.require_subcommand(0, 1);
    app.footer(
        "'sweep VERB --help' lists the flags of a verb. Exit codes: 0 good, 1 some trials did not complete,\n"
        "2 usage, file or data, 3 a replay differed, 4 the machine cannot do it, 5 stopped by\n"
        "max_failures or the guard, 130 and 143 interrupted: 'sweep resume' goes on.");
  }

  CLI::App* chosen() const {
    for (const auto& [subcommand, action] : verbs)
      if (subcommand->parsed()) return subcommand;
    return nullptr;
  }
};

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return protocol::kExitOk;
}

int print_version(const Globals& globals) {
  if (globals.json) return print(core::canonical_json(build_provenance()) + "\n");
  const core::Build& build = core::build();
  const auto line = [](const char* label, std::string_view value) { return label + std::string(value) + "\n"; };
  return print(line("sweep ", build.version) + line("commit    ", build.git_commit) +
               line("compiler  ", build.compiler) + line("flags     ", build.flags) +
               line("back ends ", build.back_ends));
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.emplace_back(verb.name);
  return names;
}

std::string meant(const std::optional<std::string>& word, const std::string& otherwise) {
  return word ? "did you mean '" + *word + "'?" : otherwise;
}

// A word that no verb and no flag took.
core::UserError not_understood(const CommandLine& line, const std::string& word) {
  const CLI::App* verb = line.chosen();
  const std::string help = verb ? "see 'sweep " + verb->get_name() + " --help'" : "see 'sweep --help'";
  if (word.starts_with("-")) {
    std::vector<std::string> flags = flags_of(line.app);
    if (verb)
      for (std::string& flag : flags_of(*verb)) flags.push_back(std::move(flag));
    const std::string flag = word.substr(0, word.find('='));
    return core::UserError(flag, "unknown flag", meant(core::nearest_word(flag, flags), help));
  }
  if (!verb) return core::UserError(word, "unknown verb", meant(core::nearest_word(word, verb_names()), help));
  return core::UserError(word, "one argument too many", help);
}

// The flag of that name that takes a value, of the program or of a verb among the words; null where there is none.
const CLI::Option* valued_flag(const CommandLine& line, const std::vector<std::string>& words,
                               const std::string& name) {
  std::vector<const CLI::App*> apps = {&line.app};
  for (const auto& [subcommand, action] : line.verbs)
    if (std::find(words.begin(), words.end(), subcommand->get_name()) != words.end()) apps.push_back(subcommand);
  for (const CLI::App* app : apps)
    for (const CLI::Option* option : app->get_options())
      if (option->check_lname(name) && option->get_items_expected_max() > 0) return option;
  return nullptr;
}

// CLI11 takes "--audit=" for a flag whose value is still to come, and so the next word for the value.
void refuse_empty_values(const CommandLine& line, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (!words[i].starts_with("--")) continue;
    const std::string flag = words[i].substr(0, words[i].find('='));
    const bool is_empty = flag.size() == words[i].size() ? i + 1 < words.size() && words[i + 1].empty()
                                                         : flag.size() + 1 == words[i].size();
    const CLI::Option* const option = is_empty ? valued_flag(line, words, flag.substr(2)) : nullptr;
    if (option == nullptr) continue;
    const std::string type = option->get_type_name();  // behind a colon it lists what is allowed
    throw core::UserError(flag, "has an empty value",
                          fmt::format("write {} {}, or leave it out", flag, type.substr(0, type.find(':'))));
  }
}

core::UserError usage_error(const CommandLine& line, const CLI::ParseError& error) {
  const CLI::App* verb = line.chosen();
  const std::string name = verb ? "sweep " + verb->get_name() : "sweep";
  std::string problem = error.what();
  if (problem.size() > 1 && std::islower(static_cast<unsigned char>(problem[1])))
    problem[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(problem[0])));
  while (!problem.empty() && (problem.back() == '.' || problem.back() == '\n')) problem.pop_back();
  return core::UserError(name, problem, "see '" + name + " --help'");
}

bool color_wanted(bool no_color) {
  const char* variable = std::getenv("NO_COLOR");
  return !no_color && (variable == nullptr || *variable == '\0');
}

}  // namespace

std::vector<DeclaredVerb> declare_everything(CLI::App& app, Globals& globals) {
  app.set_help_flag("-h,--help", "this text");
  app.add_option("--runs", globals.runs, "folder of the store")->envname("SWEEP_RUNS")->type_name("DIR");
  app.add_flag("--json", globals.json, "one JSON object on stdout, nothing else there");
  app.add_flag("--quiet", globals.quiet, "no progress and no notes");
  app.add_flag("--no-color", globals.no_color, "no colours, as NO_COLOR in the environment");
  app.add_flag("--version", globals.version, "version, git commit, compiler, back ends");
  std::vector<DeclaredVerb> declared;
  for (const Verb& verb : verbs()) {
    CLI::App* subcommand = app.add_subcommand(verb.name, verb.summary);
    declared.emplace_back(subcommand, verb.declare(*subcommand, globals));
  }
  return declared;
}

std::function<int()> parse_command_line(int argc, char** argv, Globals& globals) {
  const auto line = std::make_shared<CommandLine>(globals);
  refuse_empty_values(*line, std::vector<std::string>(argv + 1, argv + argc));
  try {
    line->app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* verb = line->chosen();
    const std::string text = verb ? verb->help("sweep") : line->app.help();
    return [text] { return print(text); };
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> words = line->app.remaining(/*recurse=*/true);
    if (words.empty()) throw usage_error(*line, error);
    throw not_understood(*line, words.front());
  } catch (const CLI::ParseError& error) {
    throw usage_error(*line, error);
  }
  globals.runs_given = line->app.get_option("--runs")->count() > 0;
  globals.color = color_wanted(globals.no_color);
  if (globals.version) return [&globals] { return print_version(globals); };
  for (const auto& [subcommand, action] : line->verbs)
    if (subcommand->parsed()) return [line, run = action] { return run(); };
  return [line] { return print(line->app.help()); };
}

}  // namespace sweep
