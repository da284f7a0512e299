// See program_reader.h. Commands are checked here and expanded elsewhere, by one table (macros.h).
#include "sweep/spec/program_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/suggest.h"
#include "sweep/spec/macros.h"
#include "sweep/spec/metric_pattern.h"

namespace sweep {
namespace {

constexpr std::array kOnlyOfPrograms = {"read_metrics", "templates", "record", "reuse", "compat"};

constexpr std::array kReadMetricsKeys = {Key{"from"}, Key{"format"}, Key{"pattern"}, Key{"step"}};

class ProgramReader {
 public:
  ProgramReader(Reading& reading, const Node& root) : reading_(reading), root_(root) {}

  std::optional<UserProgram> read() {
    const Member* program = root_.find("program");
    const Member* command = root_.find("command");
    if (!program && !command) {
      refuse_keys_of_programs();
      return std::nullopt;
    }
    if (program) program_.program = reading_.text(*program).value_or("");
    const Member& written = command ? *command : *program;
    program_.command_place = reading_.place(written.value.mark);
    program_.program_place = program ? reading_.place(program->value.mark) : program_.command_place;
    if (command) {
      read_command(*command, program != nullptr);
    } else {
      program_.command = {"${env}", "${interpreter}", "${program}", "${args}"};
    }
    refuse_keys_of_the_trainer();
    read_rest();
    return std::move(program_);
  }

 private:
  void refuse_keys_of_programs() {
    for (const char* key : kOnlyOfPrograms)
      if (const Member* member = root_.find(key))
        reading_.error(member->mark, fmt::format("'{}' is for a program of yours, and the file names none", key),
                       "write 'program' or 'command', or remove it");
  }

  void refuse_keys_of_the_trainer() {
    if (const Member* data = root_.find("data"))
      reading_.error(data->mark, "'data' is the data set of the built-in trainer, and here a program runs",
                     "name the program's files in 'inputs'");
    if (const Member* numerics = root_.find("numerics"))
      reading_.warn(numerics->mark, "'numerics' has no influence on a program", "it does its own arithmetic");
    if (const Member* trace = root_.find("trace"))
      reading_.warn(trace->mark, "'trace' has no influence on a program", "it sends the fingerprints that it likes");
  }

  void read_command(const Member& member, bool has_program) {
    const auto items = read_arguments(member.value, "'command'", R"(["python", "train.py", "${args}"])");
    if (!items) return;
    program_.command = *items;
    for (std::size_t i = 0; i < items->size(); ++i) check_macros((*items)[i], member.value.items[i].mark, has_program);
  }

  // "python train.py ${args}" → ["python", "train.py", "${args}"]
  static std::string as_list(const std::string& command) {
    core::Json list = core::Json::array();
    for (std::size_t at = command.find_first_not_of(" \t\n"); at < command.size();) {
      const std::size_t end = std::min(command.find_first_of(" \t\n", at), command.size());
      list.push_back(command.substr(at, end - at));
      at = command.find_first_not_of(" \t\n", end);
    }
    return list.dump();
  }

  // The items of a command: strings, and numbers as Python prints them.
  std::optional<std::vector<std::string>> read_arguments(const Node& node, std::string_view of,
                                                         std::string_view example) {
    if (!node.is_list() || node.items.empty()) {
      std::string remedy = fmt::format("write {}", example);
      if (node.scalar.is_string()) remedy = "write " + as_list(node.scalar.get<std::string>());
      reading_.error(
          node.mark,
          fmt::format("{} must be a list of its items, is {}", of, node.is_list() ? "empty" : node.describe()), remedy);
      return std::nullopt;
    }
    std::vector<std::string> items;
    bool good = true;
    for (const Node& item : node.items) {
      if (item.scalar.is_string()) {
        items.push_back(item.scalar.get<std::string>());
      } else if (item.scalar.is_number()) {
        items.push_back(item.scalar.is_number_float() ? core::format_double(item.scalar.get<double>())
                                                      : core::canonical_json(item.scalar));
      } else {
        reading_.error(item.mark, fmt::format("an item of {} must be a string, is {}", of, item.describe()),
                       item.scalar.is_boolean() ? "write it in quotes" : "");
        good = false;
      }
    }
    if (good && items.front().empty())
      reading_.error(node.items.front().mark, fmt::format("the first item of {} is empty", of), "name what is run");
    return good ? std::optional(items) : std::nullopt;
  }

  void check_macros(const std::string& item, Mark mark, bool has_program) {
    for (const MacroUse& use : find_macros(item)) {
      const std::string written = item.substr(use.begin, use.end - use.begin);
      if (!use.closed) {
        reading_.error(mark, fmt::format("'{}' has no '}}'", written), "add it");
      } else if (!use.known) {
        refuse_macro(use, written, mark);
      } else if (use.known->macro == Macro::kEnvvar && !is_variable(use.argument)) {
        reading_.error(mark, fmt::format("'{}' names no variable", written), "write ${envvar:NAME}");
      } else if (!use.known->inside && written != item) {
        reading_.error(mark, fmt::format("'{}' must stand as an item of its own, here stands '{}'", written, item),
                       "only ${seed} and ${envvar:NAME} may stand inside an item");
      } else if (use.known->macro == Macro::kProgram && !has_program) {
        reading_.error(mark, "'${program}' stands in 'command', and there is no 'program'", "write it");
      }
    }
  }

  static bool is_variable(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto other = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), other);
  }

  void refuse_macro(const MacroUse& use, const std::string& written, Mark mark) {
    std::vector<std::string> words = macro_words();
    const auto near = core::nearest_word(use.word, words);
    std::string remedy;
    if (near) {
      remedy = fmt::format("did you mean '${{{}{}}}'?", *near, *near == "envvar" ? ":NAME" : "");
    } else if (is_variable(use.word) && use.word == upper(use.word)) {
      remedy = fmt::format("write ${{envvar:{}}} for a variable of the environment", use.word);
    } else {
      words.back() = "envvar:NAME";
      for (std::string& word : words) word = "${" + word + "}";
      remedy = suggest("", words);
    }
    reading_.error(mark, fmt::format("unknown macro '{}'", written), remedy);
  }

  static std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return result;
  }

  void read_rest() {
    if (const Member* member = root_.find("read_metrics")) read_metrics(*member);
    if (const Member* member = root_.find("templates")) read_templates(*member);
    if (const Member* member = root_.find("record")) read_record(*member);
    if (const Member* member = root_.find("reuse")) program_.reuse = reading_.truth(*member).value_or(false);
    if (const Member* member = root_.find("compat"))
      program_.wandb =
          reading_.word(*member, std::array<std::string, 1>{"wandb"}, "library that we stand in for").has_value();
  }

  void read_metrics(const Member& member) {
    if (!reading_.expect_object(member)) return;
    reading_.check_keys(member.value, kReadMetricsKeys, "in 'read_metrics'");
    if (const Member* from = member.value.find("from"))
      reading_.word(*from, std::array<std::string, 1>{"stdout"}, "place to read metrics from");
    ReadMetrics& metrics = program_.read_metrics;
    if (const Member* step = member.value.find("step")) metrics.step = reading_.text(*step).value_or("");
    const Member* format = member.value.find("format");
    if (format) {
      const std::array<std::string, 4> words = {"json", "key=value", "key: value", "regex"};
      if (const auto word = reading_.word(*format, words))
        metrics.format = static_cast<ReadMetrics::Format>(*word + 1);
      else
        return;
    }
    read_pattern(member, format);
  }

  void read_pattern(const Member& member, const Member* format) {
    ReadMetrics& metrics = program_.read_metrics;
    const Member* pattern = member.value.find("pattern");
    const bool wanted = metrics.format == ReadMetrics::Format::kRegex;
    if (wanted && !pattern)
      reading_.error(format->mark, "the format regex has no 'pattern'",
                     "write one with named groups, (?<val_loss>...)");
    if (pattern && !wanted)
      reading_.error(pattern->mark, "'pattern' goes with the format regex", "write \"format\": \"regex\"");
    if (!wanted || !pattern) return;
    const auto text = reading_.text(*pattern);
    if (!text) return;
    metrics.pattern = *text;
    try {
      const std::vector<std::string> groups = MetricPattern(*text).groups();
      if (!metrics.step.empty() && std::count(groups.begin(), groups.end(), metrics.step) == 0)
        reading_.error(member.value.find("step")->value.mark,
                       fmt::format("the pattern has no group '{}' for the step", metrics.step),
                       suggest(metrics.step, groups));
    } catch (const core::UserError& error) {
      const core::Problem& problem = error.problems().front();
      reading_.error(pattern->value.mark, problem.problem, problem.remedy);
    }
  }

  void read_templates(const Member& member) {
    if (!reading_.expect_object(member)) return;
    if (member.value.members.empty())
      reading_.error(member.value.mark, "'templates' is empty", "write {\"TEMPLATE\": \"RENDERED\"}");
    std::set<std::string> rendered;
    for (const Member& entry : member.value.members) {
      if (entry.key.empty()) reading_.error(entry.mark, "the name of a template is empty");
      const auto target = reading_.text(entry);
      if (!target) continue;
      if (*target == entry.key)
        reading_.error(entry.value.mark, fmt::format("'{}' would be rendered onto itself", *target),
                       "write another name");
      else if (!rendered.insert(*target).second)
        reading_.error(entry.value.mark, fmt::format("two templates are rendered to '{}'", *target));
      program_.templates[entry.key] = *target;
    }
  }

  void read_record(const Member& member) {
    const char* const form = R"(write [["python", "-V"], ["pip", "freeze"]])";
    if (!member.value.is_list() || member.value.items.empty()) {
      reading_.error(member.value.mark,
                     fmt::format("'record' must be a list of commands, is {}",
                                 member.value.is_list() ? "empty" : member.value.describe()),
                     form);
      return;
    }
    for (const Node& command : member.value.items) {
      if (const auto items = read_arguments(command, "a command of 'record'", R"(["python", "-V"])"))
        program_.record.push_back(*items);
    }
  }

  Reading& reading_;
  const Node& root_;
  UserProgram program_;
};

}  // namespace

std::optional<UserProgram> read_program(Reading& reading, const Node& root) {
  return ProgramReader(reading, root).read();
}

}  // namespace sweep
