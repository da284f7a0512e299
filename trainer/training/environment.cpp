// See environment.h.
#include "trainer/training/environment.h"

#include <cpuid.h>
#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <immintrin.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/version.h"
#include "kernels/fast/backend.h"
#include "kernels/gpu_facts.h"
#include "protocol/numeric_variables.h"
#include "trainer/hyperparameters.h"

namespace trainer {
namespace {

using core::Json;

// Its modes alone: bits 0 to 5 say what has happened since somebody cleared them.
std::string mxcsr_text(unsigned state) { return fmt::format("0x{:04x}", state & ~0x3Fu); }

// By CPUID: /proc/cpuinfo takes as long to write as a short trial to run.
Json cpu_json() {
  std::array<unsigned, 12> words{};
  for (unsigned leaf = 0; leaf < 3; ++leaf)
    __get_cpuid(0x80000002 + leaf, &words[4 * leaf], &words[4 * leaf + 1], &words[4 * leaf + 2], &words[4 * leaf + 3]);
  std::string model(reinterpret_cast<const char*>(words.data()), sizeof words);
  model = model.substr(0, model.find('\0'));
  for (char& c : model)
    if (c < 0x20 || c > 0x7E) c = '?';
  model.erase(0, model.find_first_not_of(' '));
  const auto has = [](bool is_there, const char* name, std::vector<std::string>& flags) {
    if (is_there) flags.emplace_back(name);
  };
  std::vector<std::string> flags;
  has(__builtin_cpu_supports("avx"), "avx", flags);
  has(__builtin_cpu_supports("avx2"), "avx2", flags);
  has(__builtin_cpu_supports("avx512bw"), "avx512bw", flags);
  has(__builtin_cpu_supports("avx512cd"), "avx512cd", flags);
  has(__builtin_cpu_supports("avx512dq"), "avx512dq", flags);
  has(__builtin_cpu_supports("avx512f"), "avx512f", flags);
  has(__builtin_cpu_supports("avx512vl"), "avx512vl", flags);
  has(__builtin_cpu_supports("bmi2"), "bmi2", flags);
  has(__builtin_cpu_supports("fma"), "fma", flags);
  has(__builtin_cpu_supports("sse4.2"), "sse4_2", flags);
  return {{"model", model.empty() ? Json() : Json(model)}, {"flags", flags}};
}

Json gpu_json(const kernels::GpuFacts& gpu) {
  return {{"name", gpu.name},
          {"uuid", gpu.uuid},
          {"compute_capability", gpu.compute_capability},
          {"multiprocessors", gpu.multiprocessors},
          {"memory_bytes", gpu.memory_bytes},
          {"driver", gpu.driver},
          {"runtime", gpu.runtime}};
}

// Libraries of the GPU that this process has loaded: file name → SHA-256. Their files are large, and stay as they are
// while the process lives: read once.
const Json& gpu_libraries() {
  static const Json libraries = [] {
    constexpr std::array<std::string_view, 5> kPrefixes = {"libcuda.so", "libcudart", "libcudnn", "libcublas",
                                                           "libnvrtc"};
    std::ifstream maps("/proc/self/maps");
    std::set<std::string> files;
    for (std::string line; std::getline(maps, line);) {
      const std::size_t slash = line.find('/');
      if (slash == std::string::npos) continue;
      const std::string name = std::filesystem::path(line.substr(slash)).filename();
      for (const std::string_view prefix : kPrefixes)
        if (name.starts_with(prefix)) files.insert(line.substr(slash));
    }
    Json found = Json::object();
    for (const std::string& file : files) {
      const std::string name = std::filesystem::path(file).filename();
      try {
        found[name] = core::sha256_file(file);
      } catch (const core::UserError&) {
        found[name] = nullptr;  // it was replaced since
      }
    }
    return found;
  }();
  return libraries;
}

// The floats of a configuration, by name; a configuration has no objects in it.
Json hexadecimal(const Json& configuration) {
  Json floats = Json::object();
  for (const auto& [name, value] : configuration.items())
    if (value.is_number_float()) floats[name] = fmt::format("{:a}", value.get<double>());
  return floats;
}

Json data_json(const protocol::DataSource& source, const Dataset& data, const PreparedData& prepared) {
  Json json = {{"sha256", source.sha256},
               {"features", prepared.features},
               {"classes", prepared.classes},
               {"train_samples", prepared.train.count},
               {"validation_samples", prepared.validation.count},
               {"test_samples", prepared.test.count},
               {"split_sha256", prepared.split_sha256}};
  if (!prepared.normalisation_sha256.empty()) json["normalisation_sha256"] = prepared.normalisation_sha256;
  if (data.task == Task::kRegression)
    json["target"] = {{"mean", prepared.target_mean}, {"deviation", prepared.target_deviation}};
  if (data.image) json["image"] = {data.height, data.width, data.channels};
  if (!source.options.empty()) json["options"] = source.options.to_json();
  if (!data.class_names.empty() && data.class_names.size() <= 100) json["class_names"] = data.class_names;
  return json;
}

// What `environment` says of one thing: its member, or where that is an object the members of that.
template <class Take>
void for_each_fact(Json& environment, Take&& take) {
  for (Json& member : environment) {
    if (!member.is_object()) take(member);
    if (member.is_object())
      for (Json& fact : member) take(fact);
  }
}

}  // namespace

void shorten(core::Json& environment, std::size_t most_bytes) {
  constexpr std::size_t kLeastBytes = 200;  // shorter ones are no shorter as a digest
  while (core::canonical_json(environment).size() > most_bytes) {
    Json* longest = nullptr;
    std::string text(kLeastBytes, ' ');
    for_each_fact(environment, [&](Json& fact) {
      std::string its = core::canonical_json(fact);
      if (its.size() <= text.size()) return;
      longest = &fact;
      text = std::move(its);
    });
    if (!longest) return;
    *longest = {{"bytes", text.size()}, {"sha256", core::sha256_hex(text)}};
  }
}

unsigned float_state() { return _mm_getcsr(); }

Json environment(const protocol::TrialDocument& document, const Surroundings& about) {
  const core::Build& build = core::build();
  const Json configuration = complete_configuration(document.config);
  Json json = {{"version", build.version},
               {"commit", build.git_commit},
               {"compiler", build.compiler},
               {"flags", build.flags},
               {"back_ends", build.back_ends},
               {"device", about.device.description},
               {"back_end", about.device.ops->name},
               {"threads", document.threads},
               {"weights", about.weights},
               {"libraries", {{"zlib", zlibVersion()}, {"glibc", gnu_get_libc_version()}}},
               {"cpu", cpu_json()},
               {"mxcsr", mxcsr_text(float_state())},
               {"mxcsr_at_start", mxcsr_text(about.float_state_at_start)},
               {"variables", protocol::numeric_variables()},
               {"hyperparameters", configuration},
               {"hexadecimal", hexadecimal(configuration)},
               {"seed", document.seed},
               {"data", data_json(*document.data, about.data, about.prepared)}};
  if (const auto gpu = kernels::gpu_facts(*about.device.context)) {
    json["gpu"] = gpu_json(*gpu);
    json["gpu_libraries"] = gpu_libraries();
  }
  if (document.numerics == kernels::fast::kNumerics) json["fast"] = kernels::fast::device_class(*about.device.context);
  if (document.device == "cpu") json["isa"] = kernels::name(kernels::cpu_isa(*about.device.context));
  return json;
}

}  // namespace trainer
