// A capsule as bytes: a zip archive of parts under a manifest, in one form only. What is in the parts is contents.h's.
// Pure: bytes in, bytes out; called by export.cpp and open.cpp, and fuzzed.
//
// The manifest, first in the archive, is canonical JSON:
//   {"format": "sweep-capsule/1", "parts": {NAME: {"bytes": N, "sha256": "…"}}, "trial": "…"}
// The other parts follow by name. All are stored as they are, and every other field of the archive is fixed
// (docs/capsule.md): the bytes follow from the parts, whoever packs them, and no bit can change unseen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sweep {

inline constexpr char kCapsuleFormat[] = "sweep-capsule/1";
inline constexpr char kManifestPart[] = "manifest.json";

// Names of parts. These are there always …
inline constexpr char kRecordPart[] = "record.json";
inline constexpr char kTrialPart[] = "trial.json";
inline constexpr char kEventsPart[] = "events.jsonl";
inline constexpr char kDigestsPart[] = "digests.json";
inline constexpr char kSweepFilePart[] = "sweep-file";
// … and these where they were asked for; names that end with a slash hold the parts under them.
inline constexpr char kTrainerPart[] = "trainer";
inline constexpr char kDataParts[] = "data/";
inline constexpr char kCheckpointParts[] = "checkpoints/";
inline constexpr char kProgramParts[] = "program/";

inline constexpr std::uint64_t kMaxCapsuleBytes = std::uint64_t{1} << 31;  ///< it is read into memory, whole
inline constexpr std::uint64_t kMaxCapsuleParts = 4096;
inline constexpr std::size_t kMaxPartName = 512;

using Parts = std::map<std::string, std::string>;  ///< name → contents, the manifest not among them

struct Archive {
  std::string trial;   ///< id
  std::string digest;  ///< of the manifest, and so of everything: 64 hex digits
  Parts parts;
};

/// Requires: names that check_part_name() takes. Errors: UserError, `place` named, where it would be too large or hold
/// too many parts. Determinism: the bytes follow from the arguments.
std::string pack(const std::string& trial, const Parts& parts, const std::string& place);
/// The digest that the capsule of these parts has.
std::string capsule_digest(const std::string& trial, const Parts& parts);

/// Every part, verified. Errors: UserError that names `place` and the part: no archive, cut off, another form or a
/// newer one, a name that is none of a part, twice, a link, compressed, too large, not in the manifest, missing, other
/// bytes than the manifest says.
Archive unpack(std::string_view bytes, const std::string& place);

/// Errors: UserError where `name` leaves the folder, is absolute or could mean two things on two machines, or where no
/// capsule has such a part.
void check_part_name(const std::string& name, const std::string& place);

}  // namespace sweep
