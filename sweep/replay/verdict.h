// What a replay says: the verdict, what was compared, and the places where two records of one trial are not the same.
// Made by Comparator (compare.h), shown by `sweep replay`, `show` and `report`, kept in the store's table of replays.
// Pure data and its words; compares nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace sweep {

enum class Verdict { kIdentical, kDifferent, kNotComparable, kIncomplete };
std::string_view name(Verdict verdict);  ///< "identical", "different", "not comparable", "incomplete": on disk
std::optional<Verdict> verdict_named(std::string_view name);
int exit_code(Verdict verdict);  ///< 0, 3, 4, 1

/// One thing that is not the same.
struct Difference {
  /// In the order in which one causes the other.
  enum class Kind {
    kBatch,
    kWeights,
    kFingerprint,  ///< that a program of the user's sent
    kMetric,
    kEnd,
  };

  std::uint64_t step = 0;
  Kind kind = Kind::kEnd;
  std::string what;                  ///< "batch", "weights of fc1.weight", "metric val_loss", "weights_sha256", …
  std::string recorded, replayed;    ///< in full, numbers in decimal and in hex; "absent" where one side has nothing
  std::optional<std::uint64_t> ulp;  ///< metrics, both finite: how many doubles lie between them (core/ulp.h)
  std::string subject = {};          ///< the tensor's or metric's name alone; empty where there is none

  /// "step 12: metric val_loss: recorded …, replayed …, 3 ulp apart"
  std::string text() const;
  core::Json to_json() const;
};
std::string_view name(Difference::Kind kind);  ///< "batch", "weights", "fingerprint", "metric", "end"

/// A field of the environment that is not the same and of which the numbers depend.
struct ForbiddingField {
  std::string field;
  std::string recorded, replayed;  ///< as canonical JSON; "absent" where one side has nothing
};

/// What was looked at.
struct Compared {
  std::uint64_t steps = 0;         ///< with fingerprints
  std::uint64_t tensors = 0;       ///< fingerprinted at each of them
  std::uint64_t fingerprints = 0;  ///< of weights and batches
  std::uint64_t metrics = 0;       ///< values
  std::uint64_t digests = 0;       ///< final weights: 0 or 1
  std::uint64_t sent = 0;          ///< fingerprints that a program of the user's sent

  /// "compared: 5064 steps of 6 tensors and their batches (35448 fingerprints), 38 metric values, the digest of the
  /// final weights"; where there are no fingerprints of every step, that less was compared.
  std::string text() const;
  core::Json to_json() const;
};

struct Comparison {
  Verdict verdict = Verdict::kIncomplete;
  Compared compared;
  std::vector<Difference> differences;      ///< by step; the first only, unless all were asked for
  std::vector<ForbiddingField> forbidding;  ///< why not comparable
  std::vector<std::string> reasons;         ///< why not comparable or incomplete, a sentence each
  std::string needed;                       ///< not comparable: what would have to be as it was; else empty

  /// The lines under the verdict: reasons, what would be needed, differences, what was compared. Names that a program
  /// gave stand in them as they are.
  std::vector<std::string> lines() const;
  core::Json to_json() const;
};

/// Both forms of a number, one to read and one that shows the bits: "0.125 (0x1p-3)"; of one that is not finite its
/// name.
std::string number_text(double value);
/// The same of a float: the shortest decimal that reads back to it.
std::string number_text(float value);
/// "0x00000000000007d6"
std::string fingerprint_text(std::uint64_t fingerprint);

}  // namespace sweep
