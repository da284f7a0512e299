// Records and messages as TensorBoard reads them, bit by bit.
#include "sweep/exports/event_file.h"

#include <limits>

#include "tests/catch.h"

using sweep::ProtoMessage;

TEST_CASE("the checksum is CRC-32C, as RFC 3720 has it") {
  CHECK(sweep::crc32c("") == 0u);
  CHECK(sweep::crc32c("123456789") == 0xe3069283u);
  CHECK(sweep::crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(sweep::crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
}

TEST_CASE("a record has its length and two masked checksums around its bytes") {
  // Of TFRecord's own writer, for an event file's usual beginning without its time: length 13.
  const std::string record = sweep::event_record("123456789");
  REQUIRE(record.size() == 8 + 4 + 9 + 4);
  CHECK(record.substr(0, 8) == std::string("\x09\0\0\0\0\0\0\0", 8));
  CHECK(record.substr(12, 9) == "123456789");
  // rotr(0xe3069283, 15) + 0xa282ead8 = 0x2507c60d + 0xa282ead8
  CHECK(record.substr(21) == std::string("\xe5\xb0\x8a\xc7", 4));
}

TEST_CASE("fields of a message are encoded as Protocol Buffers says") {
  CHECK(ProtoMessage().number(1, 150).encoded() == "\x08\x96\x01");
  CHECK(ProtoMessage().number(2, 0).encoded() == std::string("\x10\x00", 2));
  CHECK(ProtoMessage().number(1, std::numeric_limits<std::uint64_t>::max()).encoded() ==
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  CHECK(ProtoMessage().bytes(2, "testing").encoded() == "\x12\x07testing");
  CHECK(ProtoMessage().message(3, ProtoMessage().number(1, 150)).encoded() == "\x1a\x03\x08\x96\x01");
  CHECK(ProtoMessage().real(1, 1.0).encoded() == std::string("\x09\0\0\0\0\0\0\xf0\x3f", 9));
  CHECK(ProtoMessage().real32(2, -2.0f).encoded() == std::string("\x15\0\0\0\xc0", 5));
  CHECK(ProtoMessage().bytes(16, "").encoded() == std::string("\x82\x01\x00", 3));
}
