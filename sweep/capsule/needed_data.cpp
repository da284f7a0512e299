// See needed_data.h.
#include "sweep/capsule/needed_data.h"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "protocol/data_set.h"
#include "sweep/dispatch/transcript.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostShown = 1000;  // bytes of a place, which holds the name that a stranger gave the data

std::vector<fs::path> places(const protocol::DataSource& data, const fs::path& inside, const fs::path& given) {
  std::vector<fs::path> found;
  const fs::path name = data.name, last = name.has_filename() ? name.filename() : name.parent_path().filename();
  if (fs::exists(inside)) {
    found.push_back(inside);
    for (const auto& file : fs::directory_iterator(inside)) found.push_back(file.path());  // a set of one file
  } else if (!given.empty()) {
    found.push_back(given);
    if (name.is_relative()) found.push_back(given / name);
    if (found.back() != given / last) found.push_back(given / last);
  } else {
    if (name.is_relative()) found.push_back(name);
    found.push_back("data" / (name.is_relative() ? name : last));
    if (const char* folder = std::getenv("SWEEP_DATA"); folder != nullptr && *folder != '\0')
      found.push_back(fs::path(folder) / (name.is_relative() ? name : last));
  }
  return found;
}

// The digest of what lies there; in words, why there is none.
std::string look_at(const fs::path& place, const protocol::DataOptions& options, std::string& why) {
  try {
    return protocol::data_digest(protocol::locate_data(place.string(), options));
  } catch (const core::UserError& error) {
    why = error.problems().front().problem;
    return {};
  }
}

}  // namespace

protocol::DataSource find_needed_data(const core::Json& recorded, const fs::path& inside, const fs::path& given) {
  protocol::DataSource data = protocol::DataSource::from_json(recorded, "the record");
  if (protocol::is_builtin(data.name)) return data;
  std::string tried;
  for (const fs::path& place : places(data, inside, given)) {
    const std::string shown = printable_text(place.string(), kMostShown);
    if (!fs::exists(place)) {
      tried += "\n  " + shown + ": is not there";
      continue;
    }
    std::string why;
    const std::string digest = look_at(place, data.options, why);
    if (digest == data.sha256) {
      data.path = core::absolute_path(place).string();
      return data;
    }
    tried += "\n  " + shown + ": " + (digest.empty() ? printable_text(why, 300) : "has the digest " + digest);
  }
  throw core::UserError(
      {{"data " + printable_text(data.name, 200),
        fmt::format("is needed, with the digest {}", printable_text(data.sha256, 64)),
        "name it with --data PATH, or export with --with-data", tried.empty() ? tried : tried.substr(1)}});
}

}  // namespace sweep
