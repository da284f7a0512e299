// See idx.h.
#include "trainer/data/idx.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "core/plural.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kMaxSide = 4096;

std::uint32_t big_endian(const std::string& bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = (number << 8) | static_cast<unsigned char>(bytes[offset + i]);
  return number;
}

// Checks the header and that exactly the bytes it speaks of follow. Dimensions of at most 2^32 times kMaxSide² fit.
template <std::size_t kDimensions>
std::array<std::uint32_t, kDimensions> read_header(const std::string& bytes, std::uint32_t magic, const char* what,
                                                   const std::string& place) {
  constexpr std::size_t kHeaderBytes = 4 + 4 * kDimensions;
  if (bytes.size() < kHeaderBytes)
    throw core::UserError(
        place, fmt::format("ends at byte {}, within the IDX header of {} bytes", bytes.size(), kHeaderBytes));
  if (const std::uint32_t found = big_endian(bytes, 0); found != magic)
    throw core::UserError(place, fmt::format("begins with {:08x}, IDX {} begin with {:08x}", found, what, magic));
  std::array<std::uint32_t, kDimensions> sizes;
  for (std::size_t i = 0; i < kDimensions; ++i) sizes[i] = big_endian(bytes, 4 + 4 * i);
  for (std::size_t i = 1; i < kDimensions; ++i)
    if (sizes[i] == 0 || sizes[i] > kMaxSide)
      throw core::UserError(place, fmt::format("the header at byte {} says images of side {}, expected 1 to {}",
                                               4 + 4 * i, sizes[i], kMaxSide));
  if (sizes[0] == 0) throw core::UserError(place, fmt::format("the header says 0 {}", what));
  std::uint64_t wanted = sizes[0];
  for (std::size_t i = 1; i < kDimensions; ++i) wanted *= sizes[i];
  if (wanted != bytes.size() - kHeaderBytes)
    throw core::UserError(place, fmt::format("the header says {} {}, {}, but {} follow it", sizes[0], what,
                                             core::counted(wanted, "byte"), bytes.size() - kHeaderBytes));
  return sizes;
}

}  // namespace

IdxImages read_idx_images(const std::filesystem::path& file) {
  const std::string bytes = read_plain_or_gzip(file);
  const auto [count, rows, columns] = read_header<3>(bytes, kImagesMagic, "images", file.string());
  IdxImages images{count, static_cast<int>(rows), static_cast<int>(columns), {}};
  images.pixels.assign(bytes.begin() + 16, bytes.end());
  return images;
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& file) {
  const std::string bytes = read_plain_or_gzip(file);
  read_header<1>(bytes, kLabelsMagic, "labels", file.string());
  return {bytes.begin() + kIdxLabelHeaderBytes, bytes.end()};
}

}  // namespace trainer
