// The table; see source_rules.h.
#include "sweep/program/source_rules.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "core/json.h"
#include "sweep/spec/spec.h"

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

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

// Without a comment, and without quotes.
std::string_view yaml_word(std::string_view text) {
  for (std::size_t at = text.find('#'); at != text.npos; at = text.find('#', at + 1))
    if (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t') text = text.substr(0, at);
  text = trimmed(text);
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// What stands behind the key, bare or in quotes, of a line of YAML that begins with it: to the text's end.
std::optional<std::string_view> behind_yaml_key(std::string_view text, std::string_view key) {
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    const char quote = line.empty() ? '\0' : line.front();
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) line.remove_prefix(1);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (quoted && !line.empty() && line.front() == quote) line.remove_prefix(1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (!line.empty() && line.front() == ':')
      return text.substr(static_cast<std::size_t>(line.data() - text.data()) + 1);
  }
  return {};
}

// Whether a value of YAML is an object: in braces or an anchored one, or a block of keys on the lines below.
bool is_yaml_object(std::string_view text) {
  std::string_view first = yaml_word(text.substr(0, text.find('\n')));
  if (!first.empty() && first.front() != '&' && first.front() != '!')
    return first.front() == '{' || first.front() == '*';
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    if (const std::string_view word = yaml_word(line); !word.empty()) return line.front() == ' ' && word.front() != '-';
  }
  return false;
}

// bayes and custom are known and refused: such a file is one all the same.
bool is_method(std::string_view word) {
  return word == name(Method::kGrid) || word == name(Method::kRandom) || word == "bayes" || word == "custom";
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
    if (!json.is_object() || !json.contains("method") || !json.contains("parameters")) return false;
    const core::Json& method = json.at("method");
    return method.is_string() && is_method(method.get_ref<const std::string&>()) && json.at("parameters").is_object();
  }
  const auto method = behind_yaml_key(text, "method"), parameters = behind_yaml_key(text, "parameters");
  return method && parameters && is_method(yaml_word(method->substr(0, method->find('\n')))) &&
         is_yaml_object(*parameters);
}

}  // namespace sweep
