// See gzip.h.
#include "trainer/data/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "protocol/data_set.h"

namespace trainer {
namespace {

constexpr std::size_t kStepBytes = std::size_t{1} << 20;
constexpr int kGzipWindowBits = 15 + 16;  // 15: the largest window; +16: a gzip header is wanted

class Inflater {
 public:
  Inflater() { core::check(inflateInit2(&stream_, kGzipWindowBits) == Z_OK, "zlib cannot start"); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream* operator->() { return &stream_; }
  z_stream* get() { return &stream_; }

 private:
  z_stream stream_{};
};

std::string unpack(const std::string& packed, const std::string& place) {
  Inflater inflater;
  std::string text;
  std::size_t taken = 0;  // bytes handed to zlib
  for (;;) {
    if (inflater->avail_in == 0 && taken < packed.size()) {
      const std::size_t step = std::min(kStepBytes, packed.size() - taken);
      inflater->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()) + taken);
      inflater->avail_in = static_cast<uInt>(step);
      taken += step;
    }
    const std::size_t before = text.size();
    text.resize(before + kStepBytes);
    inflater->next_out = reinterpret_cast<Bytef*>(text.data() + before);
    inflater->avail_out = static_cast<uInt>(kStepBytes);
    const int status = inflate(inflater.get(), Z_NO_FLUSH);
    text.resize(before + (kStepBytes - std::min<std::size_t>(inflater->avail_out, kStepBytes)));
    const std::string offset = std::to_string(taken - inflater->avail_in);
    if (text.size() > kMaxUnpackedBytes)
      throw core::UserError(place, "unpacks to more than " + std::to_string(kMaxUnpackedBytes) + " bytes");
    if (status == Z_STREAM_END) {
      if (taken == packed.size() && inflater->avail_in == 0) return text;
      core::check(inflateReset(inflater.get()) == Z_OK, "zlib cannot go on");  // members may follow one another
    } else if (status == Z_BUF_ERROR && taken == packed.size()) {
      throw core::UserError(place, "the gzip data ends too early, at byte " + offset, "the file is cut off");
    } else if (status != Z_OK) {
      throw core::UserError(place, "the gzip data is damaged at byte " + offset +
                                       (inflater->msg ? std::string(" (") + inflater->msg + ")" : ""));
    }
  }
}

}  // namespace

std::string read_plain_or_gzip(const std::filesystem::path& file) {
  std::string bytes = core::read_file(file, protocol::kMaxDataFileBytes);
  if (bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b') return unpack(bytes, file.string());
  if (file.extension() == ".gz")
    throw core::UserError(file.string(), "is named .gz but does not begin as gzip does (1f 8b)");
  return bytes;
}

}  // namespace trainer
