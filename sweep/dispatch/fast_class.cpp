// See fast_class.h.
#include "sweep/dispatch/fast_class.h"

#include <fmt/format.h>

#include <chrono>

#include "core/error.h"
#include "protocol/algorithms.h"
#include "sweep/provenance/program_output.h"

namespace sweep {
namespace {

using core::Json;
using protocol::kFastNumerics;

constexpr auto kPatience = std::chrono::seconds(60);  // a driver that was not used for long takes a while to wake
constexpr char kVerb[] = "fast";
constexpr char kPlace[] = "numerics fast";
constexpr char kRemedy[] =
    "it takes an NVIDIA GPU with its driver: where there is none write `numerics: portable` in the sweep file";

// The last line that a program printed, without its newline.
std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

Json fast_numerics(const BuiltinTrainer& trainer) {
  // What it says goes to standard error, which is not read: 2>&1.
  const std::string command = "exec \"$0\" \"$1\" 2>&1";
  const auto answer = program_output({"/bin/sh", "-c", command, trainer.executable.string(), kVerb}, kPatience);
  if (!answer)
    throw core::EnvironmentError(kPlace, fmt::format("the trainer does not answer within {} s", kPatience.count()),
                                 kRemedy);
  const std::string said = last_line(answer->out);
  if (answer->code != 0) throw core::EnvironmentError(kPlace, said, kRemedy);
  const Json device = core::parse_json(said, kPlace);
  if (!device.is_object()) throw core::EnvironmentError(kPlace, "the trainer does not say what it computes on");
  return {{kFastNumerics, device}};
}

bool is_fast(const Json& numerics) {
  return numerics.is_object() && numerics.size() == 1 && numerics.contains(kFastNumerics) &&
         numerics[kFastNumerics].is_object();
}

std::string numerics_name(const Json& numerics) {
  if (numerics.is_string()) return numerics.get<std::string>();
  return is_fast(numerics) ? kFastNumerics : kExternalNumerics;
}

void check_fast_class(const SweepRecord& record, const BuiltinTrainer& trainer) {
  const Json& then = record.identity.at("numerics");
  if (!is_fast(then)) return;
  const Json now = fast_numerics(trainer);
  if (now == then) return;
  throw core::EnvironmentError("sweep " + record.id,
                               fmt::format("was made on {}, and here is {}", core::canonical_json(then[kFastNumerics]),
                                           core::canonical_json(now[kFastNumerics])),
                               "trials of numerics fast are only comparable on the same class of device");
}

}  // namespace sweep
