// The table; see source_rules.h.
#include "sweep/program/source_rules.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/json.h"

namespace sweep {
namespace {

// Not here, since they are data or output: json, csv, txt, md, log, weights. `inputs` covers what matters of those.
constexpr std::string_view kCode[] = {
    "asm",  "awk",   "bash", "bat", "c",   "cc",  "cjs",  "clj", "cmake", "cmd", "cpp",   "cs",    "cu",  "cuh",
    "cxx",  "d",     "erl",  "ex",  "exs", "f",   "f03",  "f08", "f90",   "f95", "fs",    "go",    "h",   "hh",
    "hip",  "hpp",   "hs",   "hxx", "inc", "inl", "ipp",  "jar", "java",  "jl",  "js",    "jsx",   "kt",  "kts",
    "lua",  "m",     "mjs",  "mk",  "ml",  "mli", "mm",   "nim", "php",   "pl",  "pm",    "proto", "ps1", "pxd",
    "pxi",  "py",    "pyd",  "pyi", "pyx", "r",   "rb",   "rs",  "s",     "sc",  "scala", "sh",    "so",  "sql",
    "stan", "swift", "tcl",  "ts",  "tsx", "vb",  "wasm", "zig", "zsh"};
constexpr std::string_view kConfiguration[] = {"cfg",       "conf", "gin",  "ini", "jsonnet",
                                               "libsonnet", "toml", "yaml", "yml"};
constexpr std::string_view kWritten[] = {"lightning_logs", "mlruns", "multirun", "outputs", "wandb"};

template <std::size_t n>
bool holds(const std::string_view (&words)[n], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string ending(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return {};
  std::string text(name.substr(dot + 1));
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// A line of YAML that begins with the key, bare or in quotes.
bool has_yaml_key(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    const char quote = line.empty() ? '\0' : line.front();
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) line.remove_prefix(1);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (quoted && !line.empty() && line.front() == quote) line.remove_prefix(1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (!line.empty() && line.front() == ':') return true;
  }
  return false;
}

}  // namespace

std::span<const std::string_view> code_endings() { return kCode; }
std::span<const std::string_view> configuration_endings() { return kConfiguration; }

bool is_skipped_folder(std::string_view name) {
  return name.starts_with('.') || name == "__pycache__" || name == "node_modules";
}

bool is_source(std::string_view path) {
  bool written = false;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    const std::string_view folder = path.substr(0, slash);
    if (is_skipped_folder(folder) && folder != "..") return false;
    written = written || holds(kWritten, folder);
    path.remove_prefix(slash + 1);
  }
  const std::string end = ending(path);
  return holds(kCode, end) || (!written && holds(kConfiguration, end));
}

bool is_sweep_file(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return false;
  if (text[first] == '{') {
    const core::Json json = core::Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return json.is_object() && json.contains("method") && json.contains("parameters");
  }
  return has_yaml_key(text, "method") && has_yaml_key(text, "parameters");
}

}  // namespace sweep
