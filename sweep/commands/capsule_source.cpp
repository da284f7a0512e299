// See capsule_source.h.
#include "sweep/commands/capsule_source.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

fs::path temporary_folder() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string name = ((error ? fs::path("/tmp") : parent) / "sweep-capsule-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw core::EnvironmentError(name, std::string("cannot be made: ") + std::strerror(errno),
                                 "name a folder with --runs, or another TMPDIR");
  return name;
}

// One that no other replay uses.
fs::path folder_under(const fs::path& runs, const std::string& digest) {
  const fs::path parent = core::absolute_path(runs) / protocol::kCapsulesFolder;
  std::error_code error;
  fs::create_directories(parent, error);
  for (int number = 0; !error; ++number) {
    const fs::path folder = parent / (digest.substr(0, 16) + "-" + std::to_string(number));
    if (fs::create_directory(folder, error)) return folder;
  }
  throw core::EnvironmentError(parent.string(), "cannot be made: " + error.message());
}

}  // namespace

void declare_capsule_flags(CLI::App& subcommand, CapsuleFlags& flags) {
  const std::string group = "For a capsule";
  subcommand.add_option("--data", flags.data, "its data set, or a folder that holds it")
      ->type_name("PATH")
      ->group(group);
  subcommand.add_option("--program", flags.program, "folder of the program of your own that it is of; else this one")
      ->type_name("FOLDER")
      ->group(group);
  subcommand
      .add_flag("--trust-trainer", flags.trust_trainer, "the trainer inside may run, where no same build is here")
      ->group(group);
  subcommand.add_flag("--trust-command", flags.trust_command, "the command that it names may run")->group(group);
}

bool names_capsule(const std::string& word) { return word.ends_with(".capsule") || word.find('/') != word.npos; }

void check_no_capsule_flags(const CapsuleFlags& flags) {
  const std::pair<const char*, bool> given[] = {{"--data", !flags.data.empty()},
                                                {"--program", !flags.program.empty()},
                                                {"--trust-trainer", flags.trust_trainer},
                                                {"--trust-command", flags.trust_command}};
  for (const auto& [flag, is_given] : given)
    if (is_given) throw core::UserError(flag, "is for a capsule", "name its file as TRIAL");
}

CapsuleSource::CapsuleSource(const std::string& file, const CapsuleFlags& flags, const Globals& globals)
    : capsule_(Capsule::read(file)),
      folder_(globals.runs_given ? folder_under(globals.runs, capsule_.archive.digest) : temporary_folder()) {
  try {
    opened_ = open_capsule(capsule_, folder_,
                           {globals.runs, flags.data, flags.program, flags.trust_trainer, flags.trust_command});
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

CapsuleSource::~CapsuleSource() {
  std::error_code ignored;
  if (is_kept_) {  // but for the store, which has this trial alone: other verbs would call that damage
    for (const char* end : {"", "-wal", "-shm", "-journal"})
      fs::remove(folder_ / (std::string(protocol::kStoreFile) + end), ignored);
    return;
  }
  fs::remove_all(folder_, ignored);
  if (const fs::path parent = folder_.parent_path(); parent.filename() == protocol::kCapsulesFolder)
    fs::remove(parent, ignored);  // where it is empty
}

Device CapsuleSource::device() const {
  return capsule_.contents.trial.attempts.back().device == "cuda" ? Device::kAuto : Device::kCpu;
}

std::string CapsuleSource::text() const {
  std::string text = fmt::format("capsule {}: {} parts, none changed\n", digest(), capsule_.archive.parts.size());
  if (!opened_.trainer_note.empty()) text += opened_.trainer_note + "\n";
  return text;
}

}  // namespace sweep
