// See completion.h. The verbs and their flags are read from the declarations themselves.
#include "sweep/commands/completion.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "core/error.h"
#include "protocol/files.h"
#include "sweep/commands/board.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/usage.h"
#include "sweep/commands/verbs.h"
#include "sweep/report/columns.h"

namespace sweep {
namespace {

// The words that a flag takes, where they are a list.
struct FlagWords {
  const char* verb;  // "" for every verb
  const char* flag;
  std::vector<std::string> words;
};

const std::vector<FlagWords>& flag_words() {
  static const std::vector<FlagWords> table = {
      {"", "--device", {"auto", "cpu", "cuda"}},
      {"", "--method", {"grid", "random"}},
      {"", "--gpus", {"none"}},
      {"", "--busy-gpus", {"refuse", "use", "wait"}},
      {"report", "--format", {"csv", "html", "json", "md", "table"}},
      {"plan", "--format", {"csv", "json", "text"}},
      {"export", "--format", {"capsule", "mlflow", "optuna", "tensorboard"}},
      {"retry",
       "--outcome",
       {"cancelled", "completed", "diverged", "failed", "killed", "no_metric", "out_of_memory", "pruned", "stalled",
        "timed_out"}},
      {"report", "--with", {"device", "host", "time"}},
  };
  return table;
}

// All verbs with their flags, as the command line declares them.
struct Declared {
  CLI::App app;
  Globals globals;
  Declared() { declare_everything(app, globals); }

  const CLI::App* verb(const std::string& name) const {
    const auto found = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; });
    return found.empty() ? nullptr : found.front();
  }
};

bool takes_value(const CLI::App& app, const std::string& flag) {
  const CLI::Option* option = app.get_option_no_throw(flag);
  return option != nullptr && option->get_items_expected_max() > 0;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

// What is known of the words before the last one.
struct Position {
  const CLI::App* verb = nullptr;
  std::string flag;                    // that waits for its value
  std::vector<std::string> arguments;  // of the verb, so far
  bool unknown_verb = false;
};

Position find_position(const Declared& declared, const std::vector<std::string>& before, Globals& globals) {
  Position position;
  for (const std::string& word : before) {
    if (!position.flag.empty()) {
      if (position.flag == "--runs") globals.runs = word;
      position.flag.clear();
    } else if (word.starts_with("--runs=")) {
      globals.runs = word.substr(7);
    } else if (word.starts_with("-")) {
      const bool waits = takes_value(declared.app, word) || (position.verb && takes_value(*position.verb, word));
      if (waits) position.flag = word;
    } else if (position.verb == nullptr) {
      position.verb = declared.verb(word);
      position.unknown_verb = position.verb == nullptr;
      if (position.unknown_verb) break;
    } else {
      position.arguments.push_back(word);
    }
  }
  return position;
}

// The name of the argument number `n` of a verb: FILE, SWEEP or TRIAL; the last may be repeated.
std::string argument_name(const CLI::App& verb, std::size_t n) {
  std::vector<const CLI::Option*> arguments;
  for (const CLI::Option* option : verb.get_options())
    if (option->get_positional()) arguments.push_back(option);
  if (arguments.empty()) return {};
  const CLI::Option& last = *arguments.back();
  if (n >= arguments.size()) return last.get_items_expected_max() > 1 ? last.get_single_name() : std::string();
  return arguments[n]->get_single_name();
}

bool has_store(const Globals& globals) { return std::filesystem::exists(globals.runs / protocol::kStoreFile); }

std::vector<std::string> sweep_words(const Globals& globals) {
  std::vector<std::string> words = {"last"};
  if (!has_store(globals)) return words;
  for (const SweepRecord& sweep : open_store(globals).sweeps()) {
    words.push_back(sweep.id);
    if (!sweep.name.empty()) words.push_back(sweep.name);
  }
  return words;
}

std::vector<std::string> trial_words(const Globals& globals) {
  std::vector<std::string> words = {"best"};
  if (!has_store(globals)) return words;
  const Store store = open_store(globals);
  for (const auto& [id, place] : store.find_trials("")) words.push_back(id);
  return words;
}

// Names of columns of the sweep that the report is of, behind the commas that were typed; --sort takes a minus.
std::vector<std::string> column_words(const Position& position, const std::string& typed, const Globals& globals) {
  constexpr std::uint64_t kRows = 20;  // that say which parameters and metrics there are, where there are very many
  if (!has_store(globals)) return {};
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, position.arguments.empty() ? "last" : position.arguments.front());
  const Board board = load_board(store, sweep, {.top = kRows}, Shows::kFirstRows);
  std::string before = typed.substr(0, typed.rfind(',') + 1);
  if (position.flag == "--sort" && typed.substr(before.size()).starts_with('-')) before += '-';
  std::vector<std::string> words;
  for (const std::string& name : titles_of(known_columns(board.head, board.rows)))
    if (name.find_first_of(",\n") == std::string::npos) words.push_back(before + name);
  return words;
}

std::vector<std::string> flag_values(const Position& position, const std::string& typed, const Globals& globals) {
  if (position.flag == "--columns" || position.flag == "--sort") return column_words(position, typed, globals);
  for (const FlagWords& row : flag_words())
    if (position.flag == row.flag && (*row.verb == '\0' || (position.verb && position.verb->get_name() == row.verb)))
      return row.words;
  return {kCompleteFiles};
}

std::vector<std::string> candidates(const Declared& declared, const Position& position, const std::string& typed,
                                    const Globals& globals) {
  if (position.unknown_verb) return {};
  if (!position.flag.empty()) return flag_values(position, typed, globals);
  if (typed.starts_with("-")) {
    std::vector<std::string> flags = flags_of(declared.app);
    if (position.verb)
      for (std::string& flag : flags_of(*position.verb)) flags.push_back(std::move(flag));
    return flags;
  }
  if (position.verb == nullptr) {
    std::vector<std::string> names;
    for (const Verb& verb : verbs()) names.emplace_back(verb.name);
    return names;
  }
  if (position.verb->get_name() == "completion") return {"bash", "fish", "zsh"};
  const std::string argument = argument_name(*position.verb, position.arguments.size());
  if (argument == "FILE") return {kCompleteFiles};
  if (argument == "SWEEP") return sweep_words(globals);
  if (argument == "TRIAL" || argument == "OTHER") {
    std::vector<std::string> words = trial_words(globals);
    if (position.verb->get_name() == "export")  // of a sweep, with --format
      for (std::string& word : sweep_words(globals)) words.push_back(std::move(word));
    const auto fits = [&](const std::string& word) { return word.starts_with(typed); };
    const bool may_be_capsule = position.verb->get_name() == "replay" && std::none_of(words.begin(), words.end(), fits);
    return may_be_capsule ? std::vector<std::string>{kCompleteFiles} : words;
  }
  return {};
}

constexpr char kBash[] = R"sh(# sweep completion bash: put `source <(sweep completion bash)` into ~/.bashrc
_sweep() {
  local word words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r word; do
    if [[ $word == ":files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${words[-1]}")
    else
      COMPREPLY+=("$(printf '%q' "$word")")
    fi
  done < <("${COMP_WORDS[0]}" completion words -- "${words[@]}" 2>/dev/null)
}
complete -F _sweep sweep
)sh";

constexpr char kZsh[] = R"sh(#compdef sweep
# sweep completion zsh: put `source <(sweep completion zsh)` into ~/.zshrc, after compinit
_sweep() {
  local -a found
  found=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${found[1]} == ":files" ]]; then
    _files
  elif [[ -n ${found[1]} ]]; then
    compadd -- "${found[@]}"
  fi
}
compdef _sweep sweep
)sh";

constexpr char kFish[] =
    R"sh(# sweep completion fish: put `sweep completion fish | source` into ~/.config/fish/config.fish
function __sweep_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] completion words -- $words[2..-1] 2>/dev/null)
    if test "$found[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c sweep -f -a '(__sweep_complete)'
)sh";

struct Flags {
  std::string shell;
  std::vector<std::string> words;
};

int print_words(const Flags& flags, const Globals& globals) {
  for (const std::string& word : complete(flags.words, globals)) print(word + "\n");
  return protocol::kExitOk;
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& words, const Globals& given) {
  const Declared declared;
  const std::string typed = words.empty() ? "" : words.back();
  const std::vector<std::string> before(words.begin(), words.empty() ? words.end() : words.end() - 1);
  Globals globals = given;
  std::set<std::string> found;
  try {
    const Position position = find_position(declared, before, globals);
    for (const std::string& word : candidates(declared, position, typed, globals))
      if (word == kCompleteFiles || word.starts_with(typed)) found.insert(word);
  } catch (const core::UserError&) {  // no store, or one that cannot be read: nothing to offer
  } catch (const core::EnvironmentError&) {
  }
  return {found.begin(), found.end()};
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  return shell == "zsh" ? kZsh : kFish;
}

std::function<int()> declare_completion(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SHELL", flags->shell, "bash, zsh or fish (words: what the scripts ask)")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "words"}))
      ->type_name("");
  subcommand.add_option("WORDS", flags->words, "of the command line so far, after --")->type_name("");
  return [flags, &globals] {
    if (flags->shell == "words") return print_words(*flags, globals);
    print(completion_script(flags->shell));
    return protocol::kExitOk;
  };
}

}  // namespace sweep
