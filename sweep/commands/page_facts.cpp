// See page_facts.h.
#include "sweep/commands/page_facts.h"

#include <fmt/format.h>

#include "core/digest.h"
#include "core/plural.h"
#include "sweep/commands/output.h"

namespace sweep {
namespace {

using core::Json;

// The value at a path of names, or null.
Json at(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const char* name : path) {
    if (!here->is_object() || !here->contains(name)) return nullptr;
    here = &(*here)[name];
  }
  return *here;
}

// Lists and objects as one line.
std::string line_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_structured()) return core::canonical_json(json);
  std::string line;
  for (const auto& [name, value] : json.items()) {
    line += line.empty() ? "" : json.is_array() ? ", " : "; ";
    line += (json.is_array() ? "" : name + " ") + line_of(value);
  }
  return line;
}

void add(FactGroup& group, const std::string& name, const Json& value) {
  if (!value.is_null() && !(value.is_structured() && value.empty())) group.facts.push_back({name, line_of(value)});
}

FactGroup reproducibility(const SweepRecord& sweep) {
  FactGroup group{"What the results follow from", {}};
  add(group, "sweep", sweep.id);
  add(group, "search", sweep.method);
  add(group, "seed", sweep.seed);
  if (sweep.repeats > 1) add(group, "repeats", sweep.repeats);
  add(group, "sweep file, SHA-256", core::sha256_hex(sweep.text));
  add(group, "flags that changed it", sweep.overrides);
  add(group, "numerics", at(sweep.identity, {"numerics"}));
  add(group, "trainer", at(sweep.identity, {"trainer"}));
  if (!sweep.trainer_sha256.empty()) add(group, "trainer's program, SHA-256", sweep.trainer_sha256);
  add(group, "data", at(sweep.identity, {"data"}));
  add(group, "program's sources", at(sweep.program, {"sources", "digest"}));
  const Json commit = at(sweep.provenance, {"git", "commit"});
  if (commit.is_string()) {
    const bool dirty = at(sweep.provenance, {"git", "dirty"}) == Json(true);
    add(group, "commit", commit.get<std::string>() + (dirty ? ", with changes that were not committed" : ""));
    add(group, "changes, SHA-256", at(sweep.provenance, {"git", "difference_sha256"}));
  }
  return group;
}

FactGroup environment(const SweepRecord& sweep, bool with_host) {
  FactGroup group{"Where it ran", {}};
  const Json& provenance = sweep.provenance;
  add(group, "began", utc_text(sweep.created_ms));
  if (with_host) add(group, "host", at(provenance, {"host"}));
  const Json cpu = at(provenance, {"machine", "cpu", "model"}), cores = at(provenance, {"machine", "cpu", "cores"});
  if (cpu.is_string())
    add(group, "processor",
        cpu.get<std::string>() +
            (cores.is_number_unsigned() ? ", " + core::counted(cores.get<std::uint64_t>(), "core") : ""));
  const Json memory = at(provenance, {"machine", "memory_bytes"});
  if (memory.is_number()) add(group, "memory", fmt::format("{:.1f} GiB", memory.get<double>() / 1073741824.0));
  add(group, "GPUs", at(provenance, {"gpus"}));
  add(group, "system", at(provenance, {"machine", "os"}));
  add(group, "kernel", at(provenance, {"machine", "kernel"}));
  add(group, "sweep's version", at(provenance, {"build", "version"}));
  add(group, "sweep's commit", at(provenance, {"build", "git_commit"}));
  add(group, "compiler", at(provenance, {"build", "compiler"}));
  add(group, "compiler's flags", at(provenance, {"build", "flags"}));
  add(group, "libraries", at(provenance, {"libraries"}));
  add(group, "variables", at(provenance, {"variables"}));
  add(group, "command line", at(provenance, {"command_line"}));
  return group;
}

}  // namespace

std::vector<FactGroup> facts_of(const SweepRecord& sweep, bool with_host) {
  return {reproducibility(sweep), environment(sweep, with_host)};
}

}  // namespace sweep
