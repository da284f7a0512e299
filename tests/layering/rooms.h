// Which room may include which, as one table (docs/architecture.md draws it), and the check of a tree against it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/layering/source_tree.h"

namespace layering {

/// A folder (or a pair of files, named without their ending) and the rooms that it may use directly. What those use it
/// may use too: an arrow reaches all the way down.
struct Room {
  std::string_view folder;
  std::vector<std::string_view> arrows;
};

/// Headers from outside that only some rooms may include. Tests and benchmarks may include any.
struct Restricted {
  std::vector<std::string_view> headers;  ///< each is a prefix of the header's name
  std::vector<std::string_view> rooms;    ///< who may; empty: nobody
  std::string_view reason;
};

const std::vector<Room>& rooms();
const std::vector<Restricted>& restricted_headers();

/// Every wrong include of the sources, each as `file:line: problem, what is allowed`; empty where all arrows are right.
std::vector<std::string> wrong_includes(const std::vector<SourceFile>& sources);

/// Every link between rooms in the CMakeLists.txt files under `root`/sweep that has no arrow in the table.
std::vector<std::string> wrong_links(const std::filesystem::path& root);

}  // namespace layering
