// sweep list: the sweeps in the store, oldest first: which one runs, how far each is, its best value.
#include <fmt/format.h>

#include "core/utf8.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/verbs.h"
#include "sweep/report/display.h"
#include "sweep/store/store.h"

namespace sweep {
namespace {

using core::Json;

// A sweep and whoever runs it.
struct Listed {
  SweepOverview sweep;
  std::optional<Holder> holder;

  SweepState state() const { return state_of(sweep, holder.has_value()); }
};

std::vector<Listed> look(const Globals& globals) {
  std::vector<Listed> all;
  const Store store = open_store(globals);
  const auto turn = store.take_turn();
  for (SweepOverview& sweep : read_overviews(store)) {
    const auto controller = Controller::of_sweep(globals.runs, sweep.id);
    all.push_back({std::move(sweep), controller ? std::optional(controller->holder()) : std::nullopt});
  }
  return all;
}

// Outcomes of those that ended, and what of the rest runs or waits.
Json outcomes_json(const Listed& listed) {
  Json outcomes = listed.sweep.outcomes;
  if (outcomes.is_null()) outcomes = Json::object();
  const std::uint64_t running = listed.holder ? listed.sweep.running.size() : 0;
  const std::uint64_t left = listed.sweep.wanted - std::min(listed.sweep.wanted, listed.sweep.ended);
  if (running > 0) outcomes["running"] = running;
  if (left > running) outcomes["waiting"] = left - running;
  return outcomes;
}

Json sweep_json(const Listed& listed) {
  const SweepOverview& sweep = listed.sweep;
  const auto completed = sweep.outcomes.find("completed");
  Json json = {
      {"id", sweep.id},
      {"name", sweep.name},
      {"file", core::valid_utf8(sweep.file)},  // a path may be any bytes
      {"method", sweep.method},
      {"seed", sweep.seed},
      {"metric", sweep.metric ? sweep.metric->to_json() : Json()},
      {"state", std::string(name(listed.state()))},
      {"controller", listed.holder ? Json{{"pid", listed.holder->pid}, {"host", listed.holder->host}} : Json()},
      {"trials", sweep.trials},
      {"wanted", sweep.wanted},
      {"ended", sweep.ended},
      {"running", listed.holder ? sweep.running.size() : 0},
      {"completed", completed == sweep.outcomes.end() ? 0 : completed->second},
      {"outcomes", outcomes_json(listed)},
      {"best", nullptr},
      {"created_ms", sweep.created_ms},
      {"active_ms", sweep.active_ms}};
  if (sweep.best)
    json["best"] = {{"trial", sweep.best->trial}, {"index", sweep.best->index}, {"value", sweep.best->value}};
  if (sweep.repeats > 1) json["repeats"] = sweep.repeats;
  const bool has_target = sweep.metric && sweep.target;
  if (has_target) json["target"] = {{"metric", sweep.metric->name}, {"value", *sweep.target}};
  if (sweep.max_failures) json["max_failures"] = *sweep.max_failures;
  if (!has_target && !sweep.max_failures) return json;
  json["ended_at"] = sweep.bound && sweep.finished() ? Json(*sweep.bound) : Json();
  json["surplus"] = sweep.surplus;
  return json;
}

// "running (process 123)"; of one on another host its name as well.
std::string state_text(const Listed& listed) {
  std::string text(name(listed.state()));
  if (listed.holder) text += " (" + listed.holder->words() + ")";
  return printable(text, 48);
}

std::vector<std::string> sweep_line(const Listed& listed) {
  const SweepOverview& sweep = listed.sweep;
  return {sweep.id,
          sweep.name.empty() ? "-" : printable(sweep.name, 32),
          state_text(listed),
          std::to_string(sweep.ended) + "/" + std::to_string(sweep.wanted),
          sweep.method,
          sweep.metric ? printable(sweep.metric->name, 32) : "-",
          sweep.best ? rounded(sweep.best->value, 6) : "-",
          sweep.best ? sweep.best->trial : "-",
          utc_text(sweep.created_ms),
          utc_text(sweep.active_ms)};
}

int list(const Globals& globals) {
  const std::vector<Listed> all = look(globals);
  if (globals.json) {
    Json json = {{"sweeps", Json::array()}};
    for (const Listed& listed : all) json["sweeps"].push_back(sweep_json(listed));
    print_json(json);
    return protocol::kExitOk;
  }
  if (all.empty()) {
    print("no sweeps yet\n");
    return protocol::kExitOk;
  }
  std::vector<std::vector<std::string>> lines = {
      {"sweep", "name", "state", "ended", "method", "metric", "best", "trial", "started", "last active"}};
  for (const Listed& listed : all) lines.push_back(sweep_line(listed));
  constexpr Align l = Align::kLeft;
  print(aligned(lines, {l, l, l, Align::kRight, l, l, Align::kPoint, l, l, l}));
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_list(CLI::App&, Globals& globals) {
  return [&globals] { return list(globals); };
}

}  // namespace sweep
