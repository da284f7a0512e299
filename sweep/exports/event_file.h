// TensorBoard's event files: records with checksums, and in each a message `Event` in the encoding of Protocol Buffers.
// Called by tensorboard.cpp. Pure: bytes in memory.
// Source: tensorboard/compat/proto/{event,summary}.proto and plugins/hparams/{api,plugin_data}.proto of TensorBoard 2;
// the form of a record is TFRecord's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sweep {

/// CRC-32C (Castagnoli) of the bytes.
std::uint32_t crc32c(std::string_view bytes);

/// One record: length (8 bytes, lowest first), masked checksum of the length, the bytes, masked checksum of them.
std::string event_record(std::string_view bytes);

/// A message of Protocol Buffers, written field by field. A field is written even where it holds its default: those
/// that stand in a `oneof` must be. Requires: field numbers ascend, so that the encoding is the usual one.
class ProtoMessage {
 public:
  ProtoMessage& number(unsigned field, std::uint64_t value);  ///< int64, enum, bool
  ProtoMessage& real(unsigned field, double value);           ///< double
  ProtoMessage& real32(unsigned field, float value);          ///< float
  ProtoMessage& bytes(unsigned field, std::string_view value);
  ProtoMessage& message(unsigned field, const ProtoMessage& value) { return bytes(field, value.bytes_); }

  const std::string& encoded() const { return bytes_; }

 private:
  void tag(unsigned field, unsigned wire_type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace sweep
