// See verdict.h.
#include "sweep/replay/verdict.h"

#include <fmt/format.h>

#include <cmath>

#include "protocol/outcome.h"

namespace sweep {

using core::Json;

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kIdentical:
      return "identical";
    case Verdict::kDifferent:
      return "different";
    case Verdict::kNotComparable:
      return "not comparable";
    case Verdict::kIncomplete:
      return "incomplete";
  }
  return {};
}

std::optional<Verdict> verdict_named(std::string_view wanted) {
  for (const Verdict verdict :
       {Verdict::kIdentical, Verdict::kDifferent, Verdict::kNotComparable, Verdict::kIncomplete})
    if (name(verdict) == wanted) return verdict;
  return std::nullopt;
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::kIdentical:
      return protocol::kExitOk;
    case Verdict::kDifferent:
      return protocol::kExitDifferent;
    case Verdict::kNotComparable:
      return protocol::kExitUnsuitable;
    case Verdict::kIncomplete:
      return protocol::kExitSomeFailed;
  }
  return protocol::kExitSomeFailed;
}

std::string_view name(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kBatch:
      return "batch";
    case Difference::Kind::kWeights:
      return "weights";
    case Difference::Kind::kFingerprint:
      return "fingerprint";
    case Difference::Kind::kMetric:
      return "metric";
    case Difference::Kind::kEnd:
      return "end";
  }
  return {};
}

std::string Difference::text() const {
  std::string line = fmt::format("step {}: {}: recorded {}, replayed {}", step, what, recorded, replayed);
  if (ulp) line += *ulp == 0 ? ", apart in the sign of zero" : fmt::format(", {} ulp apart", *ulp);
  return line;
}

Json Difference::to_json() const {
  return {{"step", step},
          {"kind", name(kind)},
          {"subject", subject.empty() ? Json() : Json(subject)},
          {"what", what},
          {"recorded", recorded},
          {"replayed", replayed},
          {"ulp", ulp ? Json(*ulp) : Json()}};
}

std::string Compared::text() const {
  const std::string values = fmt::format("{} metric value{}", metrics, metrics == 1 ? "" : "s");
  const char* const digest = digests > 0 ? ", the digest of the final weights" : ", no digest of the final weights";
  if (steps > 0)
    return fmt::format("compared: {} steps of {} tensors and their batches ({} fingerprints), {}{}", steps, tensors,
                       fingerprints, values, digest);
  const std::string own = sent > 0 ? fmt::format(", {} fingerprints that the program sent", sent) : "";
  return "compared: " + values + own + digest + "; less than every step, of which the record holds no fingerprints";
}

Json Compared::to_json() const {
  return {{"steps", steps},     {"tensors", tensors}, {"fingerprints", fingerprints},
          {"metrics", metrics}, {"digests", digests}, {"sent_fingerprints", sent}};
}

std::vector<std::string> Comparison::lines() const {
  std::vector<std::string> lines = reasons;
  if (!needed.empty()) lines.push_back("needed: " + needed);
  for (const Difference& difference : differences) lines.push_back(difference.text());
  lines.push_back(compared.text());
  return lines;
}

Json Comparison::to_json() const {
  Json json = {{"verdict", name(verdict)},
               {"compared", compared.to_json()},
               {"reasons", reasons},
               {"forbidding", Json::array()},
               {"needed", needed.empty() ? Json() : Json(needed)},
               {"differences", Json::array()}};
  for (const ForbiddingField& field : forbidding)
    json["forbidding"].push_back({{"field", field.field}, {"recorded", field.recorded}, {"replayed", field.replayed}});
  for (const Difference& difference : differences) json["differences"].push_back(difference.to_json());
  return json;
}

std::string number_text(double value) {
  const std::string text = core::format_double(value);
  return std::isfinite(value) ? fmt::format("{} ({:a})", text, value) : text;
}

std::string number_text(float value) {
  if (!std::isfinite(value)) return core::format_double(value);
  std::string shortest = fmt::format("{}", value);
  if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
  return fmt::format("{} ({:a})", shortest, value);
}

std::string fingerprint_text(std::uint64_t fingerprint) { return fmt::format("0x{:016x}", fingerprint); }

}  // namespace sweep
