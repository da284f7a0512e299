// Machine, build and libraries; see provenance.h. Git is in git.cpp.
#include "sweep/provenance/provenance.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/version.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/utf8.h"
#include "core/version.h"
#include "protocol/numeric_variables.h"
#include "sweep/provenance/difference.h"
#include "sweep/provenance/git.h"

namespace sweep {
namespace {

using core::Json;

// Strings from outside may be anything; JSON takes UTF-8 alone.
Json text_or_null(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) c = '?';
  return text.empty() ? Json() : Json(std::move(text));
}

// The flags of a CPU that decide which code runs.
constexpr std::array<std::string_view, 12> kDecidingFlags = {"avx",      "avx2",    "avx512bw", "avx512cd",
                                                             "avx512dq", "avx512f", "avx512vl", "avx512_bf16",
                                                             "bmi2",     "f16c",    "fma",      "sse4_2"};

Json cpu_json() {
  Json cpu = {{"model", nullptr}, {"flags", Json::array()}, {"cores", std::thread::hardware_concurrency()}};
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string value = line.substr(colon + 2);
    if (line.starts_with("model name") && cpu["model"].is_null()) cpu["model"] = text_or_null(value);
    if (!line.starts_with("flags")) continue;
    std::istringstream words(value);
    std::vector<std::string> flags;
    for (std::string word; words >> word;)
      if (std::find(kDecidingFlags.begin(), kDecidingFlags.end(), word) != kDecidingFlags.end()) flags.push_back(word);
    std::sort(flags.begin(), flags.end());
    cpu["flags"] = flags;
    break;
  }
  return cpu;
}

Json os_name() {
  std::ifstream file("/etc/os-release");
  std::string line;
  constexpr std::string_view kKey = "PRETTY_NAME=";
  while (std::getline(file, line)) {
    if (!line.starts_with(kKey)) continue;
    std::string name = line.substr(kKey.size());
    std::erase(name, '"');
    return text_or_null(name);
  }
  return {};
}

Json memory_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? Json(static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size)) : Json();
}

std::string version_text(int major, int minor, int patch) { return fmt::format("{}.{}.{}", major, minor, patch); }

std::vector<std::string> own_command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

Json host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? text_or_null(name) : Json();
}

}  // namespace

Json machine_provenance() {
  Json machine = {{"cpu", cpu_json()}, {"memory_bytes", memory_bytes()}, {"os", os_name()}};
  utsname system{};
  if (uname(&system) == 0) {
    machine["kernel"] = text_or_null(system.release);
    machine["arch"] = text_or_null(system.machine);
  }
  return machine;
}

Json build_provenance() {
  const core::Build& build = core::build();
  return {{"version", build.version},
          {"git_commit", build.git_commit},
          {"compiler", build.compiler},
          {"flags", build.flags},
          {"back_ends", build.back_ends}};
}

Json library_provenance() {
  return {{"sqlite", sqlite3_libversion()},
          {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"zlib", zlibVersion()},
          {"glibc", gnu_get_libc_version()},
          {"boost", version_text(BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
          {"fmt", version_text(FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
          {"nlohmann_json",
           version_text(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}};
}

Json redacted_command(const std::vector<std::string>& words, const Secrets& secrets) {
  const char* home = std::getenv("HOME");
  const std::string at_home = home && *home == '/' && home[1] != 0 ? std::string(home) + "/" : "";
  Json command = Json::array();
  std::string before;
  for (const std::string& word : words) {
    std::string text = secrets.redact(word);
    if (text == word && secrets.redact(before + " " + word).ends_with(kRedacted)) text = kRedacted;
    if (!at_home.empty() && text.starts_with(at_home)) text.replace(0, at_home.size(), "~/");
    command.push_back(core::valid_utf8(text));
    before = word;
  }
  return command;
}

Json executable_provenance(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  if (error) return {};
  const std::uintmax_t bytes = std::filesystem::file_size(real, error);
  if (error) return {};
  try {
    return {
        {"file", core::valid_utf8(real.filename().string())}, {"bytes", bytes}, {"sha256", core::sha256_file(real)}};
  } catch (const core::UserError&) {
    return {};
  }
}

Json sweep_provenance(const ProvenanceRequest& request) {
  const Secrets secrets = Secrets::of_environment(request.secret_names);
  GitState git = read_git(request.working_folder, request.runs, secrets);
  if (git.json.is_object() && git.json["dirty"] == true)
    git.json["difference"] = keep_difference(redact_difference(git.uncommitted, secrets), request.runs);
  return {{"host", host_name()},
          {"machine", machine_provenance()},
          {"build", build_provenance()},
          {"libraries", library_provenance()},
          {"command_line", redacted_command(own_command_line(), secrets)},
          {"variables", secrets.redact_json(Json(protocol::numeric_variables()))},
          {"git", std::move(git.json)}};
}

}  // namespace sweep
