// Asking nvidia-smi, and /proc for whom it names; see gpus.h. What it prints is read in gpu_text.cpp.
#include "sweep/gpus/gpus.h"

#include <fmt/format.h>

#include <fstream>

#include "sweep/gpus/gpu_text.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

constexpr std::size_t kMostOutput = 4u << 20;
constexpr int kDeepestLineage = 64;

// Calls one question after the other, and keeps the first thing that went wrong.
class NvidiaSmi {
 public:
  NvidiaSmi(GpuAnswer& answer, std::chrono::milliseconds patience, int stop)
      : answer_(answer), limits_{patience, kMostOutput, stop} {}

  // What it printed; nothing where that cannot be relied on.
  std::optional<std::string> ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "nvidia-smi");
    const ProgramRun run = run_program(arguments, limits_);
    if (run.end == ProgramEnd::kNotStarted) return std::nullopt;
    answer_.has_nvidia_smi = true;
    const std::string said = first_line(run.output.out);
    if (run.end == ProgramEnd::kTooSlow)
      complain(arguments, fmt::format("gave no answer within {} s", limits_.patience.count() / 1000.0));
    else if (run.end != ProgramEnd::kEnded)
      complain(arguments, "gave no answer that ends");
    else if (run.output.code != 0)
      complain(arguments, fmt::format("ended with exit code {}{}", run.output.code, said.empty() ? "" : ": " + said));
    else
      return run.output.out;
    return std::nullopt;
  }

  void complain(const std::vector<std::string>& arguments, const std::string& what) {
    std::string command;
    for (const std::string& argument : arguments) command += (command.empty() ? "" : " ") + argument;
    if (answer_.problem.empty()) answer_.problem = fmt::format("`{}` {}", command, what);
  }

 private:
  GpuAnswer& answer_;
  ProgramLimits limits_;
};

// The parent's pid: the second word behind the name, which stands in parentheses and may hold anything.
int parent_of(int pid) {
  std::string text;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), text);
  const std::size_t close = text.rfind(')');
  if (close == text.npos || close + 4 >= text.size()) return 0;
  return text[close + 2] == 'Z' ? 0 : std::atoi(text.c_str() + close + 4);
}

void look_up(GpuProcess& process) {
  for (int pid = process.pid, parent = 0; pid > 0 && process.lineage.size() < kDeepestLineage; pid = parent) {
    parent = parent_of(pid);
    if (pid == process.pid) process.lives = parent > 0 || pid == 1;
    process.lineage.push_back(pid);
  }
  if (!process.name.empty()) return;
  std::getline(std::ifstream("/proc/" + std::to_string(process.pid) + "/comm"), process.name);
  process.name = first_line(process.name);
}

std::optional<std::vector<Gpu>> list_gpus(NvidiaSmi& nvidia_smi) {
  const auto text = nvidia_smi.ask({"-L"});
  if (!text) return std::nullopt;
  std::vector<Gpu> gpus = read_gpu_list(*text);
  if (gpus.empty()) {
    const std::string said = first_line(*text);
    nvidia_smi.complain({"nvidia-smi", "-L"}, said.empty() ? "prints nothing" : "prints: " + said);
  }
  return gpus;
}

}  // namespace

GpuAnswer ask_gpus(const std::vector<Gpu>& known, std::chrono::milliseconds patience, int stop) {
  GpuAnswer answer;
  NvidiaSmi nvidia_smi(answer, patience, stop);
  answer.gpus = known;
  if (known.empty()) answer.gpus = list_gpus(nvidia_smi).value_or(std::vector<Gpu>());
  if (answer.gpus.empty()) return answer;
  for (Gpu& gpu : answer.gpus) gpu.used_mib.reset(), gpu.busy_percent.reset();

  const std::string query = std::string("--query-gpu=") + kFigureFields;
  const auto figures = nvidia_smi.ask({query, "--format=csv,noheader,nounits"});
  if (!figures) return answer;  // a second question would take as long
  if (read_figures(*figures, answer.gpus) == 0)
    nvidia_smi.complain({"nvidia-smi", query}, "prints: " + first_line(*figures));
  if (const auto processes =
          nvidia_smi.ask({std::string("--query-compute-apps=") + kProcessFields, "--format=csv,noheader,nounits"}))
    answer.processes = read_processes(*processes);
  for (GpuProcess& process : answer.processes) look_up(process);
  return answer;
}

core::Json gpus_json(const std::vector<Gpu>& gpus) {
  if (gpus.empty()) return nullptr;
  const auto word = [](const std::string& text) { return text.empty() ? core::Json() : core::Json(text); };
  core::Json json = core::Json::array();
  for (const Gpu& gpu : gpus)
    json.push_back(
        {{"number", gpu.number},
         {"name", word(gpu.model)},
         {"uuid", gpu.uuid},
         {"driver", word(gpu.driver)},
         {"compute_capability", word(gpu.compute_capability)},
         {"memory_mb", gpu.memory_mib ? core::Json(static_cast<std::int64_t>(*gpu.memory_mib)) : core::Json()}});
  return json;
}

std::string gpu_name(const Gpu& gpu) { return "GPU " + gpu.number; }

std::string memory_text(double mib) {
  return mib >= 1000 ? fmt::format("{:.1f} GiB", mib / 1024) : fmt::format("{:.0f} MiB", mib);
}

}  // namespace sweep
