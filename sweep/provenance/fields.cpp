// See fields.h.
#include "sweep/provenance/fields.h"

#include <array>
#include <map>

namespace sweep {
namespace {

using core::Json;
using enum FieldPlace;
using enum FieldUse;

constexpr char kAbsent[] = "absent";

constexpr RecordedField kFields[] = {
    {"hyperparameters", kAttempt, kAlways, "every one with its default filled in, as a typed value"},
    {"hexadecimal", kAttempt, kAlways,
     "those that are floats again, as hexadecimal floats: their bits can be read off"},
    {"seed", kAttempt, kAlways, "the trial's training seed, which every random number is a function of"},
    {"data", kAttempt, kAlways, "digest of the data set, sizes of its parts, how its targets are scaled"},
    {"data.split_sha256", kAttempt, kAlways, "digest of which samples are held out"},
    {"data.normalisation_sha256", kAttempt, kAlways,
     "digest of the means and deviations that the inputs are scaled by"},
    {"weights", kAttempt, kAlways, "how many numbers are trained"},
    {"tensors_from_file", kAttempt, kAlways, "how many tensors came from `init_from`"},
    {"mxcsr", kAttempt, kAlways, "state of the floating-point unit while it computes: rounding, denormals, traps"},
    {"mxcsr_at_start", kAttempt, kInformative, "the same as the trainer found it"},
    {"device", kAttempt, kInFast, "name of the GPU, or the CPU's instruction set and threads"},
    {"back_end", kAttempt, kInFast, "cpu or cuda"},
    {"gpu", kAttempt, kInFast, "of the GPU, by CUDA"},
    {"gpu.name", kAttempt, kInFast, "model"},
    {"gpu.compute_capability", kAttempt, kInFast, "which code it runs"},
    {"gpu.multiprocessors", kAttempt, kInFast, "as many as the process sees: libraries choose by it"},
    {"gpu.uuid", kAttempt, kInformative, "which one of that model"},
    {"gpu.memory_bytes", kAttempt, kInformative, "in all"},
    {"gpu.driver", kAttempt, kInFast, "version of CUDA that the driver has"},
    {"gpu.runtime", kAttempt, kInFast, "version of CUDA's runtime in the trainer"},
    {"gpu_libraries", kAttempt, kInFast, "cuDNN, cuBLAS and the driver as loaded: SHA-256 of each file, by its name"},
    {"fast", kAttempt, kInFast, "GPU, compute capability, multiprocessors, versions of driver, cuDNN and cuBLASLt"},
    {"variables", kAttempt, kInFast, "environment variables that change numbers, by name, where they are set"},
    {"threads", kAttempt, kInformative, "for CPU ops; no sum depends on it"},
    {"isa", kAttempt, kInformative, "which of the CPU's instruction sets computed"},
    {"cpu", kAttempt, kInformative, "model and the flags that decide which code runs"},
    {"version", kAttempt, kInformative, "of the trainer; what its arithmetic gives is in its identity"},
    {"commit", kAttempt, kInformative, "of the sources that the trainer was built from"},
    {"compiler", kAttempt, kInFast, "that built the trainer"},
    {"flags", kAttempt, kInFast, "that it was built with"},
    {"back_ends", kAttempt, kInformative, "that it was built with"},
    {"libraries", kAttempt, kInformative, "versions of those that only read data: zlib, the C library"},

    {"host", kSweep, kInformative, "name of the machine where the sweep began"},
    {"machine", kSweep, kInformative, "CPU model and flags, cores, memory, operating system, kernel"},
    {"gpus", kSweep, kInformative, "those that the sweep may use, by nvidia-smi; what a trial ran on the attempt says"},
    {"build", kSweep, kInformative, "version, commit, compiler and flags of `sweep` itself"},
    {"libraries", kSweep, kInformative, "versions of the libraries of `sweep`"},
    {"command_line", kSweep, kInformative, "how `sweep` was called, redacted"},
    {"variables", kSweep, kInformative, "environment variables that change numbers, by name, where they are set"},
    {"git", kSweep, kInformative, "null outside a working folder of git"},
    {"git.commit", kSweep, kInformative, "that was checked out"},
    {"git.dirty", kSweep, kInformative, "whether anything was not committed"},
    {"git.difference_sha256", kSweep, kInformative, "over the uncommitted changes and the untracked files, by content"},
    {"git.difference", kSweep, kInformative,
     "the file under `differences/` with the changes and the list of untracked files: digest, size, lines left out"},
    {"git.untracked", kSweep, kInformative, "how many untracked files there were"},
    {"git.folder", kSweep, kInformative, "where `sweep` was started, relative to the top of the working folder"},
    {"git.remote", kSweep, kInformative, "address of `origin`, without user, password and query"},
    {"interpreter", kSweep, kInformative, "of a user's program: the file that runs it, its size and digest"},
    {"record", kSweep, kInformative, "of a user's program: what the commands under `record` printed, redacted"},
};

// Path → value of what lies below; an empty object is a leaf as well.
void flatten(const Json& value, const std::string& path, std::map<std::string, std::string>& leaves) {
  if (!value.is_object() || (value.empty() && !path.empty())) {
    if (!path.empty()) leaves[path] = core::canonical_json(value);
    return;
  }
  for (const auto& [key, inner] : value.items()) flatten(inner, path.empty() ? key : path + "." + key, leaves);
}

std::map<std::string, std::string> leaves_of(const Json& value) {
  std::map<std::string, std::string> leaves;
  flatten(value, "", leaves);  // of anything but an object nothing
  return leaves;
}

bool in_both(const FieldDifference& difference) {
  return difference.recorded != kAbsent && difference.replayed != kAbsent;
}

}  // namespace

std::string_view name(FieldPlace place) { return place == kAttempt ? "attempt" : "sweep"; }

std::string_view name(FieldUse use) {
  constexpr std::array<std::string_view, 3> kNames = {"always", "in fast", "informative"};
  return kNames[static_cast<std::size_t>(use)];
}

std::span<const RecordedField> recorded_fields() { return kFields; }

const RecordedField* find_field(FieldPlace place, std::string_view path) {
  for (;;) {
    for (const RecordedField& field : kFields)
      if (field.place == place && field.name == path) return &field;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) return nullptr;
    path = path.substr(0, dot);
  }
}

std::string FieldDifference::text() const { return name + ": recorded " + recorded + ", replayed " + replayed; }

std::vector<FieldDifference> differing_fields(FieldPlace place, const Json& recorded, const Json& replayed) {
  const std::map<std::string, std::string> was = leaves_of(recorded), is = leaves_of(replayed);
  std::map<std::string, std::string> all = was;
  all.insert(is.begin(), is.end());
  std::vector<FieldDifference> differences;
  for (const auto& [path, value] : all) {
    const auto text = [&path = path](const std::map<std::string, std::string>& leaves) {
      const auto found = leaves.find(path);
      return found == leaves.end() ? std::string(kAbsent) : found->second;
    };
    if (text(was) == text(is)) continue;
    const RecordedField* field = find_field(place, path);
    differences.push_back({path, field ? field->use : kInformative, text(was), text(is)});
  }
  return differences;
}

bool makes_another_trial(const FieldDifference& difference) { return difference.use == kAlways && in_both(difference); }

bool forbids_claim(const FieldDifference& difference, std::string_view numerics) {
  if (numerics == "external") return true;
  return difference.use == kInFast && numerics == "fast-1" && in_both(difference);
}

}  // namespace sweep
