// See data.h.
#include "sweep/dispatch/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "protocol/data_set.h"

namespace sweep {

namespace fs = std::filesystem;

protocol::DataSource find_data(const std::string& name, const protocol::DataOptions& options,
                               const fs::path& sweep_file, core::KnownDigests& digests) {
  if (protocol::is_builtin(name))
    return {name, "", protocol::data_digest(protocol::locate_data(name, options)), options};
  std::vector<fs::path> places;
  if (fs::path(name).is_absolute()) {
    places.push_back(name);
  } else {
    places.push_back(core::absolute_path(sweep_file).parent_path() / name);
    places.push_back(core::absolute_path(fs::path("data") / name));
    if (const char* folder = std::getenv("SWEEP_DATA"); folder != nullptr && *folder != '\0')
      places.push_back(core::absolute_path(fs::path(folder) / name));
  }
  const auto found =
      std::find_if(places.begin(), places.end(), [](const fs::path& place) { return fs::exists(place); });
  const protocol::KnownData* known = protocol::find_known_data(name);
  if (found == places.end()) {
    std::string tried;
    for (const fs::path& place : places) tried += (tried.empty() ? "" : ", ") + place.string();
    throw core::UserError({{"data " + name, "is not at " + tried, "put it there, or name its folder in SWEEP_DATA",
                            known ? protocol::wanted_files(*known) : std::string()}});
  }
  const protocol::DataSet data = protocol::locate_data(found->string(), options);
  if (known) protocol::check_published(*known, data, digests);
  return {name, core::absolute_path(*found).string(), protocol::data_digest(data, digests), options};
}

std::optional<protocol::DataSource> find_recorded_data(const SweepRecord& record, core::KnownDigests& known) {
  if (record.data.is_null()) return std::nullopt;
  const auto recorded = protocol::DataSource::from_json(record.data, "the record of sweep " + record.id);
  const bool still_there = recorded.path.empty() || fs::exists(recorded.path);
  protocol::DataSource found = find_data(still_there && !recorded.path.empty() ? recorded.path : recorded.name,
                                         recorded.options, record.file, known);
  found.name = recorded.name;
  if (found.sha256 != recorded.sha256)
    throw core::UserError(
        "data " + recorded.name,
        fmt::format("has changed: its digest is {}, and that of the sweep's data {}", found.sha256, recorded.sha256),
        fmt::format("put the data back to {} or run a new sweep",
                    recorded.path.empty() ? recorded.name : recorded.path));
  return found;
}

}  // namespace sweep
