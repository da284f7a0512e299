// Who a trial and a sweep are: digests over canonical JSON. docs/trial-protocol.md and docs/formats.md describe them.
// Determinism: functions of their arguments; a change here makes every stored id a stranger.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"

namespace protocol {

/// What makes a trial this trial and no other.
struct TrialIdentity {
  std::string trainer;  ///< "sweep-trainer/1:<digest>", or the digest of a user's command and sources
  core::Json config;    ///< resolved hyperparameters, typed
  std::uint32_t seed;   ///< the trial's training seed
  core::Json data;      ///< digest of the data set; null where there is none
  core::Json numerics;  ///< "portable-1"; an object for fast-1 and external
  std::uint32_t replicate;

  core::Json to_json() const;
};

/// The first 16 hex digits of SHA-256 over the canonical JSON of the identity.
std::string trial_id(const TrialIdentity& identity);

/// The training seed, 0 … 2^31−1: the first 31 bits of SHA-256 over the canonical JSON of
/// {"config", "replicate", "sweep_seed"}. A parameter named `seed` (an integer in that range) overrides it.
std::uint32_t training_seed(std::uint64_t sweep_seed, const core::Json& config, std::uint32_t replicate);

/// The first 16 hex digits of SHA-256 over the canonical JSON of what determines a sweep's result.
std::string sweep_id(const core::Json& determining);

}  // namespace protocol
