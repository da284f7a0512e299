// What a sweep leaves under runs/ says where it came from, and holds no secret.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;

namespace {

// The files under `folder` that hold the text, wherever in them.
std::vector<std::string> files_with(const fs::path& folder, const std::string& text) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.find(text) != std::string::npos) files.push_back(entry.path().string());
  }
  return files;
}

void in_folder(const fs::path& folder, const std::string& command) {
  if (std::system(("cd '" + folder.string() + "' && " + command + " >/dev/null 2>&1").c_str()) != 0)
    skip("git is not installed");
}

}  // namespace

TEST_CASE(
    "a token in the environment, a remote's address, an argument, a changed line or a recorded output is nowhere") {
  const Shop shop;
  in_folder(shop.path(), "git init && git -c user.name=n -c user.email=e@x commit --allow-empty -m first");
  in_folder(shop.path(), "git remote add origin https://me:s3cr3t-remote@example.org/a.git");
  shop.write("settings.py",
             "lr = 0.5\nkey = 's3cr3t-environment'\nlogin('s3cr3t-argument')\napi_key = \"s3cr3t-line\"\n");
  in_folder(shop.path(), "git add settings.py");
  const core::Json file = {{"method", "grid"},
                           {"metric", {{"name", "loss"}}},
                           {"command", {"/bin/sh", "train.sh", "--login=${envvar:MY_LOGIN}", "${args}"}},
                           {"record", {{"/bin/sh", "-c", "cat packages.txt; echo $FAKE_API_TOKEN $MY_LOGIN"}}},
                           {"parameters", {{"x", {{"values", {1, 2}}}}}}};
  shop.write("train.sh", "echo loss=0.5\n");
  shop.write("packages.txt", "package @ https://s3cr3t-output@example.org\n");
  shop.write("secret.json", core::canonical_json(file));
  const Said said = shop.sweep("run secret.json", "FAKE_API_TOKEN=s3cr3t-environment MY_LOGIN=s3cr3t-argument");
  INFO(said.err);
  REQUIRE(said.code == 0);
  CHECK(files_with(shop.path() / "runs", "s3cr3t") == std::vector<std::string>());

  const core::Json provenance = core::parse_json(shop.sweep("show '#0' --json").out, "show").at("provenance");
  CHECK(provenance.at("git").at("remote") == "https://example.org/a.git");
  CHECK(provenance.at("git").at("difference").at("lines_left_out") == 3);
  CHECK(provenance.at("command_line").at(1) == "run");
  CHECK(provenance.at("record")[0].at("output") == "package @ https://[redacted]example.org\n[redacted] [redacted]\n");
  const std::string kept = provenance.at("git").at("difference").at("file");
  CHECK(has(shop.read("runs/" + kept), "+lr = 0.5\n"));
}

TEST_CASE("what was changed on the disk is named by whoever reads it, and nothing is printed of it") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  shop.change("UPDATE trials SET value = 9.5 WHERE trial_index = 1");
  CHECK(shop.sweep("report").code == 0);  // of a sweep of this size it is made from the events alone
  const Said verified = shop.sweep("verify");
  CHECK(verified.code == 3);
  CHECK(has(verified.out, "the row of trial 1 of sweep number 1 is not what was written"));

  shop.change("UPDATE trials SET value = 1.25 WHERE trial_index = 1");
  CHECK(shop.sweep("verify").code == 0);
  shop.change("UPDATE events SET line = replace(line, '1.25', '1.26') WHERE trial_index = 1 AND kind = 'metric'");
  for (const char* verb : {"replay '#1'", "show '#1'", "report"}) {
    const Said said = shop.sweep(verb);
    INFO(verb);
    CHECK(said.code == 2);
    CHECK(said.out == "");
    CHECK(has(said.err, "(trial 1 of sweep number 1, attempt 0, seq "));
  }
}
