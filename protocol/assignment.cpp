// See assignment.h.
#include "protocol/assignment.h"

#include "core/error.h"

namespace protocol {
namespace {

constexpr char kDocument[] = "document";
constexpr char kEnvironment[] = "environment";

bool differs_by_trial(std::string_view name) {
  return name.starts_with("SWEEP_") && name != kEnvMarker && name != kEnvTrial && name != kEnvEvents;
}

}  // namespace

std::string Assignment::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Assignment Assignment::from_line(std::string_view line, std::string_view place) {
  const core::Json json = core::parse_json(line, std::string(place));
  if (!json.is_object() || !json.contains(kDocument) || !json.contains(kEnvironment) || !json[kEnvironment].is_object())
    throw core::UserError(std::string(place), "is no assignment",
                          R"(expected {"document": …, "environment": {…}} on one line)");
  Assignment assignment{TrialDocument::from_json(json[kDocument], place), {}};
  for (const auto& [name, value] : json[kEnvironment].items()) {
    if (!value.is_string()) throw core::UserError(std::string(place), "environment: " + name + " is no string");
    assignment.environment.emplace(name, value.get<std::string>());
  }
  return assignment;
}

// The document is JSON already: it is not read again.
std::string assignment_line(std::string_view document, const std::vector<std::string>& environment) {
  core::Json variables = core::Json::object();
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (equals != std::string::npos && differs_by_trial(name)) variables[name] = entry.substr(equals + 1);
  }
  while (document.ends_with('\n')) document.remove_suffix(1);
  return std::string(R"({"document":)").append(document) + R"(,"environment":)" + core::canonical_json(variables) +
         "}\n";
}

}  // namespace protocol
