// See npz.h.
#include "trainer/data/npz.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/zip_reader.h"
#include "protocol/data_set.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

constexpr std::string_view kEnding = ".npy";

}  // namespace

std::map<std::string, std::string> read_npz(const std::filesystem::path& file) {
  const std::string packed = core::read_file(file, protocol::kMaxDataFileBytes);
  core::ZipReader archive(packed, file.string(), kMaxUnpackedBytes);
  if (archive.count() > kMaxNpzEntries)
    throw core::UserError(file.string(),
                          fmt::format("holds {} arrays, at most {} are read", archive.count(), kMaxNpzEntries));
  std::map<std::string, std::string> arrays;
  for (std::uint64_t i = 0; i < archive.count(); ++i) {
    const std::string name = archive.entry(i).name;
    const std::string place = file.string() + ": " + name;
    if (!name.ends_with(kEnding)) throw core::UserError(place, "is not a .npy");
    const std::string key = name.substr(0, name.size() - kEnding.size());
    if (!arrays.emplace(key, archive.read(i)).second) throw core::UserError(place, "is there twice");
  }
  return arrays;
}

}  // namespace trainer
