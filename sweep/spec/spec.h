// A sweep file, read and checked: the only form in which the rest of the controller knows it.
// In: text. Out: Spec, or every problem of the file at once with line, column, source line, caret and a suggestion.
// Pure: opens no file (data sets and programs are looked for by dispatch/ and commands/).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
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
enum class GridOrder { kWritten, kShuffled };
enum class Device { kAuto, kCpu, kCuda };
enum class Numerics { kPortable, kFast };

std::string_view name(Method method);
std::string_view name(GridOrder order);
std::string_view name(Device device);
std::string_view name(Numerics numerics);

// The distributions, as written. Semantics of a value at a quantile: space/space.h.
struct Constant {
  core::Json value;
};
struct Categorical {
  std::vector<core::Json> values;
  std::vector<double> probabilities;  ///< one a value, as written; empty where all are equally likely
};
struct IntUniform {
  std::int64_t min, max;  ///< both included
};

/// What a continuous distribution is made of; `inv_` and `q_` variants share a family.
enum class Family {
  kUniform,           ///< min, max
  kLogUniform,        ///< min, max: natural exponents
  kLogUniformValues,  ///< min, max: values, 0 < min
  kNormal,            ///< mu, sigma
  kLogNormal,         ///< mu, sigma of the logarithm
  kBeta,              ///< a, b
};

/// R(x) = round-half-even(x / step) · step. An integer results where the step was written as one.
struct Quantum {
  double step = 1.0;
  bool integer = false;
};
struct Continuous {
  std::string_view word;  ///< of the distribution, as a file writes it; from the table of distributions
  Family family = Family::kUniform;
  double first = 0, second = 0;    ///< the two keys of its family, defaults filled in; of inv_log_uniform, whose bounds
                                   ///< are exponents of 1/x, -max and -min: exponents of x, as for the family
  std::optional<Quantum> quantum;  ///< of the `q_` distributions
};
using Distribution = std::variant<Constant, Categorical, IntUniform, Continuous>;

/// The word of the distribution, as a file writes it.
std::string_view name(const Distribution& distribution);
/// Whether a grid can go through its values one by one: constant, categorical without probabilities, int_uniform,
/// q_uniform.
bool enumerable(const Distribution& distribution);

/// One leaf of `parameters`. Nested ones are flattened: {a: {parameters: {b: …}}} is the leaf with the path a, b.
struct Parameter {
  std::string name;  ///< the path joined by dots; no two parameters share one
  Distribution distribution;
  int line = 0, column = 0;       ///< of the name, for messages that only the trainer's description can give
  std::vector<std::string> path;  ///< of a nested one; empty for a plain one, whatever dots its name holds
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
  bool ignore_early_terminate = false;  ///< --ignore-early-terminate: the key is checked and has no influence
};

/// The word of a flag. Errors: UserError naming `place`, with the nearest word.
Method read_method(std::string_view word, std::string_view place);
Device read_device(std::string_view word, std::string_view place);

/// What a trial is given, and what becomes of one that takes too much or fails. Seconds are of one attempt.
struct Resources {
  int slots_per_gpu = 1;
  int threads = 1;
  std::optional<double> timeout_s;            ///< the longest that an attempt may run
  std::optional<double> stall_timeout_s;      ///< the longest that it may stay silent
  double grace_s = 10;                        ///< between SIGTERM and SIGKILL
  std::uint32_t retries = 1;                  ///< attempts more, of one that crashed or stalled
  std::optional<std::uint64_t> max_failures;  ///< so many trials without a result end the sweep
  std::optional<std::uint64_t> memory_mb;     ///< of all processes of an attempt; of 2^20 bytes
  bool reuse_process = false;                 ///< one process runs trial after trial; of the built-in trainer alone
};

/// How metrics are read from what a program prints on standard output.
struct ReadMetrics {
  /// The numbers are part of identities: the list only grows.
  enum class Format {
    kAny,
    kJson,
    kEquals,
    kColon,
    kRegex
  };  ///< kAny: JSON lines and name=value, without `read_metrics`

  Format format = Format::kAny;
  std::string pattern;  ///< of kRegex, see metric_pattern.h
  std::string step;     ///< the key (or group) that holds the step; empty: the ordinal of the metric's line is the step
};

/// A user's trainer. Nothing here for the built-in one.
struct UserProgram {
  std::string program;               ///< `program` as written; empty where only `command` is
  std::vector<std::string> command;  ///< items with their macros, the default of the language where the file has none
  std::string program_place, command_place;  ///< "file:line:column", for messages that only the file system can give
  ReadMetrics read_metrics;
  std::map<std::string, std::string> templates;  ///< template file → rendered file, as written
  std::vector<std::vector<std::string>> record;  ///< commands whose output is recorded once a sweep
  bool reuse = false;                            ///< results may be reused across sweeps
  bool wandb = false;                            ///< compat: wandb
};

/// Which checkpoints stay.
struct Keep {
  enum class Last { kUnfinished, kAll, kNone };
  Last last = Last::kUnfinished;
  std::uint64_t best = 10;      ///< of the so many best trials
  std::uint64_t epochs = 1;     ///< of each of them the so many best epochs
  std::string name = "{step}";  ///< of their files, a template of the trainer's
};

struct Spec {
  Method method = Method::kGrid;
  GridOrder order = GridOrder::kWritten;
  std::vector<Parameter> parameters;       ///< sorted by name (bytes)
  std::optional<protocol::Metric> metric;  ///< none written: the built-in trainer's; a user's program then has none
  std::optional<double> target;            ///< of the metric: the first trial by index that reaches it ends the sweep
  std::optional<std::uint64_t> run_cap;    ///< how many draws (configurations); each runs `repeats` times
  std::uint32_t repeats = 1;
  std::string name;  ///< empty where the file has none
  std::uint64_t seed = 0;
  std::string data;  ///< as written; empty where the file has none
  protocol::DataOptions data_options;
  std::vector<std::string> inputs;  ///< files and folders, as written
  Device device = Device::kAuto;
  Numerics numerics = Numerics::kPortable;
  Resources resources;
  std::optional<UserProgram> program;  ///< nothing: the built-in sweep-trainer
  Keep keep;
  std::string trace = "step";  ///< fingerprints of the built-in trainer, as in the trial document
  std::vector<core::Problem> warnings;

  /// Everything of the file that determines the sweep's result, part of the sweep's id: method, seed, parameters,
  /// metric and target, run_cap, repeats, order, how metrics are read, and max_failures where it is set. Not: name,
  /// device, the other resources, keep, trace, spelling of the file. The program, data, inputs and numerics come in
  /// through SweepIdentity.
  core::Json determining() const;
};

/// A larger file is no sweep file.
inline constexpr std::uint64_t kMaxSweepFileBytes = std::uint64_t{64} << 20;

/// What the built-in trainer says of itself (`sweep-trainer --describe`); asked only where the file names no program.
using Describe = std::function<core::Json()>;

/// Reads a sweep file's text. `file` is what messages call it; its extension chooses the reader. With `describe` the
/// names and values of the parameters, the metric (and that its task and validation part are there), the name of
/// checkpoints and builtin: data are checked against the built-in trainer as well. Errors: UserError with all problems
/// of both kinds, in the order of the file; what `describe` throws, where the file itself is right.
Spec read_spec(std::string_view text, const std::filesystem::path& file, const SpecOverrides& overrides = {},
               const Describe& describe = {});

}  // namespace sweep
