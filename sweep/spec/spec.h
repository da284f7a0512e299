// A sweep file, read and checked: the only form in which the rest of the controller knows it.
// In: text. Out: Spec, or every problem of the file at once with line, column, source line, caret and a suggestion.
// Pure: opens no file (data sets and programs are looked for by dispatch/ and commands/).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "protocol/trial_document.h"

namespace sweep {

enum class Method { kGrid, kRandom };
enum class Device { kAuto, kCpu, kCuda };
enum class Numerics { kPortable, kFast };

std::string_view name(Method method);
std::string_view name(Device device);
std::string_view name(Numerics numerics);

// The distributions, as written. Semantics of a value at a quantile: space/space.h.
struct Constant {
  core::Json value;
};
struct Categorical {
  std::vector<core::Json> values;
};
struct IntUniform {
  std::int64_t min, max;  ///< both included
};
struct Uniform {
  double min, max;
};
struct LogUniformValues {
  double min, max;  ///< values, not exponents
};
using Distribution = std::variant<Constant, Categorical, IntUniform, Uniform, LogUniformValues>;

/// The word of the distribution, as a file writes it.
std::string_view name(const Distribution& distribution);
/// Whether a grid can go through its values one by one.
bool enumerable(const Distribution& distribution);

struct Parameter {
  std::string name;
  Distribution distribution;
  int line = 0, column = 0;  ///< of the name, for messages that only the trainer's description can give
};

/// How many trials a random sweep has where neither the file nor a flag says so.
inline constexpr std::uint64_t kDefaultRandomTrials = 20;

/// Flags that stand above the file. They are read together with it, so that what they change is checked as if it were
/// written there (a grid over a continuous range is an error either way).
struct SpecOverrides {
  std::optional<Method> method;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> run_cap;
  std::optional<Device> device;
};

/// The word of a flag. Errors: UserError naming `place`, with the nearest word.
Method read_method(std::string_view word, std::string_view place);
Device read_device(std::string_view word, std::string_view place);

struct Resources {
  int slots_per_gpu = 1;
  int threads = 1;
};

struct Spec {
  Method method = Method::kGrid;
  std::vector<Parameter> parameters;       ///< sorted by name (bytes)
  std::optional<protocol::Metric> metric;  ///< `accuracy` read as val_accuracy; none written: the built-in trainer's
  std::optional<std::uint64_t> run_cap;
  std::string name;  ///< empty where the file has none
  std::uint64_t seed = 0;
  std::string data;  ///< as written; empty where the file has none
  Device device = Device::kAuto;
  Numerics numerics = Numerics::kPortable;
  Resources resources;
  std::vector<core::Problem> warnings;

  /// Everything of the file that determines the sweep's result, part of the sweep's id: method and, for random, the
  /// sampler's version, seed, parameters, metric, run_cap. Not: name, device, resources, spelling of the file. Data and
  /// numerics come in through SweepIdentity.
  core::Json determining() const;
};

/// Reads a sweep file's text. `file` is what messages call it; its extension chooses the reader. Errors: UserError with
/// all problems.
Spec read_spec(std::string_view text, const std::filesystem::path& file, const SpecOverrides& overrides = {});

/// Checks parameter names and values, the metric's name and builtin: data against the built-in trainer's description
/// (`sweep-trainer --describe`): unknown names, values out of range or of the wrong type, with line and caret.
/// Requires: spec = read_spec(text, file, …). Errors: UserError with all problems.
void check_hyperparameters(const Spec& spec, const core::Json& description, std::string_view text,
                           const std::filesystem::path& file);

}  // namespace sweep
