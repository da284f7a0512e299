// See gpu_text.h.
#include "sweep/gpus/gpu_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <string_view>

namespace sweep {
namespace {

constexpr std::size_t kMostQuoted = 200;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

// Foreign text goes into JSON and onto terminals.
std::string plain(std::string text) {
  for (char& c : text)
    if (c < 0x20 || c > 0x7E) c = '?';
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!trimmed(line).empty()) lines.push_back(plain(line.substr(0, line.find('\r'))));
  return lines;
}

// `count` fields between commas; the last one takes the rest.
std::vector<std::string> fields_of(const std::string& line, std::size_t count) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (fields.size() + 1 < count) {
    const std::size_t comma = line.find(',', at);
    if (comma == line.npos) break;
    fields.push_back(trimmed(std::string_view(line).substr(at, comma - at)));
    at = comma + 1;
  }
  fields.push_back(trimmed(std::string_view(line).substr(at)));
  return fields;
}

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// What stands for a figure that there is not; anything else that is no number is an error of the GPU.
bool says_nothing(const std::string& text) {
  constexpr std::array<std::string_view, 6> kWords = {
      "", "N/A", "[N/A]", "[Not Supported]", "[Not Found]", "[Insufficient Permissions]"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

template <class Number>
std::optional<Number> figure(const char* name, const std::string& text, std::string& problem) {
  const std::optional<Number> number = number_of<Number>(text);
  if (!number && !says_nothing(text) && problem.empty()) problem = std::string(name) + ": " + text;
  return number;
}

std::string known_word(const std::string& text) { return says_nothing(text) ? std::string() : text; }

// "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5f3c…)" or "  MIG 1g.5gb     Device  0: (UUID: MIG-…)".
struct ListLine {
  bool is_instance = false;
  std::string number, name, uuid;
};

std::optional<ListLine> read_list_line(const std::string& text) {
  const std::string line = trimmed(text);
  constexpr std::string_view kUuid = "(UUID: ", kDevice = " Device ";
  ListLine read;
  const std::size_t uuid = line.rfind(kUuid), close = line.rfind(')');
  if (uuid == line.npos || close == line.npos || close < uuid + kUuid.size()) return std::nullopt;
  read.uuid = trimmed(std::string_view(line).substr(uuid + kUuid.size(), close - uuid - kUuid.size()));
  read.is_instance = line.starts_with("MIG ");
  if (!read.is_instance && !line.starts_with("GPU ")) return std::nullopt;
  const std::size_t number = read.is_instance ? line.find(kDevice) : 3;
  if (number == line.npos) return std::nullopt;
  const std::size_t begin = read.is_instance ? number + kDevice.size() : number;
  const std::size_t colon = line.find(':', begin);
  if (colon == line.npos || colon > uuid) return std::nullopt;
  read.number = trimmed(std::string_view(line).substr(begin, colon - begin));
  read.name = trimmed(read.is_instance ? std::string_view(line).substr(0, number)
                                       : std::string_view(line).substr(colon + 1, uuid - colon - 1));
  if (!number_of<int>(read.number) || read.uuid.empty()) return std::nullopt;
  return read;
}

}  // namespace

std::vector<Gpu> read_gpu_list(const std::string& text) {
  std::vector<Gpu> gpus;
  std::optional<ListLine> card;
  bool card_listed = false;  // the last one of `gpus` is the card itself
  for (const std::string& line : lines_of(text)) {
    const auto read = read_list_line(line);
    if (!read || (read->is_instance && !card)) continue;
    if (!read->is_instance) {
      card = read;
      gpus.push_back({.uuid = read->uuid, .number = read->number, .model = read->name, .card = read->uuid});
    } else {
      if (card_listed) gpus.pop_back();
      gpus.push_back({.uuid = read->uuid,
                      .number = card->number + ":" + read->number,
                      .model = card->name + " " + read->name,
                      .card = card->uuid});
    }
    card_listed = !read->is_instance;
  }
  return gpus;
}

std::size_t read_figures(const std::string& text, std::vector<Gpu>& gpus) {
  std::size_t found = 0;
  for (const std::string& line : lines_of(text)) {
    const std::vector<std::string> fields = fields_of(line, 7);
    if (fields.size() < 7) continue;
    for (Gpu& gpu : gpus) {
      if (gpu.card != fields[0]) continue;
      ++found;
      gpu.problem.clear();
      gpu.driver = known_word(fields[1]);
      gpu.compute_capability = known_word(fields[2]);
      const auto total = figure<double>("memory.total", fields[3], gpu.problem);
      const auto used = figure<double>("memory.used", fields[4], gpu.problem);
      const auto busy = figure<int>("utilization.gpu", fields[5], gpu.problem);
      if (gpu.is_instance()) continue;
      gpu.memory_mib = total;
      gpu.used_mib = used;
      gpu.busy_percent = busy;
      if (fields[6] == "Enabled" && gpu.problem.empty()) gpu.problem = "it is in MIG mode and has no instance";
    }
  }
  return found;
}

std::vector<GpuProcess> read_processes(const std::string& text) {
  std::vector<GpuProcess> processes;
  for (const std::string& line : lines_of(text)) {
    const std::vector<std::string> fields = fields_of(line, 4);
    const auto pid = fields.size() < 2 ? std::nullopt : number_of<int>(fields[1]);
    if (!pid) continue;
    GpuProcess process{.gpu = fields[0], .pid = *pid};
    if (fields.size() > 2) process.mib = number_of<double>(fields[2]);
    if (fields.size() > 3 && !says_nothing(fields[3])) process.name = fields[3].substr(fields[3].rfind('/') + 1);
    processes.push_back(std::move(process));
  }
  return processes;
}

std::string first_line(const std::string& text) {
  const std::vector<std::string> lines = lines_of(text);
  return lines.empty() ? std::string() : trimmed(lines.front()).substr(0, kMostQuoted);
}

}  // namespace sweep
