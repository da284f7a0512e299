// Whatever lies in a file is a capsule or a UserError. The first byte of an input chooses: 'z', the rest is a file;
// 'p', the rest is a list of parts (each a byte and a text as a length in two bytes and its bytes), packed with a
// manifest that is right: no fuzzer guesses a digest.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "core/error.h"
#include "fuzz/fuzz_target.h"
#include "sweep/capsule/contents.h"

namespace {

constexpr const char* kNames[] = {sweep::kRecordPart,    sweep::kTrialPart, sweep::kEventsPart, sweep::kDigestsPart,
                                  sweep::kSweepFilePart, "data/points.csv", "trainer",          "program/train.py"};

sweep::Parts parts_of(std::string_view text) {
  sweep::Parts parts;
  while (text.size() >= 3) {
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(text[i])}; };
    const std::string name = kNames[byte(0) % std::size(kNames)];
    const std::size_t length = byte(1) | byte(2) << 8;
    parts[name] = text.substr(3, length);
    text.remove_prefix(std::min(text.size(), 3 + length));
  }
  return parts;
}

// What is taken is what would be written.
void read(const std::string& bytes) {
  const sweep::Archive archive = sweep::unpack(bytes, "fuzz");
  core::check(sweep::pack(archive.trial, archive.parts, "fuzz") == bytes, "two forms of one capsule");
  core::check(sweep::capsule_digest(archive.trial, archive.parts) == archive.digest, "two digests of one capsule");
  const sweep::CapsuleContents contents = sweep::from_parts(archive.parts, archive.trial, "fuzz");
  for (const auto& [name, text] : sweep::to_parts(contents))
    core::check(archive.parts.at(name) == text, "a part that is read and would be written otherwise");
}

// The id of the trial is a digest as well: the events say it.
std::string trial_of(const sweep::Parts& parts) {
  constexpr std::string_view kBefore = "\"trial\":\"";
  const auto events = parts.find(sweep::kEventsPart);
  const std::size_t at = events == parts.end() ? std::string::npos : events->second.find(kBefore);
  return at == std::string::npos ? "" : events->second.substr(at + kBefore.size(), 16);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (text[0] == 'z') read(std::string(text.substr(1)));
    if (text[0] == 'p') {
      const sweep::Parts parts = parts_of(text.substr(1));
      read(sweep::pack(trial_of(parts), parts, "fuzz"));
    }
  } catch (const core::UserError&) {
  }
  return 0;
}
