// sweep export --format, as a user types it: a whole sweep for another program, and what is refused.
#include <sys/stat.h>

#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;
using core::Json;

namespace {

const std::string kFullDisk = std::string("ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD='") + SWEEP_BINARY_DIR +
                              "/tests/fakes/full_disk.so' ";

// Names in the folder, without what a test's own files are.
bool holds_temporary(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().find(".sweep-export-") != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a sweep is exported in each format, under its id or a name, the same bytes again") {
  const Shop shop("#!/bin/sh\necho 'step=1 loss=1.5'\necho '{\"loss\": 2.5, \"a:b\": 3}'\n");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string id = core::parse_json(shop.sweep("report --json").out, "report")["sweep"]["id"];
  for (const std::string format : {"tensorboard", "mlflow", "optuna"}) {
    INFO(format);
    const Said first = shop.sweep("export --format " + format),
               named = shop.sweep("export own --format " + format + " -o new/named");
    CHECK(first.code == 0);
    CHECK(first.out.starts_with(id + "." + format + ": 3 trials of sweep " + id + ", "));
    CHECK(named.code == 0);
    CHECK(fs::exists(shop.path() / "new" / "named"));
    CHECK(fs::exists(shop.path() / (id + "." + format)));
    const Said again = shop.sweep("export --format " + format);
    CHECK(again.code == 2);
    CHECK(again.err ==
          id + "." + format + ": is there already, name another path with -o, or replace it with --force\n");
    const Json json = core::parse_json(shop.sweep("export --force --json --format " + format).out, "export");
    CHECK(json["sweep"] == id);
    CHECK(json["format"] == format);
    CHECK(json["trials"] == 3);
    CHECK(json["left_out"] == 0);
    fs::remove_all(shop.path() / "new");
  }
  const Said renamed = shop.sweep("export --format mlflow -o other");
  CHECK(has(renamed.err, "1 name is written otherwise, as mlflow takes them: metric 'a:b' as 'a_b-"));
  CHECK(!holds_temporary(shop.path()));
}

TEST_CASE("an export beside the program leaves its sweeps what they are") {
  const std::string source = std::string(kSweep).replace(std::string(kSweep).find("\"x\""), 3, "\"model.c\"");
  const Shop shop("#!/bin/sh\necho 'step=1 loss=1.5'\n", source);
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  REQUIRE(shop.sweep("export --format mlflow").code == 0);
  REQUIRE(shop.sweep("export --format mlflow -o new/mlruns").code == 0);
  CHECK(has(shop.sweep("run sweep.json").err, "is finished, nothing to run"));
  CHECK(shop.sweep("replay '#0'").code == 0);
}

TEST_CASE("a capsule does not take the place of what is no file") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  REQUIRE(::mkfifo((shop.path() / "pipe").c_str(), 0600) == 0);
  for (const char* place : {"pipe", "/dev/null", "."}) {
    INFO(place);
    const Said said = shop.sweep(std::string("export '#0' -o ") + place);
    CHECK(said.code == 2);
    CHECK(said.err == std::string(place) + ": is there already and is no file, name another one with -o\n");
  }
}

TEST_CASE("a capsule takes the place of an empty file, of a capsule where --force is said, and of no other file") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  shop.write("empty", "");
  CHECK(shop.sweep("export '#0' -o empty").code == 0);
  const std::string capsule = shop.read("empty");
  for (const char* trial : {"'#0'", "'#1'"}) {
    const Said again = shop.sweep(std::string("export -o empty ") + trial);
    CHECK(again.code == 2);
    CHECK(again.out == "");
    CHECK(again.err == "empty: is there already, name another file with -o, or replace it with --force\n");
    CHECK(shop.read("empty") == capsule);
  }
  CHECK(shop.sweep("export '#1' -o empty --force").code == 0);
  CHECK(shop.read("empty") != capsule);
  shop.write("thesis.docx", std::string("PK\x03\x04") + std::string(22, '\0') + "\x13[Content_Types].xml and more");
  shop.write("ab", "ab");
  for (const char* file : {"thesis.docx", "ab"}) {
    const std::string before = shop.read(file);
    for (const char* flag : {"", " --force"}) {
      const Said said = shop.sweep(std::string("export '#0' -o ") + file + flag);
      CHECK(said.code == 2);
      CHECK(has(said.err, "is there already and is no capsule"));
      CHECK(shop.read(file) == before);
    }
  }
}

TEST_CASE("what is of a trial's capsule is no flag of a whole sweep's export, and the other way round") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const auto refusal = [&](const std::string& arguments) {
    const Said said = shop.sweep("export " + arguments);
    CHECK(said.code == 2);
    CHECK(said.out == "");
    return said.err;
  };
  CHECK(refusal("") == "TRIAL: is missing, name the trial, or export a whole sweep with --format\n");
  CHECK(refusal("'#0' --format optuna") ==
        "'#0': is a trial, and --format optuna exports a whole sweep, name a sweep, or leave --format out\n");
  CHECK(
      refusal("--format mlflow --with-data") ==
      "--with-data: adds to a trial's capsule, and --format mlflow exports a whole sweep, leave one of the two out\n");
  CHECK(refusal("--format mlflow --sweep own") ==
        "--sweep: says which sweep a trial is of, and --format mlflow exports a whole sweep, write `sweep export own "
        "--format mlflow`\n");
  CHECK(has(refusal("--format opt"), "opt not in {capsule,tensorboard,mlflow,optuna}"));
  CHECK(has(refusal("nobody --format optuna"), "nobody: no such sweep"));
  for (const std::string what : {"", "'#0' "})
    CHECK(has(refusal(what + "--format " + (what.empty() ? "optuna" : "capsule") + " -o ''"),
              "--output: '' names no file, name one, or leave the flag out: then it is ID.FORMAT"));
  CHECK(refusal("--format optuna --force -o runs/sweeps.db") ==
        "runs/sweeps.db: is no file that an export wrote, and --force replaces nothing else, name another path with "
        "-o\n");
  CHECK(refusal("--format mlflow --force -o runs") ==
        "runs: is no folder that an export wrote, and --force replaces nothing else, name another path with -o\n");
}

TEST_CASE("a disk that is full ends an export with 4, and nothing of it stays") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  for (const std::string format : {"tensorboard", "mlflow", "optuna"}) {
    INFO(format);
    const Said said =
        shop.sweep("export -o written --format " + format, kFullDisk + "FULL_DISK_NAME=written FULL_DISK_AT=1");
    CHECK(said.code == 4);
    CHECK(said.err.starts_with("written"));
    CHECK(said.err.ends_with(": cannot be written: No space left on device\n"));
    CHECK(!fs::exists(shop.path() / "written"));
    CHECK(!holds_temporary(shop.path()));
    CHECK(shop.sweep("export -o written --format " + format).code == 0);
    fs::remove_all(shop.path() / "written");
  }
}
