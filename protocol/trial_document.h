// What the controller gives a trainer: one JSON document, fixed before the process starts, and a few environment
// variables. Written by dispatch/, read by trainer/; docs/trial-protocol.md is its description for users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "protocol/data_options.h"

namespace protocol {

inline constexpr int kProtocolVersion = 1;

// Environment of a trainer.
inline constexpr char kEnvTrial[] = "SWEEP_TRIAL";    ///< path of the trial document
inline constexpr char kEnvEvents[] = "SWEEP_EVENTS";  ///< path to append event lines to
inline constexpr char kEnvMarker[] = "SWEEP_MARKER";  ///< tells the processes of an attempt from all others
inline constexpr char kEnvSweepId[] = "SWEEP_ID";
inline constexpr char kEnvTrialId[] = "SWEEP_TRIAL_ID";
inline constexpr char kEnvTrialIndex[] = "SWEEP_TRIAL_INDEX";
inline constexpr char kEnvAttempt[] = "SWEEP_ATTEMPT";
inline constexpr char kEnvSeed[] = "SWEEP_SEED";
inline constexpr char kEnvCheckpointDir[] = "SWEEP_CHECKPOINT_DIR";  ///< survives attempts
inline constexpr char kEnvResume[] = "SWEEP_RESUME";                 ///< checkpoint to go on from; empty for none

enum class Goal { kMinimize, kMaximize };
enum class Reduce { kBest, kLast };

std::string_view name(Goal goal);
std::string_view name(Reduce reduce);

/// The metric that ranks.
struct Metric {
  std::string name;
  Goal goal = Goal::kMinimize;
  Reduce reduce = Reduce::kBest;

  bool operator==(const Metric&) const = default;
  core::Json to_json() const;
  /// Errors: UserError naming `place` and the field.
  static Metric from_json(const core::Json& json, std::string_view place);
};

/// Whether `a` ranks before `b`. False for equal values; a value that is not finite never ranks before another.
bool better(Goal goal, double a, double b);

struct DataSource {
  std::string name;    ///< as written in the sweep file: a known name, a path, builtin:NAME
  std::string path;    ///< resolved, absolute; empty for builtin
  std::string sha256;  ///< digest of the data set (protocol rule: trainer and controller compute the same)
  DataOptions options{};

  bool operator==(const DataSource&) const = default;
  core::Json to_json() const;
  /// Errors: UserError naming `place` and the field.
  static DataSource from_json(const core::Json& json, std::string_view place);
};

/// A larger file is no trial document.
inline constexpr std::uint64_t kMaxTrialDocumentBytes = std::uint64_t{64} << 20;

/// Their weights wait in memory for a moment to be written.
inline constexpr std::uint64_t kMaxKeptEpochs = 100;

struct TrialDocument {
  std::string sweep;
  std::string trial;
  std::uint64_t index = 0;
  std::uint32_t replicate = 0;
  std::uint32_t seed = 0;
  core::Json config = core::Json::object();
  std::string device = "cpu";  ///< "cpu" or "cuda"
  std::string gpu;             ///< UUID of the one GPU; empty on the CPU
  int threads = 1;
  std::string numerics = "portable-1";
  std::optional<DataSource> data;
  std::optional<Metric> metric;
  std::uint64_t keep_best = 1;       ///< epochs of the trial, the best by its metric, whose weights are kept
  std::string best_name = "{step}";  ///< how their checkpoints are named, behind "best-"
  std::string trace = "step";        ///< "step": a fingerprint for every step; "off": none

  std::string text() const;  ///< canonical JSON
  core::Json to_json() const;
  /// Errors: UserError naming `place` and the field.
  static TrialDocument from_json(const core::Json& json, std::string_view place);
};

}  // namespace protocol
