// See locate.h.
#include "sweep/replay/locate.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "sweep/replay/trainer_lines.h"

namespace sweep {
namespace {

using core::Json;

constexpr char kVerb[] = "sweep-trainer locate";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

// Whether a line's fingerprints are those that the record has of the step.
bool as_recorded(const Json& line, const TrialRecord& record, std::uint64_t step) {
  const protocol::Trace* trace = record.trace_at(step);
  if (!trace) return false;
  const std::size_t row = step - trace->from, tensors = trace->tensors.size();
  Json weights = Json::array();
  for (std::size_t i = 0; i < tensors; ++i) weights.push_back(hex(trace->weights[row * tensors + i]));
  return line.at("batch") == hex(trace->batch[row]) && line.at("weights") == weights;
}

// The first recorded trace events, up to the step behind `step`.
std::string event_lines(const TrialRecord& record, std::uint64_t step) {
  std::string text;
  std::uint64_t seq = 0;
  for (const auto& [from, trace] : record.traces) {
    if (from > step + 1) break;
    protocol::Event event;
    event.seq = seq++;
    event.body = trace;
    text += event.line() + "\n";
  }
  return text;
}

Located not_located(std::string why) {
  Located located;
  located.unavailable = std::move(why);
  return located;
}

void read_place(Located& located, const Json& place) {
  located.step = place.at("step").get<std::uint64_t>();
  located.reproduced = place.at("reproduced").get<bool>();
  if (located.reproduced) return;
  located.first_step = place.at("first_step").get<std::uint64_t>();
  located.epoch = place.at("epoch").get<std::uint64_t>();
  located.batch = place.at("batch").get<bool>();
  located.differing = place.at("tensors").get<std::vector<std::string>>();
  located.same = place.at("same").get<std::vector<std::string>>();
}

void read_line(Located& located, const Json& line, const TrialRecord& record) {
  if (const auto place = line.find("located"); place != line.end()) return read_place(located, *place);
  if (const auto tried = line.find("tried"); tried != line.end()) {
    located.tried = tried->get<std::uint64_t>();
    return;
  }
  if (const auto untried = line.find("untried"); untried != line.end()) {
    located.untried.push_back({untried->at("kind").get<std::string>(), untried->at("why").get<std::string>()});
    return;
  }
  if (!line.at("proven").get<bool>() || !as_recorded(line, record, located.step)) return;
  const Json& later = line.at("explains_later");
  located.proven.push_back({line.at("kind").get<std::string>(), line.at("hypothesis").get<std::string>(),
                            line.at("scope").get<std::string>(), later.is_null() || later.get<bool>(),
                            line.at("detail")});
}

std::string place_line(const Located& located) {
  const std::string step = located.first_step == located.step
                               ? fmt::format("step {} (epoch {})", located.step, located.epoch)
                               : fmt::format("a step from {} to {}, which alone has recorded fingerprints",
                                             located.first_step, located.step);
  const std::size_t all = located.differing.size() + located.same.size();
  std::string weights;
  if (located.same.empty())
    weights = fmt::format("the weights of all {} tensors", all);
  else if (!located.differing.empty())
    weights =
        fmt::format("the weights of {} ({} of {} tensors)", joined(located.differing), located.differing.size(), all);
  if (!located.batch) return fmt::format("located: {}: the batch is as recorded; {} differ", step, weights);
  return fmt::format("located: {}: the batch differs first{}", step,
                     weights.empty() ? "" : ", and after it " + weights);
}

}  // namespace

std::vector<std::string> Located::lines() const {
  if (!unavailable.empty()) return {"not located: " + unavailable};
  if (reproduced)
    return {
        fmt::format("located: step {} has the recorded fingerprints when it is trained again: the replay, not the "
                    "record, differs; run it once more, and sweep doctor",
                    step)};
  std::vector<std::string> text = {place_line(*this)};
  std::size_t shown = 0;
  for (const Proof& proof : proven)
    text.push_back(fmt::format("{}: {}, {}{}", shown++ == 0 ? "proven" : "proven as well", proof.text, proof.scope,
                               proof.explains_later ? "" : "; the step behind it is not explained by it"));
  if (proven.empty()) text.push_back(fmt::format("not explained: none of {} hypotheses gives the record", tried));
  for (const Untried& one : untried) text.push_back("not tried: " + one.why);
  if (proven.empty()) text.push_back("two programs are compared tensor by tensor with --against BINARY");
  return text;
}

Json Located::to_json() const {
  if (!unavailable.empty()) return {{"unavailable", unavailable}};
  Json json = {{"step", step},   {"first_step", first_step}, {"epoch", epoch}, {"reproduced", reproduced},
               {"batch", batch}, {"tensors", differing},     {"same", same},   {"tried", tried}};
  json["proven"] = Json::array();
  for (const Proof& proof : proven)
    json["proven"].push_back({{"kind", proof.kind},
                              {"text", proof.text},
                              {"scope", proof.scope},
                              {"explains_later", proof.explains_later},
                              {"detail", proof.detail}});
  json["untried"] = Json::array();
  for (const Untried& one : untried) json["untried"].push_back({{"kind", one.kind}, {"why", one.why}});
  return json;
}

Located read_located(const std::vector<Json>& lines, const TrialRecord& record) try {
  Located located;
  for (const Json& line : lines) read_line(located, line, record);
  if (located.step == 0) throw core::EnvironmentError(kVerb, "said nothing of a step");
  std::stable_partition(located.proven.begin(), located.proven.end(),
                        [](const Proof& proof) { return proof.explains_later; });
  return located;
} catch (const Json::exception& error) {
  throw core::EnvironmentError(kVerb, std::string("answers otherwise than this version reads: ") + error.what());
}

Located locate_difference(const LocateRequest& request, const TrialRecord& record, const Difference& difference) {
  if (!request.trainer)
    return not_located(
        "the trial is of a program of your own: what it computes in a step is known to it alone; fingerprint events "
        "say where to look");
  if (record.traces.empty())
    return not_located("the record holds no fingerprints (\"trace\": \"off\"): only the metrics can be compared");
  if (difference.kind != Difference::Kind::kBatch && difference.kind != Difference::Kind::kWeights)
    return not_located(fmt::format(
        "every recorded step has the same batch and weights; {} alone differs. --against BINARY names the tensor",
        difference.what));
  if (!record.trace_at(difference.step))
    return not_located(fmt::format("the record holds no fingerprints of step {}", difference.step));
  check_traces(*request.trainer);
  const std::filesystem::path document = write_document(request.document, request.folder);
  const std::filesystem::path events = request.folder / "recorded.jsonl";
  core::write_file_durably(events, event_lines(record, difference.step), 0644);
  return read_located(
      trainer_lines(*request.trainer, {"locate", document.string(), events.string(), std::to_string(difference.step)}),
      record);
}

}  // namespace sweep
