// See archive.h. Reading asks core/zip_reader.h, and then compares with what pack() would have written: whatever the
// reader passes over, the comparison finds.
#include "sweep/capsule/archive.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/utf8.h"
#include "core/zip_reader.h"
#include "sweep/dispatch/transcript.h"

namespace sweep {
namespace {

using core::Json;

// Fields of the archive that are the same in every capsule: 1980-01-01 00:00, names in UTF-8, a file of Unix that its
// owner writes and all read.
constexpr std::uint16_t kMadeBy = 3u << 8 | 20, kNeeded = 20, kFlags = 1u << 11, kStored = 0, kTime = 0, kDate = 0x21;
constexpr std::uint32_t kMode = 0100644u << 16;
constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;

constexpr std::array kFixedParts{kRecordPart, kTrialPart, kEventsPart, kDigestsPart, kSweepFilePart};
constexpr char kNotOurs[] = "`sweep export` writes no such capsule";

class Fields {
 public:
  Fields& u16(std::uint64_t value) { return little(value, 2); }
  Fields& u32(std::uint64_t value) { return little(value, 4); }
  Fields& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Fields& little(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string bytes_;
};

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string manifest_text(const std::string& trial, const Parts& parts) {
  Json table = Json::object();
  for (const auto& [name, contents] : parts)
    table[name] = {{"bytes", contents.size()}, {"sha256", core::sha256_hex(contents)}};
  return core::canonical_json({{"format", kCapsuleFormat}, {"parts", table}, {"trial", trial}});
}

// The pieces of the archive in order, each with the part that it belongs to; the last ones are of no part.
using Take = std::function<void(const std::string& part, std::string_view piece)>;

void write_archive(std::string_view manifest, const Parts& parts, const Take& take) {
  std::string directory;
  std::uint64_t offset = 0, count = 0;
  const auto write = [&](const std::string& name, std::string_view contents) {
    Fields common;
    common.u16(kNeeded).u16(kFlags).u16(kStored).u16(kTime).u16(kDate).u32(crc_of(contents));
    common.u32(contents.size()).u32(contents.size()).u16(name.size()).u16(0);
    Fields local, central;
    local.u32(kLocal).text(common.bytes()).text(name);
    central.u32(kCentral).u16(kMadeBy).text(common.bytes()).u16(0).u16(0).u16(0).u32(kMode).u32(offset).text(name);
    take(name, local.bytes());
    take(name, contents);
    directory += central.bytes();
    offset += local.bytes().size() + contents.size();
    ++count;
  };
  write(kManifestPart, manifest);
  for (const auto& [name, contents] : parts) write(name, contents);
  Fields end;
  end.u32(kEnd).u16(0).u16(0).u16(count).u16(count).u32(directory.size()).u32(offset).u16(0);
  take({}, directory);
  take({}, end.bytes());
}

[[noreturn]] void refuse(const std::string& place, const std::string& part, const std::string& problem,
                         const std::string& remedy = {}) {
  throw core::UserError(place + ": " + printable_text(part, kMaxPartName), problem, remedy);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// What an entry claims of itself, before a byte of it is read.
void check_entry(const core::ZipEntry& entry, const std::string& place, std::size_t archive_bytes) {
  if (S_ISLNK(entry.mode)) refuse(place, entry.name, "is a link", kNotOurs);
  if (entry.name.ends_with('/') || S_ISDIR(entry.mode)) refuse(place, entry.name, "is a folder", kNotOurs);
  if (entry.mode != 0 && !S_ISREG(entry.mode)) refuse(place, entry.name, "is no regular file", kNotOurs);
  if (entry.name != kManifestPart) check_part_name(entry.name, place);
  if (entry.is_encrypted) refuse(place, entry.name, "is encrypted", kNotOurs);
  if (!entry.is_stored)
    refuse(
        place, entry.name,
        fmt::format("is compressed, {} bytes from {}: parts are stored as they are", entry.bytes, entry.packed_bytes),
        kNotOurs);
  if (entry.bytes > archive_bytes)
    refuse(place, entry.name, fmt::format("claims {} bytes, the whole file has {}", entry.bytes, archive_bytes),
           "it may be cut off");
}

Parts read_entries(std::string_view bytes, const std::string& place) {
  core::ZipReader reader(bytes, place, kMaxCapsuleBytes);
  if (reader.count() > kMaxCapsuleParts)
    throw core::UserError(place, fmt::format("holds {} parts, at most {} are read", reader.count(), kMaxCapsuleParts));
  std::set<std::string> names, folded;
  for (std::uint64_t i = 0; i < reader.count(); ++i) {
    const core::ZipEntry entry = reader.entry(i);
    check_entry(entry, place, bytes.size());
    if (!names.insert(entry.name).second) refuse(place, entry.name, "is there twice");
    if (!folded.insert(lower(entry.name)).second)
      refuse(place, entry.name, "has the name of another part, but for the case of letters");
  }
  Parts parts;
  for (std::uint64_t i = 0; i < reader.count(); ++i) parts.emplace(reader.entry(i).name, reader.read(i));
  return parts;
}

struct Manifest {
  std::string trial;
  Json parts;
};

Manifest read_manifest(const std::string& text, const std::string& place) {
  const std::string here = place + ": " + kManifestPart;
  const Json json = core::parse_json(text, here);
  const auto is_text = [&](const char* key) { return json.is_object() && json.contains(key) && json[key].is_string(); };
  if (!is_text("format")) throw core::UserError(here, "does not say the format of the capsule");
  if (json["format"] != kCapsuleFormat)
    throw core::UserError(here,
                          fmt::format("is of format '{}', this version reads '{}'",
                                      printable_text(json["format"].get<std::string>(), 100), kCapsuleFormat),
                          "a newer sweep may have written it");
  if (!is_text("trial") || !json.contains("parts") || !json["parts"].is_object())
    throw core::UserError(here, "does not name the trial and its parts");
  for (const auto& [name, about] : json["parts"].items())
    if (!about.is_object() || !about.contains("bytes") || !about["bytes"].is_number_unsigned() ||
        !about.contains("sha256") || !about["sha256"].is_string())
      throw core::UserError(here, "does not say size and digest of " + printable_text(name, kMaxPartName));
  return {json["trial"].get<std::string>(), json["parts"]};
}

void check_parts(const Manifest& manifest, const Parts& parts, const std::string& place) {
  for (const auto& [name, about] : manifest.parts.items())
    if (!parts.contains(name)) refuse(place, name, "is in the manifest and not in the capsule");
  for (const char* name : kFixedParts)
    if (!parts.contains(name)) refuse(place, name, "is missing");
  for (const auto& [name, contents] : parts) {
    if (!manifest.parts.contains(name)) refuse(place, name, "is not in the manifest");
    const Json& about = manifest.parts[name];
    if (about["bytes"].get<std::uint64_t>() != contents.size())
      refuse(place, name,
             fmt::format("has {} bytes, the manifest says {}", contents.size(), about["bytes"].get<std::uint64_t>()),
             "the capsule was changed");
    const std::string digest = core::sha256_hex(contents);
    if (about["sha256"] != digest)
      refuse(place, name,
             fmt::format("has the digest {}, the manifest says {}", digest,
                         printable_text(about["sha256"].get<std::string>(), 100)),
             "the capsule was changed");
  }
}

// Headers, times, attributes, order, what stands between and behind: as pack() writes them, or not at all.
void check_form(std::string_view bytes, const std::string& manifest, const Parts& parts, const std::string& place) {
  std::size_t at = 0;
  write_archive(manifest, parts, [&](const std::string& part, std::string_view piece) {
    const std::string_view there = bytes.substr(std::min(at, bytes.size()), piece.size());
    const auto [expected, found] = std::mismatch(piece.begin(), piece.end(), there.begin(), there.end());
    if (expected != piece.end()) {
      const std::size_t wrong = at + static_cast<std::size_t>(expected - piece.begin());
      refuse(place, part.empty() ? "the archive's directory" : part,
             fmt::format("byte {} of the file is not what packing these parts gives", wrong),
             "the capsule was changed or packed by another program");
    }
    at += piece.size();
  });
  if (at < bytes.size())
    throw core::UserError(place, fmt::format("goes on for {} bytes behind the archive's end", bytes.size() - at),
                          "the capsule was changed");
}

}  // namespace

void check_part_name(const std::string& name, const std::string& place) {
  const auto wrong = [&](const char* problem) { refuse(place, name.empty() ? "''" : name, problem, kNotOurs); };
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = core::utf8_length(name, at);
    if (length == 0 || static_cast<unsigned char>(name[at]) < 0x20 || name[at] == 0x7f)
      wrong("has a name that is not printable UTF-8");
    at += length;
  }
  if (name.size() > kMaxPartName) wrong("has a name that is too long");
  if (name.starts_with('/') || (name.size() > 1 && name[1] == ':')) wrong("has an absolute name");
  if (name.find('\\') != name.npos) wrong("has a backslash in its name");
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view step = std::string_view(name).substr(begin, end - begin);
    if (step == "..") wrong("leaves the folder");
    if (step.empty() || step == ".") wrong("has an empty step in its name");
    begin = end + 1;
  }
  const bool is_fixed =
      name == kTrainerPart || std::find(kFixedParts.begin(), kFixedParts.end(), name) != kFixedParts.end();
  const auto alone_under = [&](std::string_view folder) {
    return name.starts_with(folder) && name.find('/', folder.size()) == name.npos;
  };
  if (!is_fixed && !alone_under(kDataParts) && !alone_under(kCheckpointParts) && !name.starts_with(kProgramParts))
    wrong("is no part of a capsule");
}

std::string capsule_digest(const std::string& trial, const Parts& parts) {
  return core::sha256_hex(manifest_text(trial, parts));
}

std::string pack(const std::string& trial, const Parts& parts, const std::string& place) {
  if (parts.size() + 1 > kMaxCapsuleParts)
    throw core::UserError(place,
                          fmt::format("would hold {} parts, at most {} fit", parts.size() + 1, kMaxCapsuleParts));
  const std::string manifest = manifest_text(trial, parts);
  std::string bytes;
  std::uint64_t size = 0;
  write_archive(manifest, parts, [&](const std::string&, std::string_view piece) { size += piece.size(); });
  if (size > kMaxCapsuleBytes)
    throw core::UserError(place, fmt::format("would have {} bytes, at most {} are possible", size, kMaxCapsuleBytes),
                          "leave the data out: it is known by its digest");
  bytes.reserve(size);
  write_archive(manifest, parts, [&](const std::string&, std::string_view piece) { bytes += piece; });
  return bytes;
}

Archive unpack(std::string_view bytes, const std::string& place) {
  if (bytes.size() > kMaxCapsuleBytes)
    throw core::UserError(place, fmt::format("has {} bytes, at most {} are read", bytes.size(), kMaxCapsuleBytes));
  Archive archive;
  archive.parts = read_entries(bytes, place);
  auto manifest = archive.parts.extract(kManifestPart);
  if (manifest.empty()) throw core::UserError(place, "has no manifest.json", "it is no capsule");
  const Manifest read = read_manifest(manifest.mapped(), place);
  check_parts(read, archive.parts, place);
  if (manifest.mapped() != manifest_text(read.trial, archive.parts))
    refuse(place, kManifestPart, "is not in canonical form", "the capsule was changed");
  check_form(bytes, manifest.mapped(), archive.parts, place);
  archive.trial = read.trial;
  archive.digest = core::sha256_hex(manifest.mapped());
  return archive;
}

}  // namespace sweep
