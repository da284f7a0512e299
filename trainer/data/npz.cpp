// See npz.h.
#include "trainer/data/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "core/plural.h"
#include "protocol/data_set.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

constexpr std::size_t kStepBytes = std::size_t{1} << 20;
constexpr std::string_view kEnding = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;

Archive open_archive(const std::string& bytes, const std::string& place) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  core::check(source != nullptr, "libzip cannot start");
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  const std::string why = archive ? "" : zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive) return archive;
  zip_source_free(source);
  throw core::UserError(place, "is no zip archive that can be read (" + why + ")", "the file may be cut off");
}

// At most `room` bytes.
std::string read_entry(zip_t* archive, zip_uint64_t index, std::uint64_t claimed, std::size_t room,
                       const std::string& place) {
  const Entry entry(zip_fopen_index(archive, index, 0));
  if (!entry) throw core::UserError(place, std::string("cannot be unpacked (") + zip_strerror(archive) + ")");
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    if (before > room)
      throw core::UserError(place,
                            fmt::format("unpacks, with those before it, to more than {} bytes", kMaxUnpackedBytes));
    bytes.resize(before + kStepBytes);
    const zip_int64_t read = zip_fread(entry.get(), bytes.data() + before, kStepBytes);
    bytes.resize(before + static_cast<std::size_t>(std::max<zip_int64_t>(read, 0)));
    if (read < 0)
      throw core::UserError(place, fmt::format("is damaged after {} ({})", core::counted(before, "unpacked byte"),
                                               zip_file_strerror(entry.get())));
    if (read == 0) break;
  }
  if (bytes.size() != claimed)
    throw core::UserError(place,
                          fmt::format("says {} and unpacks to {}", core::counted(claimed, "byte"), bytes.size()));
  return bytes;
}

}  // namespace

std::map<std::string, std::string> read_npz(const std::filesystem::path& file) {
  const std::string packed = core::read_file(file, protocol::kMaxDataFileBytes);
  const Archive archive = open_archive(packed, file.string());
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count > static_cast<zip_int64_t>(kMaxNpzEntries))
    throw core::UserError(file.string(), fmt::format("holds {} arrays, at most {} are read", count, kMaxNpzEntries));
  std::map<std::string, std::string> arrays;
  std::size_t unpacked = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t about;
    if (zip_stat_index(archive.get(), i, 0, &about) != 0)
      throw core::UserError(file.string(), fmt::format("entry {} is damaged ({})", i + 1, zip_strerror(archive.get())));
    const std::string name = about.name;
    const std::string place = file.string() + ": " + name;
    if (!name.ends_with(kEnding)) throw core::UserError(place, "is not a .npy");
    const std::string key = name.substr(0, name.size() - kEnding.size());
    std::string bytes = read_entry(archive.get(), i, about.size, kMaxUnpackedBytes - unpacked, place);
    unpacked += bytes.size();
    if (!arrays.emplace(key, std::move(bytes)).second) throw core::UserError(place, "is there twice");
  }
  return arrays;
}

}  // namespace trainer
