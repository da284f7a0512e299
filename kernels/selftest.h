// The self-test of portable-1: digests of the generator, the functions and the ops that a trial's numbers pass through,
// computed on one back end and compared with constants in the program. Callers: `sweep-trainer selftest`, the trainer's
// identity, tests. A machine that fails it cannot promise identical results. It knows nothing of what trainer/ does
// with the ops (schedules, preparation of the data, the order of layers): golden trainings in the tests hold that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"

namespace kernels {

/// One digest: `what.case`, 64 bits over the results' bits, NaNs made canonical.
struct SelftestDigest {
  std::string name;
  std::uint64_t digest;
  bool in_identity;  ///< else it came after the constants that the trainer's identity is a digest of
};

struct SelftestResult {
  std::string name;
  std::uint64_t expected;
  std::uint64_t found;
  bool passed() const { return expected == found; }
};

/// Every digest as this machine computes it. Names `host.*` are computed by the processor whatever the back end.
/// Errors: as the back end's. Takes a fraction of a second.
std::vector<SelftestDigest> selftest_digests(const Backend& backend, Context& context);

/// The same, beside the constants of kernels/selftest_constants.h.
std::vector<SelftestResult> run_selftest(const Backend& backend, Context& context);

/// The first 16 hex digits of SHA-256 over the names and constants of the digests that are in the identity, as part of
/// the trainer's identity. Computes nothing.
std::string selftest_digest();

}  // namespace kernels
