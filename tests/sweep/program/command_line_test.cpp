// The command of a user's program: every macro, every mistake, and what a shell would be shown.
#include "sweep/program/command_line.h"

#include <filesystem>

#include "core/error.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace {

using core::Json;
using sweep::CommandContext;
using sweep::Parameter;
using sweep::UserProgram;
using Strings = std::vector<std::string>;

const std::vector<Parameter> kParameters = {
    {"optimizer", sweep::Constant{"adam"}, 0, 0, {}},   {"model.depth", sweep::Constant{3}, 0, 0, {"model", "depth"}},
    {"learning.rate", sweep::Constant{1e-5}, 0, 0, {}},  // a plain name with a dot
    {"bias", sweep::Constant{true}, 0, 0, {}},          {"amp", sweep::Constant{false}, 0, 0, {}},
};
const Json kConfig = {
    {"optimizer", "adam"}, {"model", {{"depth", 3}}}, {"learning.rate", 1e-5}, {"bias", true}, {"amp", false}};

CommandContext context() {
  return {1748203951, "python3", "/runs/args.json", [](const std::string& name) -> std::optional<std::string> {
            if (name == "DATA") return "/my data";
            if (name == "EMPTY") return "";
            return {};
          }};
}

Strings expand(Strings command, std::string program = "train.py") {
  UserProgram user;
  user.program = std::move(program);
  user.command = std::move(command);
  return sweep::expand_command(user, kParameters, kConfig, context());
}

std::string message(Strings command, std::string program = "train.py") {
  try {
    expand(std::move(command), std::move(program));
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the default command starts the program through env with every parameter as --name=value") {
  CHECK(expand({"${env}", "${interpreter}", "${program}", "${args}"}) ==
        Strings{"/usr/bin/env", "python3", "train.py", "--amp=False", "--bias=True", "--learning.rate=1e-05",
                "--model.depth=3", "--optimizer=adam"});
}

TEST_CASE("each form of the arguments is written as the language says") {
  CHECK(expand({"p", "${args_no_hyphens}"}) ==
        Strings{"p", "amp=False", "bias=True", "learning.rate=1e-05", "model.depth=3", "optimizer=adam"});
  CHECK(expand({"p", "${args_no_equals}"}) == Strings{"p", "--amp", "False", "--bias", "True", "--learning.rate",
                                                      "1e-05", "--model.depth", "3", "--optimizer", "adam"});
  CHECK(expand({"p", "${args_no_boolean_flags}"}) ==
        Strings{"p", "--bias", "--learning.rate=1e-05", "--model.depth=3", "--optimizer=adam"});
  CHECK(expand({"p", "${args_append_hydra}"})[1] == "+amp=False");
  CHECK(expand({"p", "${args_override_hydra}"})[5] == "++optimizer=adam");
  CHECK(expand({"p", "${args_json}"}) ==
        Strings{"p", R"({"amp":false,"bias":true,"learning.rate":1e-05,"model":{"depth":3},"optimizer":"adam"})"});
  CHECK(expand({"p", "${args_json_file}"}) == Strings{"p", "/runs/args.json"});
  CHECK(expand({"p", "${seed}", "--seed=${seed}"}) == Strings{"p", "1748203951", "--seed=1748203951"});
}

TEST_CASE("a variable of the environment is replaced inside an item, and what it holds is not looked at again") {
  CHECK(expand({"p", "--data=${envvar:DATA}/x", "${envvar:EMPTY}", "${envvar:DATA}${envvar:DATA}"}) ==
        Strings{"p", "--data=/my data/x", "", "/my data/my data"});
}

TEST_CASE("other text with a dollar is left for a shell, also a macro inside a larger item") {
  CHECK(expand({"sh", "-c", "echo $HOME ${HOME} --x=${args}", "${", "$", "}${env}", "${env}${env}", ""}) ==
        Strings{"sh", "-c", "echo $HOME ${HOME} --x=${args}", "${", "$", "}${env}", "${env}${env}", ""});
}

TEST_CASE("every mistake of a command is reported") {
  CHECK(message({"p", "${envvar:NO}", "${program}"}, "") ==
        "command: the environment variable 'NO' is not set, set it\n"
        "command: '${program}' without a program, add the key 'program' or name the file here");
  CHECK(message({"p", "${envvar:a b}"}) ==
        "command: 'a b' in '${envvar:a b}' is no variable's name, use letters, digits and _");
  CHECK(message({}) == "command: names no program to start, begin it with a program's name");
  CHECK(message({"${envvar:EMPTY}"}) == "command: names no program to start, begin it with a program's name");
}

TEST_CASE("a missing interpreter matters only to a command that asks for one") {
  UserProgram user;
  user.program = "a";
  CommandContext none = context();
  none.interpreter.clear();
  user.command = {"./${program}", "x"};
  CHECK(sweep::expand_command(user, kParameters, kConfig, none) == Strings{"./${program}", "x"});
  user.command = {"${interpreter}"};
  CHECK_THROWS_WITH(
      sweep::expand_command(user, kParameters, kConfig, none),
      "command: neither python nor python3 is on PATH, which '${interpreter}' asks for, install Python or "
      "name the interpreter in 'command'");
}

TEST_CASE("the resolved command holds what every trial of a program shares, on any machine") {
  UserProgram user;
  user.program = "train.py";
  user.command = {"${env}", "${interpreter}", "${program}", "${envvar:DATA}", "--seed=${seed}", "${seed}", "${args}"};
  CHECK(sweep::resolve_command(user, context()) ==
        Strings{"${env}", "${interpreter}", "train.py", "/my data", "--seed=${seed}", "${seed}", "${args}"});
}

TEST_CASE("the interpreter is python where PATH has it in any folder, else python3") {
  const TemporaryFolder folder;
  const auto executable = [&](const char* name) {
    const auto file = folder.write(name, "#!/bin/sh\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  };
  const std::string path = (folder.path() / "a").string() + ":" + (folder.path() / "b").string();
  CHECK(sweep::find_interpreter(path) == "");
  CHECK(sweep::find_interpreter("") == "");
  executable("a/python3");
  folder.write("a/python", "not executable");
  std::filesystem::create_directories(folder.path() / "b");
  CHECK(sweep::find_interpreter(path) == "python3");
  executable("b/python");
  CHECK(sweep::find_interpreter(path) == "python");
}
