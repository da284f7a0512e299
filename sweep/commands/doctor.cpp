// sweep doctor: whether this machine can do what is asked of it, one line a finding.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "core/digest.h"
#include "core/error.h"
#include "core/plural.h"
#include "core/version.h"
#include "protocol/outcome.h"
#include "sweep/commands/doctor_findings.h"
#include "sweep/commands/output.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/fast_class.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/gpus/gpus.h"
#include "sweep/launch/gpu_lock.h"
#include "sweep/provenance/program_output.h"
#include "sweep/provenance/provenance.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

DoctorFinding build_finding() {
  const core::Build& build = core::build();
  return {
      "sweep", true,
      fmt::format("{}, commit {}, {}, back ends: {}", build.version, build.git_commit, build.compiler, build.back_ends),
      build_provenance()};
}

DoctorFinding machine_finding() {
  const Json machine = machine_provenance();
  const Json& cpu = machine["cpu"];
  std::string flags;
  for (const Json& flag : cpu["flags"]) flags += " " + flag.get<std::string>();
  const double gib = machine["memory_bytes"].is_null() ? 0 : machine["memory_bytes"].get<double>() / (1u << 30);
  const auto word = [](const Json& json) { return json.is_string() ? json.get<std::string>() : "unknown"; };
  return {"machine", true,
          fmt::format("{}, {},{}; {:.1f} GiB memory; {}, kernel {}", word(cpu["model"]),
                      core::counted(cpu["cores"].get<std::int64_t>(), "core"), flags, gib, word(machine["os"]),
                      word(machine["kernel"])),
          machine};
}

// Below each GPU who uses it, and which of its slots sweeps hold.
struct GpuLines {
  std::string text;
  Json detail;
};

GpuLines use_lines(const Gpu& gpu, const GpuAnswer& answer, const std::vector<SlotHolder>& holders) {
  GpuLines use{"", {{"processes", Json::array()}, {"slots", Json::array()}}};
  for (const GpuProcess& process : answer.processes) {
    if (process.gpu != gpu.uuid && process.gpu != gpu.card) continue;
    use.text += fmt::format("\n    {} (pid {}){}{}", process.name.empty() ? "a process" : process.name, process.pid,
                            process.mib ? " holds " + memory_text(*process.mib) : "",
                            process.gpu == gpu.uuid ? "" : ", on this or another instance of the GPU");
    use.detail["processes"].push_back(
        {{"pid", process.pid}, {"name", process.name}, {"mb", process.mib ? Json(*process.mib) : Json()}});
  }
  for (const SlotHolder& holder : holders) {
    if (holder.gpu != gpu.uuid) continue;
    use.text += fmt::format("\n    slot {} of {}: a sweep (pid {})", holder.number, holder.of, holder.pid);
    use.detail["slots"].push_back({{"number", holder.number}, {"of", holder.of}, {"pid", holder.pid}});
  }
  return use;
}

GpuLines gpu_lines(const Gpu& gpu, const GpuAnswer& answer, const std::vector<SlotHolder>& holders) {
  const auto word = [](const std::string& text) { return text.empty() ? "unknown" : text; };
  std::string figures;
  if (gpu.memory_mib) figures += ", " + memory_text(*gpu.memory_mib) + " memory";
  if (gpu.used_mib) figures += ", " + memory_text(*gpu.used_mib) + " in use";
  if (gpu.busy_percent) figures += fmt::format(", {} % busy", *gpu.busy_percent);
  GpuLines lines = use_lines(gpu, answer, holders);
  lines.text = fmt::format("\n  {}: {} ({}){}, compute capability {}, driver {}{}", gpu_name(gpu), gpu.model, gpu.uuid,
                           figures, word(gpu.compute_capability), word(gpu.driver),
                           gpu.problem.empty() ? "" : "; cannot be used: " + gpu.problem) +
               lines.text;
  lines.detail.update(gpus_json({gpu})[0]);
  lines.detail["used_mb"] = gpu.used_mib ? Json(*gpu.used_mib) : Json();
  lines.detail["problem"] = gpu.problem.empty() ? Json() : Json(gpu.problem);
  return lines;
}

DoctorFinding gpu_finding() {
  const GpuAnswer answer = ask_gpus();
  if (!answer.has_nvidia_smi) return {"GPUs", true, "none: there is no nvidia-smi; trials run on the CPU", nullptr};
  if (answer.gpus.empty()) return {"GPUs", false, answer.problem + "; trials run on the CPU", nullptr};
  const std::vector<SlotHolder> holders = slot_holders();
  DoctorFinding finding{"GPUs", answer.problem.empty(), std::to_string(answer.gpus.size()), Json::array()};
  if (!answer.problem.empty()) finding.text += "; " + answer.problem;
  for (const Gpu& gpu : answer.gpus) {
    const GpuLines lines = gpu_lines(gpu, answer, holders);
    finding.good = finding.good && gpu.problem.empty();
    finding.text += lines.text;
    finding.detail.push_back(lines.detail);
  }
  return finding;
}

DoctorFinding library_finding() {
  const Json libraries = library_provenance();
  std::string text;
  for (const auto& [library, version] : libraries.items())
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", library, version.get<std::string>());
  return {"libraries", true, text, libraries};
}

// Who would train, and what exactly that is.
DoctorFinding trainer_finding() try {
  const BuiltinTrainer trainer = ask_trainer(find_trainer({}));
  const std::string digest = core::sha256_file(trainer.executable);
  return {"trainer",
          true,
          fmt::format("{}, {}, sha256 {}", printable(trainer.executable.string()), printable(trainer.identity), digest),
          {{"executable", trainer.executable.string()}, {"identity", trainer.identity}, {"sha256", digest}}};
} catch (const core::EnvironmentError& error) {
  return {"trainer", false, printable(error.what()), nullptr};
} catch (const core::UserError& error) {
  return {"trainer", false, printable(error.what()), nullptr};
}

// The trainer beside this program computes known answers with every kernel that this machine can run.
DoctorFinding arithmetic_finding() {
  std::error_code error;
  const fs::path trainer = fs::read_symlink("/proc/self/exe", error).parent_path() / "sweep-trainer";
  if (!fs::exists(trainer, error))
    return {"arithmetic", false, "no sweep-trainer beside this program: " + printable(trainer.string()), nullptr};
  const auto answer = program_output({trainer.string(), "selftest"}, std::chrono::minutes(5));
  const bool good = answer && answer->code == 0;
  std::string text = answer ? printable_lines(answer->out) : "the self-test gave no answer within 5 minutes";
  while (text.ends_with('\n')) text.pop_back();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3) text.replace(at, 1, "\n  ");
  return {"arithmetic",
          good,
          text.empty() ? (good ? "self-test passed" : "self-test failed") : text,
          {{"code", answer ? Json(answer->code) : Json()}}};
}

// Whether numerics fast could be had here; a machine that has none is as good as another.
DoctorFinding fast_finding() try {
  const Json numerics = fast_numerics(ask_trainer(find_trainer({})));
  return {"fast", true, "numerics fast on " + printable(core::canonical_json(numerics)), numerics};
} catch (const core::EnvironmentError& error) {
  return {"fast", true, "none: " + printable(error.what()), nullptr};
} catch (const core::UserError& error) {
  return {"fast", true, "none: " + printable(error.what()), nullptr};
}

int doctor(const Globals& globals) {
  bool good = true;
  Json json = Json::object();
  for (const auto& look :
       {std::function<DoctorFinding()>(build_finding), std::function<DoctorFinding()>(machine_finding),
        std::function<DoctorFinding()>(gpu_finding), std::function<DoctorFinding()>(library_finding),
        std::function<DoctorFinding()>([&] { return disk_finding(globals.runs); }),
        std::function<DoctorFinding()>([&] { return store_finding(globals.runs); }),
        std::function<DoctorFinding()>(limits_finding), std::function<DoctorFinding()>(cgroup_finding),
        std::function<DoctorFinding()>(trainer_finding), std::function<DoctorFinding()>(fast_finding),
        std::function<DoctorFinding()>(arithmetic_finding)}) {
    const DoctorFinding finding = look();
    good = good && finding.good;
    json[finding.name] = {{"good", finding.good}, {"text", finding.text}, {"detail", finding.detail}};
    if (!globals.json) print(fmt::format("{:<4} {:<10} {}\n", finding.good ? "ok" : "BAD", finding.name, finding.text));
  }
  if (globals.json) print_json({{"good", good}, {"findings", json}});
  return good ? protocol::kExitOk : protocol::kExitUnsuitable;
}

}  // namespace

std::function<int()> declare_doctor(CLI::App&, Globals& globals) {
  return [&globals] { return doctor(globals); };
}

}  // namespace sweep
