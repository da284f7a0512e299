// See data_verb.h.
#include "trainer/data_verb.h"

#include <cstdio>

#include "core/error.h"
#include "core/json.h"
#include "protocol/outcome.h"
#include "trainer/data/dataset.h"

namespace trainer {
namespace {

using core::Json;

constexpr std::size_t kNamesShown = 100;

const char* name(Task task) {
  switch (task) {
    case Task::kClassification:
      return protocol::kTaskClassification;
    case Task::kRegression:
      return protocol::kTaskRegression;
    case Task::kText:
      return "text";
  }
  return "";
}

Json describe(const protocol::DataSet& source, const Dataset& data) {
  Json json = {{"sha256", protocol::data_digest(source)}, {"task", name(data.task)}};
  if (data.task == Task::kText) {
    json["characters"] = data.train.tokens.size();
    json["vocabulary"] = data.vocabulary.size();
    if (data.test) json["test_characters"] = data.test->tokens.size();
    return json;
  }
  json["samples"] = data.train.count();
  json["features"] = data.train.features;
  if (data.test) json["test_samples"] = data.test->count();
  if (data.task == Task::kClassification) json["classes"] = data.classes;
  if (!data.class_names.empty() && data.class_names.size() <= kNamesShown) json["class_names"] = data.class_names;
  if (data.image) json["image"] = {data.height, data.width, data.channels};
  if (!data.held_out.indices.empty()) json["validation_indices"] = data.held_out.indices.size();
  return json;
}

void print(const Json& json) { std::fputs((core::canonical_json(json) + "\n").c_str(), stdout); }

}  // namespace

int run_data_verb(const std::string& source, const std::string& options) try {
  const Json given = options.empty() ? Json::object() : core::parse_json(options, "options");
  const protocol::DataSet found = protocol::locate_data(source, protocol::DataOptions::from_json(given, "options"));
  print(describe(found, load_dataset(found)));
  return protocol::kTrainerCompleted;
} catch (const core::UserError& error) {
  Json problems = Json::array();
  for (const core::Problem& problem : error.problems())
    problems.push_back({{"place", problem.place}, {"problem", problem.problem}, {"remedy", problem.remedy}});
  print({{"problems", problems}});
  throw;
}

}  // namespace trainer
