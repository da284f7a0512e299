// Which files of a folder are a program's sources: the one table, by ending and by folder. docs/own-trainer.md shows
// it. Pure: looks at names, and at a text where it is given one.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace sweep {

/// Endings of files that count, lower case, without the dot.
std::span<const std::string_view> code_endings();
std::span<const std::string_view> configuration_endings();

/// Whether a folder of this name is never looked into: hidden ones, __pycache__, node_modules.
bool is_skipped_folder(std::string_view name);

/// Whether the file counts by its name: code anywhere, configuration except under a folder into which programs write
/// (outputs, lightning_logs, mlruns, multirun, wandb). Not in a skipped folder. `path` is relative, with slashes.
bool is_source(std::string_view path);

/// Whether trials left there what they made: it holds a store of ours, whether or not it is in use, or is an export.
bool holds_results(const std::filesystem::path& folder);

/// Whether the text is a sweep file: JSON or YAML with `method`, one of those that a sweep file may name, and an object
/// of `parameters` at its top.
bool is_sweep_file(std::string_view text);

/// The files under `folder` that could be sources, relative to it, in no order: git's list where it gives one, else a
/// walk. Nothing of skipped folders, of virtual environments and of `excluded`. Errors: UserError where a walk meets
/// more than two million entries.
std::vector<std::string> list_files(const std::filesystem::path& folder, const std::filesystem::path& excluded);

}  // namespace sweep
