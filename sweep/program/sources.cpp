// See sources.h.
#include "sweep/program/sources.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "core/digest.h"
#include "core/files.h"
#include "core/suggest.h"
#include "core/utf8.h"
#include "sweep/program/source_rules.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr std::uintmax_t kLongestSweepFile = 1u << 20;

/// The folder made canonical, the name kept: a link to a file stays that link.
fs::path settled(const fs::path& file) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(file.parent_path(), error);
  return (error ? file.parent_path() : folder) / file.filename();
}

bool is_file(const fs::path& file) {
  std::error_code error;
  return fs::is_regular_file(file, error);
}

bool lies_under(const fs::path& file, const fs::path& folder) {
  const fs::path relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != ".." && relative != ".";
}

fs::path working_folder(const fs::path& folder) {
  std::error_code error;
  return fs::weakly_canonical(fs::absolute(folder, error), error);
}

// The path of a file under `working`, relative to it; nothing where `text` is something else.
std::optional<std::string> portable_path(const std::string& text, const fs::path& working) {
  if (!text.starts_with('/') || !is_file(text)) return {};
  const fs::path file = settled(text);
  return lies_under(file, working) ? std::optional(file.lexically_relative(working).string()) : std::nullopt;
}

class Finder {
 public:
  explicit Finder(const SourcesRequest& request) : request_(request), working_(working_folder(request.working_folder)) {
    sources_.command = portable_command(request.command, working_);
  }

  ProgramSources run() {
    const auto folder = program_folder();
    sources_.folder = folder.value_or(working_);
    if (folder) add_folder();
    add_named();
    for (auto& [path, file] : files_) sources_.files.push_back(std::move(file));
    if (sources_.files.empty())
      sources_.warnings.push_back({"command",
                                   "names no file under '" + working_.string() + "'",
                                   "changes of the program will not be noticed; add the key 'program' or 'inputs'",
                                   {}});
    return std::move(sources_);
  }

 private:
  /// The file under the working folder that an item names. A first item without a slash is looked for in PATH.
  std::optional<fs::path> named_file(std::size_t index, std::string_view text) const {
    if (text.empty() || text.size() > 4096 || (index == 0 && text.find('/') == text.npos)) return {};
    const fs::path file = working_ / fs::path(text);
    if (!is_file(file)) return {};
    return settled(file);
  }

  std::optional<fs::path> program_folder() const {
    if (!request_.program.empty()) {
      const fs::path file = working_ / request_.program;
      if (!is_file(file)) throw no_program(file);
      return settled(file).parent_path();
    }
    for (std::size_t i = 0; i < request_.command.size(); ++i) {
      const auto file = named_file(i, request_.command[i]);
      if (file && lies_under(*file, working_)) return file->parent_path();
      if (i > 0 && request_.command[i - 1] == "-m" && is_module(request_.command[i])) return working_;
    }
    return {};
  }

  bool is_module(std::string name) const {
    std::replace(name.begin(), name.end(), '.', '/');
    return is_file(working_ / (name + ".py")) || is_file(working_ / name / "__main__.py");
  }

  core::UserError no_program(const fs::path& file) const {
    std::error_code error;
    if (fs::is_directory(file, error))
      return core::UserError("program", "'" + request_.program + "' is a folder",
                             "name the file that is to be started");
    std::vector<std::string> names;
    for (fs::directory_iterator entry(file.parent_path(), error), end; !error && entry != end; entry.increment(error))
      names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    const auto nearest = core::nearest_word(file.filename().string(), names);
    return core::UserError(
        "program", "no file '" + request_.program + "' in '" + working_.string() + "'",
        nearest ? "did you mean '" + (fs::path(request_.program).parent_path() / *nearest).string() + "'?"
                : "paths of programs are relative to the folder where sweep is run");
  }

  void add_folder() {
    std::vector<std::string> candidates;
    std::uint64_t bytes = 0;
    for (std::string& path : list_files(sources_.folder, request_.runs_folder)) {
      if (!is_source(path)) continue;
      std::error_code error;
      const fs::path file = sources_.folder / path;
      if (!fs::is_regular_file(file, error)) continue;
      bytes += fs::file_size(file, error);
      candidates.push_back(std::move(path));
      if (candidates.size() > kMostSources || bytes > kMostSourceBytes)
        throw core::UserError(
            sources_.folder.string(),
            candidates.size() > kMostSources
                ? "holds more than " + std::to_string(kMostSources) + " source files"
                : "holds more than " + std::to_string(kMostSourceBytes >> 20) + " MiB of source files",
            "put the program into a folder of its own");
    }
    for (const std::string& path : candidates)
      if (const fs::path file = sources_.folder / path; !is_some_sweep_file(file)) add(file);
  }

  void add_named() {
    for (std::size_t i = 0; i < request_.command.size(); ++i) {
      const std::string& item = request_.command[i];
      const std::size_t equals = item.find('=');
      for (const auto& file :
           {named_file(i, item), equals == item.npos ? std::nullopt : named_file(1, item.substr(equals + 1))})
        if (file && (lies_under(*file, working_) || lies_under(*file, sources_.folder)) && !is_the_sweep_file(*file))
          add(*file);
    }
    if (!request_.program.empty()) add(settled(working_ / request_.program));
  }

  bool is_the_sweep_file(const fs::path& file) const {
    std::error_code error;
    return fs::equivalent(file, request_.sweep_file, error) && !error;
  }

  bool is_some_sweep_file(const fs::path& file) const {
    if (is_the_sweep_file(file)) return true;
    const std::string ending = file.extension().string();
    std::error_code error;
    if ((ending != ".yaml" && ending != ".yml") || fs::file_size(file, error) > kLongestSweepFile) return false;
    try {
      return is_sweep_file(core::read_file(file));
    } catch (const core::UserError&) {
      return false;
    }
  }

  void add(const fs::path& file) {
    const std::string path = path_text(file.lexically_relative(sources_.folder).string());
    if (files_.contains(path)) return;
    std::error_code error;
    SourceFile source{path, "unreadable", 0};
    try {
      source.sha256 = core::sha256_file(file);
      source.size = fs::file_size(file, error);
    } catch (const core::UserError&) {
    }
    files_[path] = std::move(source);
  }

  const SourcesRequest& request_;
  fs::path working_;
  ProgramSources sources_;
  std::map<std::string, SourceFile> files_;
};

}  // namespace

std::vector<std::string> portable_command(const std::vector<std::string>& command, const fs::path& folder) {
  const fs::path working = working_folder(folder);
  std::vector<std::string> items;
  for (const std::string& item : command) {
    const std::size_t equals = item.find('=');
    if (const auto whole = portable_path(item, working))
      items.push_back(*whole);
    else if (const auto value = equals == item.npos ? std::nullopt : portable_path(item.substr(equals + 1), working))
      items.push_back(item.substr(0, equals + 1) + *value);
    else
      items.push_back(item);
  }
  return items;
}

ProgramSources find_sources(const SourcesRequest& request) { return Finder(request).run(); }

std::string ProgramSources::digest() const {
  Json contents = Json::object(), items = Json::array();
  for (const SourceFile& file : files) contents[file.path] = file.sha256;
  for (const std::string& item : command) items.push_back(path_text(item));
  return core::sha256_hex(core::canonical_json({{"command", items}, {"files", contents}}));
}

Json ProgramSources::to_json() const {
  Json listed = Json::object(), items = Json::array();
  for (const SourceFile& file : files) listed[file.path] = {{"sha256", file.sha256}, {"size", file.size}};
  for (const std::string& item : command) items.push_back(path_text(item));
  return {{"command", items}, {"digest", digest()}, {"files", listed}, {"folder", path_text(folder.string())}};
}

ProgramSources ProgramSources::from_json(const Json& json, std::string_view place) {
  try {
    ProgramSources sources;
    sources.folder = path_bytes(json.at("folder").get<std::string>());
    for (const Json& item : json.at("command")) sources.command.push_back(path_bytes(item.get<std::string>()));
    for (const auto& [path, file] : json.at("files").items())
      sources.files.push_back({path, file.at("sha256").get<std::string>(), file.at("size").get<std::uint64_t>()});
    return sources;
  } catch (const Json::exception&) {
    throw core::UserError(std::string(place), "is no record of a program's sources");
  }
}

std::string path_text(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = core::utf8_length(bytes, at);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      ((text += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
      continue;
    }
    if (bytes[at] == '\\') text += '\\';
    text += bytes.substr(at, length);
    at += length;
  }
  return text;
}

std::string path_bytes(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x') {
      bytes += static_cast<char>(digit(text[at + 2]) << 4 | digit(text[at + 3]));
      at += 3;
    } else {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      bytes += text[at];
    }
  }
  return bytes;
}

}  // namespace sweep
