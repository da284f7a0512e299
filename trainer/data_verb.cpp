// See data_verb.h.
#include "trainer/data_verb.h"

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "core/json.h"
#include "protocol/outcome.h"
#include "trainer/data/dataset.h"
#include "trainer/data/split.h"
#include "trainer/nn/network.h"
#include "trainer/training/batches.h"
#include "trainer/training/open_trial.h"
#include "trainer/training/prepared_data.h"

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

// As the trial would, with nothing computed. Errors: UserError.
void try_config(const Json& config, Dataset& data, kernels::Context& context) {
  Hyperparameters wanted = parse_hyperparameters(config);
  settle_loss(wanted, data.task);
  if (data.task == Task::kText) set_context(data, wanted.context, "config.context");
  const Split split = split_dataset(data, wanted.split, wanted.validation_fraction, /*seed=*/0);
  check_augmentation(wanted.augmentation, data.task, data.image);
  const int outputs = data.task == Task::kRegression ? 1 : data.classes;
  const auto batch = std::min(static_cast<std::size_t>(wanted.batch_size), split.train.size());
  (void)Network(kernels::cpu_backend(), context, wanted, shape_of(data), outputs, static_cast<int>(batch));
}

Json problems_of(const Json& configs, Dataset& data) {
  const auto context = kernels::make_cpu_context(1);
  Json problems = Json::array();
  for (std::size_t trial = 0; trial < configs.size(); ++trial) try {
      try_config(configs[trial], data, *context);
    } catch (const core::UserError& error) {
      for (const core::Problem& problem : error.problems())
        problems.push_back(
            {{"trial", trial}, {"place", problem.place}, {"problem", problem.problem}, {"remedy", problem.remedy}});
    } catch (const kernels::OutOfMemory&) {  // the trial's own machine decides
    }
  return problems;
}

void print(const Json& json) { std::fputs((core::canonical_json(json) + "\n").c_str(), stdout); }

}  // namespace

int run_data_verb(const std::string& source, const std::string& options, const std::string& configs) try {
  const Json given = options.empty() ? Json::object() : core::parse_json(options, "options");
  const protocol::DataSet found = protocol::locate_data(source, protocol::DataOptions::from_json(given, "options"));
  Dataset data = load_dataset(found);
  Json about = describe(found, data);
  if (!configs.empty()) about["trials"] = problems_of(core::parse_json(configs, "configs"), data);
  print(about);
  return protocol::kTrainerCompleted;
} catch (const core::UserError& error) {
  Json problems = Json::array();
  for (const core::Problem& problem : error.problems())
    problems.push_back({{"place", problem.place}, {"problem", problem.problem}, {"remedy", problem.remedy}});
  print({{"problems", problems}});
  throw;
}

}  // namespace trainer
