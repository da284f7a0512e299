// See event_file.h.
#include "sweep/exports/event_file.h"

#include <array>
#include <bit>

namespace sweep {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

// A checksum of bytes that hold their own checksum says little: TFRecord turns and shifts it.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <class Number>
void append_lowest_first(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xffu];
  return ~crc;
}

std::string event_record(std::string_view bytes) {
  std::string record;
  append_lowest_first(record, static_cast<std::uint64_t>(bytes.size()));
  append_lowest_first(record, masked(crc32c(record)));
  record += bytes;
  append_lowest_first(record, masked(crc32c(bytes)));
  return record;
}

void ProtoMessage::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
  bytes_ += static_cast<char>(value);
}

void ProtoMessage::tag(unsigned field, unsigned wire_type) { varint(field << 3 | wire_type); }

ProtoMessage& ProtoMessage::number(unsigned field, std::uint64_t value) {
  tag(field, 0);
  varint(value);
  return *this;
}

ProtoMessage& ProtoMessage::real(unsigned field, double value) {
  tag(field, 1);
  append_lowest_first(bytes_, std::bit_cast<std::uint64_t>(value));
  return *this;
}

ProtoMessage& ProtoMessage::real32(unsigned field, float value) {
  tag(field, 5);
  append_lowest_first(bytes_, std::bit_cast<std::uint32_t>(value));
  return *this;
}

ProtoMessage& ProtoMessage::bytes(unsigned field, std::string_view value) {
  tag(field, 2);
  varint(value.size());
  bytes_ += value;
  return *this;
}

}  // namespace sweep
