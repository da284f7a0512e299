// See against.h.
#include "sweep/replay/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/ulp.h"
#include "sweep/replay/trainer_lines.h"
#include "sweep/replay/verdict.h"

namespace sweep {
namespace {

using core::Json;

// Steps are compared in windows, each begun anew from the seed: most programs part at once.
constexpr std::array<std::uint64_t, 2> kFirstWindows{16, 1024};
constexpr std::size_t kMostTensorBytes = std::size_t{8} << 30;

std::string value_text(std::uint32_t bits, bool is_float) {
  if (!is_float) return std::to_string(static_cast<std::int32_t>(bits));
  return fmt::format("{}, bits {:08x}", number_text(std::bit_cast<float>(bits)), bits);
}

bool same_value(std::uint32_t a, std::uint32_t b, bool is_float) {
  const auto is_nan = [](std::uint32_t bits) { return (bits & 0x7fffffffu) > 0x7f800000u; };
  return a == b || (is_float && is_nan(a) && is_nan(b));
}

std::vector<std::uint32_t> read_bits(const std::filesystem::path& file) {
  const std::string bytes = core::read_file(file, kMostTensorBytes);
  std::vector<std::uint32_t> bits(bytes.size() / sizeof(std::uint32_t));
  std::memcpy(bits.data(), bytes.data(), bits.size() * sizeof(std::uint32_t));
  return bits;
}

class TwoPrograms {
 public:
  TwoPrograms(const AgainstRequest& request, const TrialRecord& record)
      : request_(request), record_(record), document_(write_document(request.document, request.folder).string()) {
    check_traces(request.here);
    check_traces(request.there);
  }

  Against compare() {
    Against result;
    result.here = request_.here.executable.string();
    result.there = request_.there.executable.string();
    const std::optional<std::uint64_t> step = first_different_step(result.steps);
    const std::uint64_t shown = step.value_or(std::max<std::uint64_t>(result.steps, 1));
    const std::vector<Json> here = tensors(request_.here, shown);
    result.tensors = here.size() - 1;
    if (step) result.parting = part(*step, here, tensors(request_.there, *step));
    return result;
  }

 private:
  std::vector<Json> digests(const BuiltinTrainer& trainer, std::uint64_t first, std::uint64_t last) const {
    return trainer_lines(trainer, {"trace", document_, std::to_string(first), std::to_string(last)});
  }
  // One line for each, and one of the step.
  std::vector<Json> tensors(const BuiltinTrainer& trainer, std::uint64_t step) const {
    std::vector<Json> lines = trainer_lines(trainer, {"trace", document_, std::to_string(step)});
    if (lines.empty() || !lines.back().contains("weights"))
      throw core::EnvironmentError(trainer.executable.string(), "traces a step otherwise than this version reads");
    return lines;
  }

  std::optional<std::uint64_t> first_different_step(std::uint64_t& compared) const {
    std::uint64_t first = 1;
    std::vector<std::uint64_t> ends(kFirstWindows.begin(), kFirstWindows.end());
    ends.push_back(request_.last_step);
    for (const std::uint64_t end : ends) {
      const std::uint64_t last = std::min(end, request_.last_step);
      if (first > last) continue;
      const std::vector<Json> here = digests(request_.here, first, last), there = digests(request_.there, first, last);
      for (std::size_t i = 0; i < std::min(here.size(), there.size()); ++i, ++compared)
        if (here[i] != there[i]) return first + i;
      if (here.size() != there.size()) return first + std::min(here.size(), there.size());
      first = last + 1;
    }
    return std::nullopt;
  }

  Parting part(std::uint64_t step, const std::vector<Json>& here, const std::vector<Json>& there) const {
    Parting parting;
    parting.step = step;
    parting.record = whose_record(step, here.back(), there.back());
    for (std::size_t i = 0; i + 1 < std::min(here.size(), there.size()); ++i) {
      if (here[i] == there[i]) continue;
      fill(parting, here[i], there[i]);
      return parting;
    }
    parting.tensor = "the end of the step";
    parting.other_shape = "another number of tensors";
    return parting;
  }

  void fill(Parting& parting, const Json& here, const Json& there) const {
    parting.tensor = here.at("tensor").get<std::string>();
    parting.rows = here.at("rows").get<std::size_t>();
    parting.columns = here.at("columns").get<std::size_t>();
    for (const char* field : {"tensor", "rows", "columns", "type"})
      if (here.at(field) != there.at(field)) {
        parting.other_shape =
            fmt::format("{} of {} by {}", there.at("tensor").get<std::string>(), core::canonical_json(there.at("rows")),
                        core::canonical_json(there.at("columns")));
        return;
      }
    const bool is_float = here.at("type") == "float";
    const std::vector<std::uint32_t> a = values(request_.here, parting, "here.bin");
    const std::vector<std::uint32_t> b = values(request_.there, parting, "there.bin");
    for (std::size_t e = std::min(a.size(), b.size()); e-- > 0;)
      if (!same_value(a[e], b[e], is_float)) {
        ++parting.differing;
        parting.element = e;
      }
    if (parting.differing == 0)
      throw core::EnvironmentError("step " + std::to_string(parting.step),
                                   "gave another " + parting.tensor + " when it was run again",
                                   "this machine does not compute the same twice; run sweep doctor");
    parting.here = value_text(a[parting.element], is_float);
    parting.there = value_text(b[parting.element], is_float);
    if (is_float)
      parting.ulp =
          core::ulp_distance(std::bit_cast<float>(a[parting.element]), std::bit_cast<float>(b[parting.element]));
  }

  std::vector<std::uint32_t> values(const BuiltinTrainer& trainer, const Parting& at, const char* name) const {
    const std::filesystem::path file = request_.folder / name;
    trainer_lines(trainer, {"trace", document_, std::to_string(at.step), at.tensor, file.string()});
    return read_bits(file);
  }

  std::string whose_record(std::uint64_t step, const Json& here, const Json& there) const {
    const protocol::Trace* trace = record_.trace_at(step);
    if (!trace) return {};
    const std::size_t row = step - trace->from, count = trace->tensors.size();
    Json recorded = Json::object();
    for (std::size_t i = 0; i < count; ++i)
      recorded[trace->tensors[i]] = fmt::format("{:016x}", trace->weights[row * count + i]);
    const bool is_here = here.at("weights") == recorded, is_there = there.at("weights") == recorded;
    if (is_here && is_there) return "the weights of both";
    if (is_here) return "the weights of the sweep's trainer";
    return is_there ? "the weights of the other program" : "the weights of neither";
  }

  const AgainstRequest& request_;
  const TrialRecord& record_;
  std::string document_;
};

}  // namespace

std::vector<std::string> Against::lines() const {
  if (!parting)
    return {fmt::format("compared: {} steps of {} tensors each, the same in {} and {}", steps, tensors, here, there)};
  const Parting& at = *parting;
  std::vector<std::string> text;
  if (!at.other_shape.empty()) {
    text.push_back(fmt::format("step {}: the programs do not compute the same tensors: {} is {} in the other", at.step,
                               at.tensor, at.other_shape));
  } else {
    text.push_back(fmt::format("step {}: {} is the first tensor that differs, in {} of {} elements", at.step, at.tensor,
                               at.differing, at.rows * at.columns));
    text.push_back(fmt::format("element {} (row {}, column {}): {} in {}", at.element, at.element / at.columns,
                               at.element % at.columns, at.here, here));
    text.push_back(fmt::format("element {} (row {}, column {}): {} in {}{}", at.element, at.element / at.columns,
                               at.element % at.columns, at.there, there,
                               at.ulp ? fmt::format(", {} ulp apart", *at.ulp) : ""));
  }
  if (!at.record.empty()) text.push_back(fmt::format("the record has {} after that step", at.record));
  return text;
}

Json Against::to_json() const {
  Json json = {{"here", here}, {"there", there}, {"steps", steps}, {"tensors", tensors}, {"parting", nullptr}};
  if (!parting) return json;
  json["parting"] = {
      {"step", parting->step},    {"tensor", parting->tensor},       {"element", parting->element},
      {"rows", parting->rows},    {"columns", parting->columns},     {"here", parting->here},
      {"there", parting->there},  {"differing", parting->differing}, {"other_shape", parting->other_shape},
      {"record", parting->record}};
  json["parting"]["ulp"] = parting->ulp ? Json(*parting->ulp) : Json();
  return json;
}

Against compare_programs(const AgainstRequest& request, const TrialRecord& record) {
  return TwoPrograms(request, record).compare();
}

}  // namespace sweep
