// See zip_reader.h. libzip does the reading.
#include "core/zip_reader.h"

#include <zip.h>

#include <algorithm>

#include "core/error.h"
#include "core/plural.h"

namespace core {
namespace {

constexpr std::uint64_t kLeastStepBytes = 4096, kMostStepBytes = 1 << 20;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using OpenEntry = std::unique_ptr<zip_file_t, Discard>;

Archive open_archive(std::string_view bytes, const std::string& place) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  check(source != nullptr, "libzip cannot start");
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  const std::string why = archive ? "" : zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive) return archive;
  zip_source_free(source);
  throw UserError(place, "is no zip archive that can be read (" + why + ")", "the file may be cut off");
}

}  // namespace

struct ZipReader::State {
  std::string place;
  std::uint64_t allowed, room;
  Archive archive;
};

ZipReader::ZipReader(std::string_view bytes, std::string place, std::uint64_t room)
    : state_(std::make_unique<State>(State{std::move(place), room, room, nullptr})) {
  state_->archive = open_archive(bytes, state_->place);
}
ZipReader::~ZipReader() = default;
ZipReader::ZipReader(ZipReader&&) noexcept = default;

std::uint64_t ZipReader::count() const {
  return static_cast<std::uint64_t>(std::max<zip_int64_t>(zip_get_num_entries(state_->archive.get(), 0), 0));
}

ZipEntry ZipReader::entry(std::uint64_t index) const {
  zip_t* archive = state_->archive.get();
  zip_stat_t about;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &about) != 0)
    throw UserError(state_->place,
                    "entry " + std::to_string(index + 1) + " is damaged (" + zip_strerror(archive) + ")");
  ZipEntry entry;
  entry.name = about.name;
  entry.bytes = about.size;
  entry.packed_bytes = about.comp_size;
  entry.is_stored = about.comp_method == ZIP_CM_STORE;
  entry.is_encrypted = about.encryption_method != ZIP_EM_NONE;
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) == 0 && system == ZIP_OPSYS_UNIX)
    entry.mode = attributes >> 16;
  return entry;
}

std::string ZipReader::read(std::uint64_t index) {
  const ZipEntry about = entry(index);
  const std::string place = state_->place + ": " + about.name;
  const OpenEntry open(zip_fopen_index(state_->archive.get(), index, 0));
  if (!open) throw UserError(place, std::string("cannot be unpacked (") + zip_strerror(state_->archive.get()) + ")");
  // What it claims is a hint of how much to ask for at once, and no more.
  const auto step = static_cast<std::size_t>(std::clamp(about.bytes, kLeastStepBytes, kMostStepBytes));
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    if (before > state_->room)
      throw UserError(place,
                      "unpacks, with those before it, to more than " + std::to_string(state_->allowed) + " bytes");
    bytes.resize(before + step);
    const zip_int64_t read = zip_fread(open.get(), bytes.data() + before, step);
    bytes.resize(before + static_cast<std::size_t>(std::max<zip_int64_t>(read, 0)));
    if (read < 0)
      throw UserError(
          place, "is damaged after " + counted(before, "unpacked byte") + " (" + zip_file_strerror(open.get()) + ")");
    if (read == 0) break;
  }
  if (bytes.size() != about.bytes)
    throw UserError(place, "says " + counted(about.bytes, "byte") + " and unpacks to " + std::to_string(bytes.size()));
  state_->room -= bytes.size();
  return bytes;
}

}  // namespace core
