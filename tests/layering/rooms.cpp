// The table of rooms and the check; see the header.
#include "tests/layering/rooms.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace layering {
namespace {

namespace fs = std::filesystem;

const char* const kOurFolders[] = {"core", "protocol", "kernels", "trainer", "sweep", "tests", "bench", "fuzz"};

/// Whether a row holds a path: FOLDER/…, or FOLDER.h and FOLDER.cpp where the row is a pair of files.
bool is_under(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || path[folder.size()] == '/' || path[folder.size()] == '.';
}

/// The row whose folder holds `path`; the deepest where several do.
const Room* room_of(std::string_view path) {
  const Room* deepest = nullptr;
  for (const Room& room : rooms())
    if (is_under(path, room.folder) && (!deepest || room.folder.size() > deepest->folder.size())) deepest = &room;
  return deepest;
}

void collect(std::string_view folder, std::set<std::string_view>& reached) {
  if (!reached.insert(folder).second) return;
  for (const Room& room : rooms())
    if (room.folder == folder)
      for (const std::string_view arrow : room.arrows) collect(arrow, reached);
}

/// The room itself and every room that its arrows lead to.
std::set<std::string_view> reach(const Room& room) {
  std::set<std::string_view> reached;
  collect(room.folder, reached);
  return reached;
}

std::string join(const auto& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? "nothing" : text;
}

bool is_ours(std::string_view target) {
  const std::string_view top = target.substr(0, target.find('/'));
  return top != target && std::find(std::begin(kOurFolders), std::end(kOurFolders), top) != std::end(kOurFolders);
}

std::optional<std::string> problem_with(const Room& room, const Include& include) {
  const std::string target = include.target;
  if (target.find("..") != target.npos) return "'" + target + "' climbs, write the path from the project's root";
  if (is_ours(target)) {
    const Room* other = room_of(target);
    if (other && reach(room).contains(other->folder)) return {};
    return std::string(room.folder) + " may not include '" + target + "', it may use " + join(reach(room));
  }
  for (const Restricted& rule : restricted_headers()) {
    const bool named =
        std::any_of(rule.headers.begin(), rule.headers.end(), [&](auto h) { return target.starts_with(h); });
    const bool allowed = std::find(rule.rooms.begin(), rule.rooms.end(), room.folder) != rule.rooms.end();
    if (named && !allowed)
      return std::string(room.folder) + " may not include '" + target + "', " + std::string(rule.reason);
  }
  return {};
}

/// One library of a room under sweep/: its sweep_room(NAME … LINKS sweep_OTHER …).
struct Library {
  std::string name;
  const Room* room;
  std::vector<std::string> links;
};

std::vector<Library> read_libraries(const fs::path& root) {
  static const std::regex declaration(R"(sweep_room\(\s*(\w+)([^)]*)\))");
  static const std::regex link(R"(\bsweep_(\w+)\b)");
  std::vector<Library> libraries;
  for (const Room& room : rooms()) {
    if (!room.folder.starts_with("sweep/")) continue;
    std::ostringstream stream;
    stream << std::ifstream(root / room.folder / "CMakeLists.txt").rdbuf();
    const std::string text = stream.str();
    for (std::sregex_iterator call(text.begin(), text.end(), declaration), end; call != end; ++call) {
      libraries.push_back({(*call)[1], &room, {}});
      const std::string arguments = (*call)[2];
      for (std::sregex_iterator name(arguments.begin(), arguments.end(), link); name != end; ++name)
        libraries.back().links.push_back((*name)[1]);
    }
  }
  return libraries;
}

bool is_unrestricted(const fs::path& path) {
  return *path.begin() == "tests" || *path.begin() == "bench" || *path.begin() == "fuzz";
}

}  // namespace

const std::vector<Room>& rooms() {
  static const std::vector<Room> table = {
      {"core", {}},
      {"protocol", {"core"}},
      {"kernels", {"core"}},
      {"trainer/data", {"core", "protocol"}},
      {"trainer/hyperparameters", {"kernels", "trainer/data"}},  // the words of a split
      {"trainer/nn", {"trainer/hyperparameters"}},
      {"trainer/optim", {"trainer/nn"}},
      {"trainer/checkpoint", {"core", "protocol"}},
      {"trainer/training", {"trainer/data", "trainer/optim", "trainer/checkpoint"}},
      {"trainer/locate", {"trainer/training"}},
      {"trainer", {"trainer/training", "trainer/locate"}},
      {"sweep/spec", {"core", "protocol"}},
      {"sweep/space", {"sweep/spec"}},
      {"sweep/search", {"sweep/space"}},
      {"sweep/study", {"core", "protocol"}},
      {"sweep/store", {"sweep/study"}},
      {"sweep/provenance", {"core", "protocol"}},
      {"sweep/gpus", {"sweep/provenance"}},
      {"sweep/launch", {"sweep/gpus"}},
      {"sweep/program", {"sweep/spec", "sweep/provenance"}},
      {"sweep/dispatch",
       {"sweep/launch", "sweep/store", "sweep/search", "sweep/study", "sweep/provenance", "sweep/program"}},
      {"sweep/rank", {"sweep/study"}},
      {"sweep/analysis", {"sweep/rank", "sweep/space"}},
      {"sweep/report", {"sweep/analysis"}},
      {"sweep/html", {"sweep/report"}},
      {"sweep/replay", {"sweep/dispatch"}},
      {"sweep/capsule", {"sweep/replay"}},
      {"sweep/exports", {"sweep/replay", "sweep/rank"}},
      {"sweep/commands", {"sweep/capsule", "sweep/exports", "sweep/html"}},
  };
  return table;
}

const std::vector<Restricted>& restricted_headers() {
  // provenance asks the libraries for their versions and for nothing else.
  static const std::vector<Restricted> table = {
      {{"cuda", "cublas", "cudnn", "nvrtc", "nvml", "curand", "cub/", "cooperative_groups"},
       {"kernels"},
       "the GPU is behind kernels/"},
      {{"boost/asio", "boost/process"},
       {"sweep/launch", "sweep/dispatch"},
       "only launch and dispatch wait for anything"},
      {{"boost/"}, {"sweep/launch", "sweep/dispatch", "sweep/provenance"}, "Boost is for processes and the loop"},
      {{"re2/"}, {"sweep/provenance", "sweep/spec"}, "patterns are matched in two places"},
      {{"sqlite3"}, {"sweep/store", "sweep/provenance"}, "only store knows SQL"},
      {{"yaml-cpp/"}, {"sweep/spec"}, "sweep files are read in one place"},
      {{"CLI/"}, {"sweep/commands"}, "flags are read in one place"},
      {{"zip.h"}, {"core"}, "there is one reader of archives, core/zip_reader.h"},
      {{"openssl/"}, {"core", "protocol", "sweep/provenance"}, "there is one hash, core/digest.h"},
      {{"random", "execution", "omp.h"}, {}, "its results depend on the library or on threads"},
      {{"assert.h", "cassert"}, {}, "use core::check, which holds in every build"},
      {{"chrono", "ctime", "time.h", "thread", "unistd.h", "sys/", "fstream"},
       {"core", "protocol", "kernels", "trainer/data", "trainer/checkpoint", "trainer/training", "trainer/locate",
        "trainer", "sweep/store", "sweep/provenance", "sweep/gpus", "sweep/program", "sweep/launch", "sweep/dispatch",
        "sweep/replay", "sweep/capsule", "sweep/exports", "sweep/commands"},
       "this room is a function of its inputs: no clock, no file, no process"},
  };
  return table;
}

std::vector<std::string> wrong_includes(const std::vector<SourceFile>& sources) {
  std::vector<std::string> findings;
  for (const SourceFile& source : sources) {
    if (is_unrestricted(source.path)) continue;
    const Room* room = room_of(source.path.generic_string());
    if (!room) {
      findings.push_back(source.path.generic_string() + ":1: lies in no room, give its folder a row in the table");
      continue;
    }
    for (const Include& include : source.includes)
      if (const auto problem = problem_with(*room, include))
        findings.push_back(source.path.generic_string() + ":" + std::to_string(include.line) + ": " + *problem);
  }
  return findings;
}

std::vector<std::string> wrong_links(const fs::path& root) {
  const std::vector<Library> libraries = read_libraries(root);
  std::vector<std::string> findings;
  for (const Library& library : libraries) {
    const std::set<std::string_view> reached = reach(*library.room);
    for (const std::string& link : library.links) {
      const auto other =
          std::find_if(libraries.begin(), libraries.end(), [&](const Library& l) { return l.name == link; });
      if (other != libraries.end() && reached.contains(other->room->folder)) continue;
      findings.push_back(std::string(library.room->folder) + "/CMakeLists.txt: sweep_" + library.name +
                         " links sweep_" + link + ", " + std::string(library.room->folder) + " may use " +
                         join(reached));
    }
  }
  return findings;
}

}  // namespace layering
