// What a program is made of, in folders made for the purpose, with git and without.
#include "sweep/program/sources.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/digest.h"
#include "protocol/files.h"
#include "sweep/program/source_rules.h"
#include "sweep/provenance/program_output.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using core::Json;
using sweep::SourcesRequest;
using Strings = std::vector<std::string>;

void git(const fs::path& folder, Strings arguments) {
  Strings command = {
      "git", "-C", folder.string(), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto answer = sweep::program_output(command, std::chrono::seconds(30));
  if (!answer || answer->code == 127) skip("there is no git here");
  REQUIRE(answer->code == 0);
}

SourcesRequest request(const TemporaryFolder& folder, std::string program = "train.py", Strings command = {}) {
  if (command.empty()) command = {"${env}", "${interpreter}", program, "${args}"};
  return {folder.path(), std::move(program), std::move(command), folder.path() / "sweep.yaml", folder.path() / "runs"};
}

Strings paths(const SourcesRequest& asked) {
  Strings found;
  for (const auto& file : sweep::find_sources(asked).files) found.push_back(file.path);
  return found;
}

std::string message(const SourcesRequest& asked) {
  try {
    sweep::find_sources(asked);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

constexpr char kSweepFile[] = "# a sweep\nmethod: grid\nparameters:\n  a:\n    value: 1\n";

// A project as they look, with what must not count.
void write_project(const TemporaryFolder& folder) {
  folder.write("train.py", "print(1)\n");
  folder.write("lib/model.py", "x = 1\n");
  folder.write("conf/base.yaml", "lr: 0.1\n");
  folder.write("kernel.CU", "\n");
  folder.write("sweep.yaml", kSweepFile);
  folder.write("other_sweep.yml", std::string("\"parameters\" : {}\n'method': random\n"));
  folder.write("runs/trials/1/copy.py", "\n");
  folder.write("data.json", "{}");
  folder.write("README.md", "\n");
  folder.write("log.txt", "\n");
  folder.write(".hidden/a.py", "\n");
  folder.write("__pycache__/train.py", "\n");
  folder.write("node_modules/a.js", "\n");
  folder.write("venv/pyvenv.cfg", "\n");
  folder.write("venv/lib/a.py", "\n");
  folder.write("outputs/2024/config.yaml", "\n");
  folder.write("outputs/code.py", "\n");
  folder.write("exported/sweep-export.json", "{}");
  folder.write("exported/meta.yaml", "\n");
  folder.write("exported/1/params/model.c", "\n");
}
const Strings kProject = {"conf/base.yaml", "kernel.CU", "lib/model.py", "outputs/code.py", "train.py"};

}  // namespace

TEST_CASE("outside git a walk finds code and configuration, and nothing of environments, outputs and runs") {
  const TemporaryFolder folder;
  write_project(folder);
  CHECK(paths(request(folder)) == kProject);
}

TEST_CASE("in git the same counts, except what git ignores, and a commit changes nothing") {
  const TemporaryFolder folder;
  write_project(folder);
  git(folder.path(), {"init", "-q"});
  const std::string before = sweep::find_sources(request(folder)).digest();
  CHECK(paths(request(folder)) == kProject);
  git(folder.path(), {"add", "train.py", "lib"});
  CHECK(sweep::find_sources(request(folder)).digest() == before);
  git(folder.path(), {"commit", "-qm", "one"});
  CHECK(sweep::find_sources(request(folder)).digest() == before);

  folder.write(".gitignore", "/conf\n");
  CHECK(paths(request(folder)) == Strings{"kernel.CU", "lib/model.py", "outputs/code.py", "train.py"});
  fs::remove(folder.path() / "lib/model.py");  // tracked and gone
  CHECK(paths(request(folder)) == Strings{"kernel.CU", "outputs/code.py", "train.py"});
}

TEST_CASE("repositories inside a repository count, as submodules and untracked, and an empty submodule is empty") {
  const TemporaryFolder inner, folder;
  inner.write("sub.py", "\n");
  git(inner.path(), {"init", "-q"});
  git(inner.path(), {"add", "."});
  git(inner.path(), {"commit", "-qm", "one"});
  folder.write("train.py", "\n");
  git(folder.path(), {"init", "-q"});
  git(folder.path(), {"submodule", "--quiet", "add", inner.path().string(), "module"});
  git(folder.path(), {"clone", "-q", inner.path().string(), (folder.path() / "nested").string()});
  CHECK(paths(request(folder)) == Strings{"module/sub.py", "nested/sub.py", "train.py"});
  git(folder.path(), {"submodule", "--quiet", "deinit", "-f", "module"});
  CHECK(paths(request(folder)) == Strings{"nested/sub.py", "train.py"});
}

TEST_CASE("the digest is that of command and contents, wherever the folder lies") {
  const TemporaryFolder one, two;
  for (const auto* folder : {&one, &two}) folder->write("train.py", "print(1)\n");
  const auto found = sweep::find_sources(request(one));
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0] == sweep::SourceFile{"train.py", core::sha256_hex("print(1)\n"), 9});
  CHECK(found.digest() ==
        core::sha256_hex(R"({"command":["${env}","${interpreter}","train.py","${args}"],"files":{"train.py":")" +
                         core::sha256_hex("print(1)\n") + "\"}}"));
  CHECK(sweep::find_sources(request(two)).digest() == found.digest());

  const auto absolute = [](const TemporaryFolder& folder) {
    const std::string program = (fs::canonical(folder.path()) / "train.py").string();
    return sweep::find_sources(request(folder, program, {"python", program})).digest();
  };
  CHECK(absolute(one) == absolute(two));
  CHECK(absolute(one) == sweep::find_sources(request(two, "train.py", {"python", "train.py"})).digest());
  CHECK(sweep::find_sources(request(one, "train.py", {"python3", "train.py"})).digest() != absolute(one));
  two.write("train.py", "print(2)\n");
  CHECK(sweep::find_sources(request(two)).digest() != found.digest());
}

TEST_CASE("a record of the sources reads back") {
  const TemporaryFolder folder;
  folder.write("train.py", "1\n");
  const auto found = sweep::find_sources(request(folder, "train.py", {"a\\b\xff", "train.py"}));
  const auto back = sweep::ProgramSources::from_json(found.to_json(), "here");
  CHECK(back.files == found.files);
  CHECK(back.command == found.command);
  CHECK(back.folder == found.folder);
  CHECK(back.digest() == found.digest());
  CHECK_THROWS_WITH(sweep::ProgramSources::from_json({{"files", 1}}, "here"),
                    "here: is no record of a program's sources");
}

TEST_CASE("without a program the folder is that of the first file that the command names") {
  const TemporaryFolder folder;
  write_project(folder);
  CHECK(paths(request(folder, "", {"python", "lib/model.py", "--x"})) == Strings{"model.py"});
  CHECK(paths(request(folder, "", {"python", "--conf=conf/base.yaml", "lib/model.py"})) ==
        Strings{"../conf/base.yaml", "model.py"});
  CHECK(paths(request(folder, "", {"train.py"})).empty());  // looked for in PATH, not here
  CHECK(paths(request(folder, "", {"./train.py"})) == kProject);
  CHECK(paths(request(folder, "", {"python", "-m", "lib.model"})) == kProject);
  CHECK(paths(request(folder, "", {"python", "-m", "json.tool"})).empty());
}

TEST_CASE("a file that the command names counts whatever its ending, but not outside and not the sweep file") {
  const TemporaryFolder folder, elsewhere;
  folder.write("build/train",
               "\x7f"
               "ELF");
  folder.write("build/notes.txt", "");
  folder.write("data/list.json", "{}");
  folder.write("sweep.yaml", kSweepFile);
  elsewhere.write("other", "");
  CHECK(paths(request(folder, "",
                      {"build/train", "data/list.json", "--data=data/list.json", "sweep.yaml", "/bin/sh",
                       (elsewhere.path() / "other").string()})) == Strings{"../data/list.json", "train"});
}

TEST_CASE("a command that names no file of ours is warned about, for its changes go unseen") {
  const TemporaryFolder folder;
  const auto found = sweep::find_sources(request(folder, "", {"sh", "-c", "python train.py"}));
  CHECK(found.files.empty());
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0].text() ==
        "command: names no file under '" + fs::canonical(folder.path()).string() +
            "', changes of the program will not be noticed; add the key 'program' or 'inputs'");
}

TEST_CASE("a program that is not there is named, with the one that was meant") {
  const TemporaryFolder folder;
  folder.write("src/train.py", "");
  const std::string where = fs::canonical(folder.path()).string();
  CHECK(message(request(folder, "src/trian.py")) ==
        "program: no file 'src/trian.py' in '" + where + "', did you mean 'src/train.py'?");
  CHECK(message(request(folder, "x")) ==
        "program: no file 'x' in '" + where + "', paths of programs are relative to the folder where sweep is run");
  CHECK(message(request(folder, "src")) == "program: 'src' is a folder, name the file that is to be started");
}

TEST_CASE("hostile names and links are taken as they are") {
  const TemporaryFolder folder, elsewhere;
  folder.write("train.py", "\n");
  folder.write("a\nb\".py", "\n");
  folder.write("b\\c\xff.py", "\n");
  elsewhere.write("target", "linked\n");
  elsewhere.write("folder/inside.py", "\n");
  fs::create_symlink(elsewhere.path() / "target", folder.path() / "link.py");
  fs::create_symlink("nowhere", folder.path() / "broken.py");
  fs::create_symlink("loop.py", folder.path() / "loop.py");
  fs::create_directory_symlink(elsewhere.path() / "folder", folder.path() / "linked");
  fs::create_directory_symlink(folder.path(), folder.path() / "self");
  REQUIRE(::mkfifo((folder.path() / "pipe.py").c_str(), 0600) == 0);
  fs::create_directories(folder.path() / "folder.py");
  const Strings expected = {"a\nb\".py", "b\\\\c\\xff.py", "link.py", "train.py"};
  const auto walked = sweep::find_sources(request(folder));
  CHECK(paths(request(folder)) == expected);
  CHECK(walked.files[2].sha256 == core::sha256_hex("linked\n"));
  git(folder.path(), {"init", "-q"});
  CHECK(paths(request(folder)) == expected);
  CHECK(sweep::find_sources(request(folder)).digest() == walked.digest());
  CHECK(sweep::path_bytes(expected[1]) == "b\\c\xff.py");
}

TEST_CASE("a folder with too much in it is refused, with the remedy") {
  const TemporaryFolder folder;
  folder.write("train.py", "");
  const fs::path large = folder.write("large.py", "");
  fs::resize_file(large, sweep::kMostSourceBytes + 1);
  const std::string where = fs::canonical(folder.path()).string();
  CHECK(message(request(folder)) ==
        where + ": holds more than 256 MiB of source files, put the program into a folder of its own");
  fs::resize_file(large, 0);
  for (std::size_t i = 0; i < sweep::kMostSources - 2; ++i) folder.write("n/" + std::to_string(i) + ".py", "");
  CHECK(message(request(folder)) == "no error");
  folder.write("n/one_more.py", "");
  CHECK(message(request(folder)) ==
        where + ": holds more than 20000 source files, put the program into a folder of its own");
}

TEST_CASE("the table of endings is sorted by kind, and a sweep file is known by its method and parameters") {
  CHECK(sweep::is_source("a.py"));
  CHECK(sweep::is_source("a.R"));
  CHECK(sweep::is_source("../a.yaml"));
  CHECK(sweep::is_source("wandb/a.py"));
  CHECK_FALSE(sweep::is_source("wandb/run/config.yaml"));
  CHECK_FALSE(sweep::is_source("a.json"));
  CHECK_FALSE(sweep::is_source(".py"));
  CHECK_FALSE(sweep::is_source("py"));
  CHECK_FALSE(sweep::is_source("a/.git/b.py"));
  CHECK(sweep::is_sweep_file(kSweepFile));
  CHECK(sweep::is_sweep_file(R"( {"method": "grid", "parameters": {}})"));
  CHECK_FALSE(sweep::is_sweep_file(" method: grid\nparameters:\n"));
  CHECK_FALSE(sweep::is_sweep_file("methods: grid\nparameters: 1\n"));
  CHECK_FALSE(sweep::is_sweep_file("{\"method\": 1"));
  for (const char* text :
       {"method: 'random' # all\nparameters: # some\n\n  # first\n  a: {value: 1}\n",
        "method: bayes\nparameters: {a: 1}\n", "parameters: &p\n  a:\n    value: 1\r\nmethod: \"grid\"\r\n",
        "parameters: *p\nmethod: custom"}) {
    INFO(text);
    CHECK(sweep::is_sweep_file(text));
  }
  for (const char* text : {"method: adam\nparameters: {width: 4}\n", "method: grid\nparameters: 3\n",
                           "method: grid\nparameters:\n", "method: grid\nparameters:\nother: 1\n",
                           "method: grid\nparameters:\n  - width\n", "method: grid # not\nparameters: [a, b]\n",
                           "method:\n  - grid\nparameters: {}\n", R"({"method": "adam", "parameters": {}})",
                           R"({"method": "grid", "parameters": []})", R"({"method": 1, "parameters": {}})"}) {
    INFO(text);
    CHECK_FALSE(sweep::is_sweep_file(text));
  }
  CHECK_FALSE(sweep::is_sweep_file(""));
}

TEST_CASE("the watch sees a change, also one that keeps size and time, and a file that is gone") {
  const TemporaryFolder folder;
  const fs::path train = folder.write("train.py", "print(1)\n"), lib = folder.write("lib.py", "1\n");
  const auto found = sweep::find_sources(request(folder));
  sweep::SourcesWatch watch(found.files, found.folder);
  CHECK(watch.changed().empty());
  CHECK(watch.changed().empty());
  const auto time = fs::last_write_time(train);
  folder.write("train.py", "print(2)\n");
  fs::last_write_time(train, time);
  CHECK(watch.changed() == Strings{"train.py"});
  fs::remove(lib);
  CHECK(watch.changed() == Strings{"lib.py", "train.py"});
  folder.write("train.py", "print(1)\n");
  folder.write("new.py", "");
  CHECK(watch.changed() == Strings{"lib.py"});
  CHECK(sweep::changed_sources(found.files, folder.path() / "elsewhere") == Strings{"lib.py", "train.py"});
}

TEST_CASE("inputs are known by content, a folder by everything in it") {
  const TemporaryFolder folder;
  folder.write("list.csv", "1,2\n");
  folder.write("set/a.bin", "a");
  folder.write("set/deep/.b", "b");
  folder.write("set/.git/HEAD", "x");
  const std::string set =
      core::sha256_hex("{\"a.bin\":\"" + core::sha256_hex("a") + "\",\"deep/.b\":\"" + core::sha256_hex("b") + "\"}");
  const Json expected = {{"list.csv", core::sha256_hex("1,2\n")}, {"set", set}};
  CHECK(sweep::input_digests({"list.csv", "set"}, folder.path()) == expected);
  CHECK(sweep::input_digests({}, folder.path()) == Json::object());
  folder.write("set/deep/.b", "c");
  CHECK(sweep::input_digests({"list.csv", "set"}, folder.path()) != expected);
  CHECK_THROWS_WITH(sweep::input_digests({"no", "list.csv", "nor"}, folder.path()),
                    "inputs: no file or folder 'no' in '" + folder.path().string() +
                        "', paths of inputs are relative to the sweep file\n"
                        "inputs: no file or folder 'nor' in '" +
                        folder.path().string() + "', paths of inputs are relative to the sweep file");
}
