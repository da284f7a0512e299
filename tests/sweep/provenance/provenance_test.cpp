// What is recorded of a machine and a working folder, and what is never recorded.
#include "sweep/provenance/provenance.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/digest.h"
#include "core/files.h"
#include "core/version.h"
#include "sweep/provenance/difference.h"
#include "sweep/provenance/git.h"
#include "sweep/provenance/program_output.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

using core::Json;
using namespace sweep;
namespace fs = std::filesystem;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

// A git repository with one commit, whose identity is that of nobody.
class Repository {
 public:
  Repository() {
    if (!program_output({"git", "--version"}, kPatience)) skip("git is not installed");
    git({"init", "--quiet"});
    write("train.py", "print(1)\n");
    write(".gitignore", "ignored\n");
    git({"add", "."});
    git({"-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "commit", "--quiet", "-m", "first"});
  }

  const fs::path& path() const { return folder_.path(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name) << text;
  }
  void git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"git", "-C", path().string()});
    const auto answer = program_output(arguments, kPatience);
    REQUIRE(answer);
    REQUIRE(answer->code == 0);
  }
  GitState look() const { return read_git(path(), path() / "runs", Secrets({})); }
  Json state() const { return look().json; }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a program that closes its output and goes on is waited for no longer than one that does not") {
  const ProgramRun run = run_program({"/bin/sh", "-c", "exec >&-; exec sleep 1000"}, {std::chrono::milliseconds(200)});
  CHECK(run.end == ProgramEnd::kTooSlow);
  CHECK(run_program({"/bin/sh", "-c", "exec >&-; exit 3"}, {}).output.code == 3);
  CHECK(run_program({"/no/such/program"}, {}).error == ENOENT);
}

TEST_CASE("a clean working folder has a commit and no difference") {
  const Repository repository;
  const Json state = repository.state();
  CHECK(state["commit"].get<std::string>().size() == 40);
  CHECK(state["dirty"] == false);
  CHECK(state["difference_sha256"].is_null());
  CHECK(state["untracked"] == 0);
}

TEST_CASE("the digest of the difference follows content: tracked changes and untracked files") {
  const Repository repository;
  repository.write("train.py", "print(2)\n");
  const Json changed = repository.state();
  CHECK(changed["dirty"] == true);
  CHECK(changed["difference_sha256"].get<std::string>().size() == 64);

  repository.write("new.py", "x\n");
  const Json added = repository.state();
  CHECK(added["untracked"] == 1);
  CHECK(added["difference_sha256"] != changed["difference_sha256"]);
  repository.write("new.py", "y\n");
  CHECK(repository.state()["difference_sha256"] != added["difference_sha256"]);
  repository.write("new.py", "x\n");
  CHECK(repository.state() == added);
  fs::rename(repository.path() / "new.py", repository.path() / "newer.py");
  CHECK(repository.state()["difference_sha256"] != added["difference_sha256"]);
  fs::rename(repository.path() / "newer.py", repository.path() / "new.py");
  repository.write("train.py", "print(3)\n");
  CHECK(repository.state()["difference_sha256"] != added["difference_sha256"]);
}

TEST_CASE("ignored files and the runs folder are no difference") {
  const Repository repository;
  repository.write("ignored", "x\n");
  repository.write("runs/sweeps.db", "x\n");
  CHECK(repository.state()["dirty"] == false);
}

TEST_CASE("a folder is looked at from below its top, and one outside of git has no state") {
  const Repository repository;
  repository.write("below/file", "x\n");
  Json below = read_git(repository.path() / "below", "", Secrets({})).json;
  Json top = read_git(repository.path(), "", Secrets({})).json;
  CHECK(below["folder"] == "below/");
  CHECK(top["folder"] == "");
  below["folder"] = top["folder"];
  CHECK(below == top);
  const TemporaryFolder outside;
  CHECK(read_git(outside.path(), "", Secrets({})).json.is_null());
}

TEST_CASE("a repository without a commit has a difference and no commit") {
  const TemporaryFolder folder;
  if (!program_output({"git", "-C", folder.path().string(), "init", "--quiet"}, kPatience)) skip("no git");
  std::ofstream(folder.path() / "file") << "x\n";
  const Json state = read_git(folder.path(), "", Secrets({})).json;
  CHECK(state["commit"].is_null());
  CHECK(state["dirty"] == true);
}

TEST_CASE("a pipe in the working folder is not opened") {
  const Repository repository;
  const auto made = program_output({"mkfifo", (repository.path() / "pipe").string()}, kPatience);
  REQUIRE(made);
  CHECK(repository.state()["dirty"].is_boolean());
}

TEST_CASE("a filter that a folder or a repository in it configures is not run, its files are compared as they lie") {
  const Repository inner, outer;
  inner.write(".gitattributes", "*.py filter=inner\n");
  inner.git({"add", "."});
  inner.git({"-c", "user.name=n", "-c", "user.email=n@localhost", "commit", "--quiet", "-m", "second"});
  outer.git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path().string(), "inner"});
  outer.write(".gitattributes", "*.py filter=a=b\n*.txt filter=long\n");
  outer.write("note.txt", "x\n");
  outer.git({"add", "."});
  outer.git({"-c", "user.name=n", "-c", "user.email=n@localhost", "commit", "--quiet", "-m", "second"});
  const fs::path ran = outer.path() / ".git" / "ran";
  const std::string program = "touch '" + ran.string() + "'; cat";
  outer.git({"config", "filter.a=b.clean", program});
  outer.git({"config", "filter.a=b.required", "true"});
  outer.git({"config", "filter.long.process", program});
  outer.git({"config", "core.fsmonitor", program});
  for (const char* key : {"filter.inner.clean", "core.fsmonitor"}) outer.git({"-C", "inner", "config", key, program});
  for (const char* file : {"train.py", "note.txt", "inner/train.py"}) outer.write(file, "print(2)\n");
  const GitState state = outer.look();
  CHECK_FALSE(fs::exists(ran));
  CHECK_THAT(state.uncommitted.changes, Catch::Contains("-print(1)\n+print(2)\n") &&
                                            Catch::Contains("-x\n+print(2)\n") && Catch::Contains("-dirty\n"));
  outer.git({"-c", "filter.long.process=", "diff", "HEAD"});
  CHECK(fs::exists(ran));  // it would have been
}

TEST_CASE("of an untracked file its content counts, of a link where it leads, of a large file its size") {
  const Repository repository;
  repository.write("small", "x");
  repository.write("two\nlines", "x");
  fs::create_symlink("small", repository.path() / "link");
  repository.write("large", "x");
  fs::resize_file(repository.path() / "large", (16u << 20) + 1);
  const std::string content = "sha256 " + core::sha256_hex("x") + "  ";
  CHECK(repository.look().uncommitted.untracked == std::vector<std::string>{"bytes 16777217  large", "link small  link",
                                                                            content + "small", content + "two?lines"});
}

TEST_CASE("no token of the environment, of a remote or of a changed line is recorded, and no name") {
  const Repository repository;
  repository.git({"remote", "add", "origin", "https://user:s3cr3t-remote@example.org/private.git?token=s3cr3t-query"});
  repository.git({"config", "user.email", "s3cr3t-mail@example.org"});
  repository.git({"checkout", "--quiet", "-b", "s3cr3t-branch"});
  repository.write("train.py", "print(2)\nkey = fetch('s3cr3t-token')\nprint(3)\n");
  repository.write("key.txt", "s3cr3t-content\n");
  ::setenv("FAKE_API_TOKEN", "s3cr3t-token", 1);
  const Json record = sweep_provenance({repository.path(), repository.path() / "runs", {}});
  ::unsetenv("FAKE_API_TOKEN");
  const std::string text = core::canonical_json(record);
  CHECK(text.find("s3cr3t") == std::string::npos);
  CHECK(text.find("FAKE_API_TOKEN") == std::string::npos);
  CHECK(text.find(repository.path().string()) == std::string::npos);
  CHECK(record["git"]["remote"] == "https://example.org/private.git");

  const Json kept = record["git"]["difference"];
  CHECK(kept["lines_left_out"] == 1);
  CHECK(kept["cut"] == false);
  const std::string file = core::read_file(repository.path() / "runs" / kept["file"].get<std::string>());
  CHECK(core::sha256_hex(file) == kept["sha256"]);
  CHECK(file.find("s3cr3t") == std::string::npos);
  CHECK_THAT(file, Catch::StartsWith("untracked files: 1\nsha256 ") &&
                       Catch::Contains("  key.txt\nchanges:\ndiff --git ") &&
                       Catch::Contains("-print(1)\n+print(2)\n+[this line was left out: it holds what looks like a "
                                       "secret]\n+print(3)\n"));
  CHECK(difference_problem(record, repository.path() / "runs") == "");
  std::ofstream(repository.path() / "runs" / kept["file"].get<std::string>(), std::ios::app) << "x";
  CHECK_THAT(difference_problem(record, repository.path() / "runs"), Catch::Contains("has changed: its digest is "));
}

TEST_CASE("a secret in the program's own command line or in a variable that changes numbers is not recorded") {
  const TemporaryFolder folder;
  ::setenv("MY_LOGIN", "s3cr3t-login", 1);
  ::setenv("CUBLAS_WORKSPACE_CONFIG", "s3cr3t-login", 1);
  ::setenv("FAKE_API_TOKEN", "provenance_tests", 1);
  const Json record = sweep_provenance({folder.path(), folder.path() / "runs", {"MY_LOGIN"}});
  for (const char* name : {"MY_LOGIN", "CUBLAS_WORKSPACE_CONFIG", "FAKE_API_TOKEN"}) ::unsetenv(name);
  CHECK(record["variables"]["CUBLAS_WORKSPACE_CONFIG"] == "[redacted]");
  CHECK_THAT(record["command_line"][0].get<std::string>(), Catch::EndsWith("[redacted]"));
}

TEST_CASE("a difference without secrets can be applied again") {
  const Repository repository;
  repository.write("train.py", "print(2)\n");
  repository.write("picture", std::string("\0\1", 2));
  repository.git({"add", "picture"});
  const Json record = sweep_provenance({repository.path(), repository.path() / "runs", {}});
  repository.git({"rm", "--quiet", "--cached", "picture"});
  repository.git({"checkout", "--quiet", "."});
  const Json kept = record["git"]["difference"];
  const fs::path file = repository.path() / "runs" / kept["file"].get<std::string>();
  CHECK_THAT(core::read_file(file), Catch::Contains("Binary files /dev/null and b/picture differ"));
  repository.git({"apply", "--include=train.py", file.string()});
  CHECK(core::read_file(repository.path() / "train.py") == "print(2)\n");
}

TEST_CASE("a difference ends at the cap, at the end of a line, and says so") {
  Uncommitted uncommitted;
  for (int i = 0; i < 100; ++i) uncommitted.changes += "+line " + std::to_string(i) + "\n";
  const KeptDifference kept = redact_difference(uncommitted, Secrets({}), 200);
  CHECK(kept.cut);
  CHECK(kept.text.size() <= 200);
  CHECK(kept.text.ends_with("\n"));
  const KeptDifference whole = redact_difference(uncommitted, Secrets({}));
  CHECK_FALSE(whole.cut);
  CHECK(redact_difference(uncommitted, Secrets({}), whole.text.size()).text == whole.text);
  const KeptDifference shorter = redact_difference(uncommitted, Secrets({}), whole.text.size() - 1);
  CHECK(shorter.cut);
  CHECK(shorter.text + "+line 99\n" == whole.text);
}

TEST_CASE("what does not fit ends the difference, though shorter lines behind it would fit") {
  const Uncommitted uncommitted{"+" + std::string(300, 'x') + "\n+1\n", {}};
  const KeptDifference kept = redact_difference(uncommitted, Secrets({}), 200);
  CHECK(kept.cut);
  CHECK(kept.text == "untracked files: 0\nchanges:\n");
}

TEST_CASE("a private key is left out to its end, or to the next file where its end is none of the changes") {
  const Uncommitted uncommitted{
      "diff --git a/a b/a\n+-----BEGIN RSA PRIVATE KEY-----\n+MIIB\n+-----END RSA PRIVATE KEY-----\n+after\n"
      "diff --git a/b b/b\n+-----BEGIN RSA PRIVATE KEY-----\n+MIIC\ndiff --git a/c b/c\n+other\n",
      {}};
  const KeptDifference kept = redact_difference(uncommitted, Secrets({}));
  for (const char* key : {"MIIB", "MIIC", "RSA"}) CHECK_THAT(kept.text, !Catch::Contains(key));
  CHECK_THAT(kept.text, Catch::Contains("+after\n") && Catch::Contains("\ndiff --git a/c b/c\n+other\n"));
  CHECK(kept.lines_left_out == 5);
}

TEST_CASE("of a private key of which a hunk shows a part nothing is kept, nor what stands behind the hunk's place") {
  const std::string full = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
  const Uncommitted uncommitted{
      "diff --git a/a b/a\n@@ -1,2 +1,2 @@ zero\n one\n-two\n+too\n"
      "@@ -30,3 +30,3 @@ KEYa\n KEYb\n-KEYc\n+KEYd\n -----END PRIVATE KEY-----\n+after\n"
      "@@ -50,2 +50,3 @@ def f():\n before\n+-----BEGIN PRIVATE KEY-----\n KEYe\n"
      "@@ -90,1 +90,1 @@\n-KEYf\n+KEYg\n"
      "diff --git a/b b/b\n@@ -1 +1 @@\n-" +
          full + "\n+\"" + full + "\\n\"\n+other\n-----END of it\n",
      {}};
  const KeptDifference kept = redact_difference(uncommitted, Secrets({}));
  const std::string out = "[this line was left out: it holds what looks like a secret]\n";
  CHECK(kept.text ==
        "untracked files: 0\nchanges:\ndiff --git a/a b/a\n@@ -1,2 +1,2 @@\n one\n-two\n+too\n"
        "@@ -30,3 +30,3 @@\n " +
            out + "-" + out + "+" + out + " " + out +
            "+after\n"
            "@@ -50,2 +50,3 @@\n before\n+" +
            out + " " + out + "@@ -90,1 +90,1 @@\n-" + out + "+" + out + "diff --git a/b b/b\n@@ -1 +1 @@\n-" + out +
            "+" + out + "+other\n-----END of it\n");
  CHECK(kept.lines_left_out == 10);
}

TEST_CASE("a kept difference that is gone is said to be, and a record without one has no problem") {
  const TemporaryFolder runs;
  Json record = {{"git", {{"difference", keep_difference({"x\n", 0, false}, runs.path())}}}};
  CHECK(difference_problem(record, runs.path()) == "");
  fs::remove(runs.path() / record["git"]["difference"]["file"].get<std::string>());
  CHECK_THAT(difference_problem(record, runs.path()), Catch::EndsWith(".txt is gone or cannot be read"));
  record["git"]["difference"] = nullptr;
  CHECK(difference_problem(record, runs.path()) == "");
  CHECK(difference_problem(nullptr, runs.path()) == "");
}

TEST_CASE("a command line is recorded without its secrets and without the name of the home folder") {
  const Secrets secrets(std::map<std::string, std::string>{{"SERVICE_PASSWORD", "correct horse"}});
  ::setenv("HOME", "/home/somebody", 1);
  const Json command = redacted_command({"/home/somebody/bin/sweep", "run", "x.yaml", "--token", "abcdefgh", "--seed",
                                         "3", "--note=correct horse", "--api-key=0123456789"},
                                        secrets);
  CHECK(command == Json({"~/bin/sweep", "run", "x.yaml", "--token", "[redacted]", "--seed", "3", "--note=[redacted]",
                         "--api-key=[redacted]"}));
  ::setenv("HOME", "/", 1);
  CHECK(redacted_command({"//server/data", "/etc/hosts"}, secrets) == Json({"//server/data", "/etc/hosts"}));
}

TEST_CASE("machine, build and libraries are recorded") {
  const TemporaryFolder folder;
  const Json record = sweep_provenance({folder.path(), folder.path() / "runs", {}});
  CHECK(record["machine"]["cpu"]["cores"].get<int>() >= 1);
  const auto flags = record["machine"]["cpu"]["flags"].get<std::vector<std::string>>();
  CHECK(std::is_sorted(flags.begin(), flags.end()));
  CHECK(record["machine"]["memory_bytes"].get<std::uint64_t>() > 0);
  CHECK(record["machine"]["kernel"].is_string());
  CHECK(record["build"]["version"] == core::build().version);
  CHECK(record["libraries"]["sqlite"].get<std::string>().starts_with("3."));
  CHECK(record["libraries"]["openssl"].is_string());
  CHECK(record["libraries"]["boost"].get<std::string>().starts_with("1."));
  CHECK(record["git"].is_null());
}

TEST_CASE("a program that does not exist, fails, hangs or talks too much is an answer, not an error") {
  CHECK_FALSE(program_output({"no-such-program-anywhere"}, kPatience));
  CHECK(program_output({"sh", "-c", "echo out; echo err >&2; exit 3"}, kPatience)->out == "out\n");
  CHECK(program_output({"sh", "-c", "exit 3"}, kPatience)->code == 3);
  CHECK(program_output({"sh", "-c", "kill -9 $$"}, kPatience)->code == 137);
  CHECK_FALSE(program_output({"sleep", "1000"}, std::chrono::milliseconds(50)));
  CHECK_FALSE(program_output({"sh", "-c", "yes | head -c 2000"}, kPatience, 1000));
  CHECK(program_output({"cat"}, kPatience)->out.empty());  // stdin is /dev/null
}

TEST_CASE("what a program has started is gone with it, where it is too slow and where it is asked to end") {
  int never[2], asked[2];
  REQUIRE(::pipe2(never, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(asked, O_CLOEXEC) == 0);
  const std::vector<std::string> program = {"sh", "-c", "sleep 1000 & echo $!; wait"};
  // A killed process may be there until its parent has seen it.
  const auto runs = [](const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string word;
    return file >> word >> word >> word && word != "Z" && word != "X";
  };
  const auto is_gone = [&](const ProgramRun& run) {
    const std::string pid = run.output.out.substr(0, run.output.out.find('\n'));
    REQUIRE(!pid.empty());
    for (int i = 0; i < 2000 && runs(pid); ++i) ::usleep(1000);
    return !runs(pid);
  };
  const ProgramRun slow = run_program(program, {std::chrono::milliseconds(500), 1000, never[0]});
  CHECK(slow.end == ProgramEnd::kTooSlow);
  CHECK(is_gone(slow));
  std::thread asking([&] {
    ::usleep(300'000);
    CHECK(::write(asked[1], "x", 1) == 1);
  });
  const ProgramRun stopped = run_program(program, {std::chrono::seconds(100), 1000, asked[0]});
  asking.join();
  CHECK(stopped.end == ProgramEnd::kStopped);
  CHECK(is_gone(stopped));
  for (const int fd : {never[0], never[1], asked[0], asked[1]}) ::close(fd);
}

TEST_CASE("a program that is stopped is too slow, and gone afterwards") {
  const ProgramRun run = run_program({"sh", "-c", "echo $$; kill -STOP $$; echo went on"}, {std::chrono::seconds(3)});
  CHECK(run.end == ProgramEnd::kTooSlow);
  const pid_t pid = std::stoi(run.output.out);
  CHECK(run.output.out == std::to_string(pid) + "\n");
  CHECK(run.output.code == 128 + SIGKILL);
  CHECK((::kill(pid, 0) != 0 && errno == ESRCH));
}
