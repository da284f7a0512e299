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
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/version.h"

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

Json sweep_provenance(const std::filesystem::path& working_folder, const std::filesystem::path& excluded) {
  return {{"host", host_name()},
          {"machine", machine_provenance()},
          {"build", build_provenance()},
          {"libraries", library_provenance()},
          {"git", git_provenance(working_folder, excluded)}};
}

}  // namespace sweep
