// The form of a capsule: packed one way only, and every other archive refused with the part that is wrong.
#include "sweep/capsule/archive.h"

#include <zip.h>

#include <functional>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/philox.h"
#include "tests/catch.h"

using sweep::Parts;

namespace {

const Parts kParts = {
    {"record.json", "{}"},         {"trial.json", "{\"protocol\":1}"}, {"events.jsonl", "a\nb\n"},
    {"digests.json", "{\"a\":1}"}, {"sweep-file", "method: grid\n"},   {"data/points.csv", "1,2\n3,4\n"}};

const std::string kPacked = sweep::pack("0123456789abcdef", kParts, "x.capsule");

std::string refusal(const std::string& bytes) {
  try {
    sweep::unpack(bytes, "x.capsule");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "was taken";
}

// An archive that another program made: `change` does what a hostile one would.
struct Entry {
  std::string name, contents;
};
std::string zip_of(const std::vector<Entry>& entries, const std::function<void(zip_t*)>& change = {}) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  REQUIRE(archive);
  for (const Entry& entry : entries) {
    zip_source_t* source = zip_source_buffer(archive, entry.contents.data(), entry.contents.size(), 0);
    const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    REQUIRE(index >= 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  if (change) change(archive);
  REQUIRE(zip_close(archive) == 0);
  REQUIRE(zip_source_open(target) == 0);
  std::string bytes;
  char block[4096];
  for (zip_int64_t got; (got = zip_source_read(target, block, sizeof block)) > 0;)
    bytes.append(block, static_cast<std::size_t>(got));
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

std::string manifest_of(const Parts& parts) {
  core::Json table = core::Json::object();
  for (const auto& [name, contents] : parts)
    table[name] = {{"bytes", contents.size()}, {"sha256", core::sha256_hex(contents)}};
  return core::canonical_json({{"format", "sweep-capsule/1"}, {"parts", table}, {"trial", "0123456789abcdef"}});
}

// The right parts, and one more entry.
std::vector<Entry> with(const Entry& entry) {
  std::vector<Entry> entries = {{"manifest.json", manifest_of(kParts)}};
  for (const auto& [name, contents] : kParts) entries.push_back({name, contents});
  entries.push_back(entry);
  return entries;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  REQUIRE(text.find(what) != text.npos);
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

constexpr char kNoSuch[] = ", `sweep export` writes no such capsule";

}  // namespace

TEST_CASE("what is packed comes out again, and the bytes and the digest follow from it alone") {
  const sweep::Archive archive = sweep::unpack(kPacked, "x.capsule");
  CHECK(archive.parts == kParts);
  CHECK(archive.trial == "0123456789abcdef");
  CHECK(archive.digest == core::sha256_hex(manifest_of(kParts)));
  CHECK(archive.digest == sweep::capsule_digest(archive.trial, archive.parts));
  CHECK(sweep::pack(archive.trial, archive.parts, "y.capsule") == kPacked);
  // Whoever writes one that reads it differently makes every capsule a stranger.
  CHECK(core::sha256_hex(kPacked) == "d34ccc9800ed8d26307406211de678132bfa754833a0378cea9ea9b5418b4aa8");
}

TEST_CASE("any single flipped bit of a capsule is found, and the part in which it lies is named") {
  std::size_t in_parts = 0;
  for (std::size_t at = 0; at < kPacked.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = kPacked;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      const std::string message = refusal(flipped);
      INFO("byte " << at << " bit " << bit << ": " << message);
      REQUIRE(message.starts_with("x.capsule: "));
      REQUIRE(message != "was taken");
      for (const auto& [name, contents] : kParts)
        if (const std::size_t begin = kPacked.find(contents, kPacked.find(name + contents));
            at >= begin && at < begin + contents.size()) {
          ++in_parts;
          REQUIRE(message.starts_with("x.capsule: " + name + ": "));
        }
    }
  std::size_t bits = 0;
  for (const auto& [name, contents] : kParts) bits += 8 * contents.size();
  CHECK(in_parts == bits);
}

TEST_CASE("a flipped bit of a part whose checksum was made to fit is found by its digest") {
  Parts parts = kParts;
  parts["events.jsonl"][2] ^= 1;
  const std::string changed = sweep::pack("0123456789abcdef", parts, "x.capsule");
  const std::size_t at = changed.find("{\"format\"");
  std::string forged = changed;  // its manifest is the old one: of the same length, and so is its place
  forged.replace(at, manifest_of(kParts).size(), manifest_of(kParts));
  CHECK(refusal(forged).starts_with("x.capsule: manifest.json: is damaged after "));
  const std::string message = refusal(zip_of({{"manifest.json", manifest_of(kParts)},
                                              {"data/points.csv", kParts.at("data/points.csv")},
                                              {"digests.json", kParts.at("digests.json")},
                                              {"events.jsonl", parts.at("events.jsonl")},
                                              {"record.json", kParts.at("record.json")},
                                              {"sweep-file", kParts.at("sweep-file")},
                                              {"trial.json", kParts.at("trial.json")}}));
  CHECK(message == "x.capsule: events.jsonl: has the digest " + core::sha256_hex(parts.at("events.jsonl")) +
                       ", the manifest says " + core::sha256_hex(kParts.at("events.jsonl")) +
                       ", the capsule was changed");
}

TEST_CASE("a capsule that is cut off anywhere, or goes on, is refused") {
  for (std::size_t length = 0; length < kPacked.size(); ++length) {
    INFO(length);
    REQUIRE(refusal(kPacked.substr(0, length)).starts_with("x.capsule: "));
    REQUIRE(refusal(kPacked.substr(0, length)) != "was taken");
  }
  CHECK(refusal("") == "x.capsule: has no manifest.json, it is no capsule");
  CHECK(refusal("PK") == "x.capsule: is no zip archive that can be read (Not a zip archive), the file may be cut off");
  CHECK(refusal("#!" + kPacked).starts_with("x.capsule: "));
  CHECK(refusal(kPacked + "more").find("x.capsule") == 0);
}

TEST_CASE("a capsule that another program packed anew is refused, its contents though right") {
  std::vector<Entry> entries = with({"", ""});
  entries.pop_back();
  CHECK(refusal(zip_of(entries)).starts_with("x.capsule: manifest.json: byte "));
  CHECK(refusal(zip_of(entries))
            .ends_with(" of the file is not what packing these parts gives, the capsule was changed or packed by "
                       "another program"));
}

TEST_CASE("names that leave the folder, are absolute, or could mean two things are refused") {
  const auto refuse = [](const std::string& name) { return refusal(zip_of(with({name, "x"}))); };
  CHECK(refuse("../evil") == std::string("x.capsule: ../evil: leaves the folder") + kNoSuch);
  CHECK(refuse("data/../../evil") == std::string("x.capsule: data/../../evil: leaves the folder") + kNoSuch);
  CHECK(refuse("program/..") == std::string("x.capsule: program/..: leaves the folder") + kNoSuch);
  CHECK(refuse("/etc/passwd") == std::string("x.capsule: /etc/passwd: has an absolute name") + kNoSuch);
  CHECK(refuse("C:evil") == std::string("x.capsule: C:evil: has an absolute name") + kNoSuch);
  CHECK(refuse("data\\evil") == std::string("x.capsule: data\\evil: has a backslash in its name") + kNoSuch);
  CHECK(refuse("data//evil") == std::string("x.capsule: data//evil: has an empty step in its name") + kNoSuch);
  CHECK(refuse("./data") == std::string("x.capsule: ./data: has an empty step in its name") + kNoSuch);
  CHECK(refuse("data/") == std::string("x.capsule: data/: is a folder") + kNoSuch);
  CHECK(refuse("data/a\nb") == std::string("x.capsule: data/a?b: has a name that is not printable UTF-8") + kNoSuch);
  CHECK(refuse("data/a\x7f").ends_with(std::string(": has a name that is not printable UTF-8") + kNoSuch));
  const auto long_name = [](std::size_t bytes) { return "data/" + std::string(bytes - 5, 'n'); };
  CHECK(refuse(long_name(sweep::kMaxPartName + 1)).find(": has a name that is too long") != std::string::npos);
  CHECK(refuse(long_name(sweep::kMaxPartName)).ends_with(": is not in the manifest"));
  CHECK(refuse("notes.txt") == std::string("x.capsule: notes.txt: is no part of a capsule") + kNoSuch);
  CHECK(refuse("data/in/side") == std::string("x.capsule: data/in/side: is no part of a capsule") + kNoSuch);
  CHECK(refuse("Record.json") == std::string("x.capsule: Record.json: is no part of a capsule") + kNoSuch);
  CHECK(refuse("data/Points.csv") ==
        "x.capsule: data/Points.csv: has the name of another part, but for the case of letters");
  CHECK(refuse("data/other.csv") == "x.capsule: data/other.csv: is not in the manifest");
}

TEST_CASE("a part that is there twice, a link, a device, a compressed or an encrypted part is refused") {
  const std::string twice = replaced(zip_of(with({"data/pointz.csv", "x"})), "data/pointz.csv", "data/points.csv");
  CHECK(refusal(twice) == "x.capsule: data/points.csv: is there twice");
  const auto with_mode = [&](std::uint32_t mode) {
    return refusal(zip_of(with({"data/other.csv", "/etc/passwd"}), [&](zip_t* archive) {
      zip_file_set_external_attributes(archive, kParts.size() + 1, 0, ZIP_OPSYS_UNIX, mode << 16);
    }));
  };
  CHECK(with_mode(0120777) == std::string("x.capsule: data/other.csv: is a link") + kNoSuch);
  CHECK(with_mode(0020666) == std::string("x.capsule: data/other.csv: is no regular file") + kNoSuch);
  CHECK(with_mode(0040755) == std::string("x.capsule: data/other.csv: is a folder") + kNoSuch);
  const std::string bomb = refusal(zip_of(with({"data/bomb.csv", std::string(50'000'000, '0')}), [](zip_t* archive) {
    zip_set_file_compression(archive, kParts.size() + 1, ZIP_CM_DEFLATE, 9);
  }));
  CHECK(bomb.starts_with("x.capsule: data/bomb.csv: is compressed, 50000000 bytes from "));
  CHECK(bomb.ends_with(std::string(": parts are stored as they are") + kNoSuch));
}

TEST_CASE("an absurd size is refused before a byte is read") {
  // Both sizes of the last part in the directory, which are believed first.
  std::string claims = kPacked;
  const std::size_t directory = claims.rfind("PK\x01\x02");
  for (const std::size_t field : {20u, 24u}) claims.replace(directory + field, 4, "\xff\xff\xff\x7f");
  CHECK(refusal(claims) == "x.capsule: trial.json: claims 2147483647 bytes, the whole file has " +
                               std::to_string(kPacked.size()) + ", it may be cut off");
}

TEST_CASE("a manifest that lists what is not there, lacks what is, or is of another format is refused") {
  const auto packed_with = [](const std::string& manifest, Parts parts) {
    std::vector<Entry> entries = {{"manifest.json", manifest}};
    for (const auto& [name, contents] : parts) entries.push_back({name, contents});
    return refusal(zip_of(entries));
  };
  Parts more = kParts, fewer = kParts;
  more["data/more.csv"] = "1";
  fewer.erase("events.jsonl");
  CHECK(packed_with(manifest_of(more), kParts) ==
        "x.capsule: data/more.csv: is in the manifest and not in the capsule");
  CHECK(packed_with(manifest_of(kParts), more) == "x.capsule: data/more.csv: is not in the manifest");
  CHECK(packed_with(manifest_of(fewer), fewer) == "x.capsule: events.jsonl: is missing");
  CHECK(refusal(zip_of({{"record.json", "{}"}})) == "x.capsule: has no manifest.json, it is no capsule");
  CHECK(packed_with("{}", kParts) == "x.capsule: manifest.json: does not say the format of the capsule");
  CHECK(packed_with(replaced(manifest_of(kParts), "capsule/1", "capsule/2"), kParts) ==
        "x.capsule: manifest.json: is of format 'sweep-capsule/2', this version reads 'sweep-capsule/1', a newer sweep "
        "may have written it");
  CHECK(packed_with(manifest_of(kParts) + " ", kParts) ==
        "x.capsule: manifest.json: is not in canonical form, the capsule was changed");
}

TEST_CASE("a manifest that says a size or a type otherwise is refused at the part") {
  const auto refused = [](const std::function<void(core::Json&)>& change) {
    core::Json manifest = core::parse_json(manifest_of(kParts), "manifest");
    change(manifest);
    std::vector<Entry> entries = {{"manifest.json", core::canonical_json(manifest)}};
    for (const auto& [name, contents] : kParts) entries.push_back({name, contents});
    return refusal(zip_of(entries));
  };
  const std::string part = kParts.begin()->first;
  const std::size_t bytes = kParts.begin()->second.size();
  CHECK(refused([&](core::Json& m) { m["parts"][part]["bytes"] = bytes + 1; }) ==
        "x.capsule: " + part + ": has " + std::to_string(bytes) + " bytes, the manifest says " +
            std::to_string(bytes + 1) + ", the capsule was changed");
  const std::string no_size = "x.capsule: manifest.json: does not say size and digest of " + part;
  CHECK(refused([&](core::Json& m) { m["parts"][part]["bytes"] = "1"; }) == no_size);
  CHECK(refused([&](core::Json& m) { m["parts"][part]["bytes"] = -1; }) == no_size);
  CHECK(refused([&](core::Json& m) { m["parts"][part]["sha256"] = 7; }) == no_size);
  const std::string no_trial = "x.capsule: manifest.json: does not name the trial and its parts";
  CHECK(refused([](core::Json& m) { m["trial"] = 7; }) == no_trial);
  CHECK(refused([](core::Json& m) { m["parts"] = core::Json::array(); }) == no_trial);
}

TEST_CASE("what no capsule could be read from is not written") {
  CHECK_THROWS_AS(sweep::check_part_name("data/../x", "x"), core::UserError);
  Parts many = kParts;
  for (std::size_t i = 0; i < sweep::kMaxCapsuleParts; ++i) many["data/" + std::to_string(i)] = "";
  CHECK_THROWS_WITH(sweep::pack("0123456789abcdef", many, "the capsule"),
                    "the capsule: would hold " + std::to_string(many.size() + 1) + " parts, at most 4096 fit");
}
