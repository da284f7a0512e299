// See identity.h.
#include "protocol/identity.h"

#include <string>

#include "core/digest.h"

namespace protocol {

core::Json TrialIdentity::to_json() const {
  return {{"trainer", trainer}, {"config", config},     {"seed", seed},
          {"data", data},       {"numerics", numerics}, {"replicate", replicate}};
}

std::string trial_id(const TrialIdentity& identity) {
  return core::sha256_hex(core::canonical_json(identity.to_json())).substr(0, 16);
}

std::uint32_t training_seed(std::uint64_t sweep_seed, const core::Json& config, std::uint32_t replicate) {
  if (const auto seed = config.find("seed"); config.is_object() && seed != config.end() && seed->is_number_integer())
    return seed->get<std::uint32_t>();
  const core::Json source = {{"sweep_seed", sweep_seed}, {"config", config}, {"replicate", replicate}};
  const std::string digest = core::sha256_hex(core::canonical_json(source));
  return static_cast<std::uint32_t>(std::stoul(digest.substr(0, 8), nullptr, 16)) >> 1;
}

std::string sweep_id(const core::Json& determining) {
  return core::sha256_hex(core::canonical_json(determining)).substr(0, 16);
}

}  // namespace protocol
