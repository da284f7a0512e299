// See safetensors.h.
#include "trainer/checkpoint/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/json.h"
#include "core/plural.h"

namespace trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "floats are written as they lie in memory");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;

struct Entry {
  NamedTensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// The number of floats, or a value that fits no file where the product overflows.
std::uint64_t element_count(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / 4 / size) return UINT64_MAX / 4;
    count *= size;
  }
  return count;
}

// `get` alone would take 8.5 for 8. Errors: Json::exception.
std::uint64_t whole(const core::Json& number) { return number.get_ref<const std::uint64_t&>(); }

Entry read_entry(const std::string& name, const core::Json& json, std::string_view place) {
  try {
    Entry entry;
    entry.tensor.name = name;
    if (json.at("dtype").get<std::string>() != "F32")
      throw core::UserError(std::string(place), "tensor '" + name + "' is not of type F32");
    for (const core::Json& size : json.at("shape").get_ref<const core::Json::array_t&>())
      entry.tensor.shape.push_back(whole(size));
    entry.begin = whole(json.at("data_offsets").at(0));
    entry.end = whole(json.at("data_offsets").at(1));
    return entry;
  } catch (const core::Json::exception&) {
    throw core::UserError(std::string(place), "the header's entry for tensor '" + name + "' is malformed");
  }
}

}  // namespace

std::string write_safetensors(const TensorFile& file) {
  core::Json header = core::Json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor& tensor : file.tensors) {
    core::check(element_count(tensor.shape) == tensor.values.size(), "a tensor's values do not fit its shape");
    const std::uint64_t end = offset + 4 * tensor.values.size();
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = core::canonical_json(header);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  std::string bytes;
  bytes.reserve(kLengthBytes + text.size() + offset);
  for (std::size_t shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(std::uint64_t{text.size()} >> shift);
  bytes += text;
  for (const NamedTensor& tensor : file.tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), 4 * tensor.values.size());
  return bytes;
}

TensorFile read_safetensors(std::string_view bytes, std::string_view place) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes && i < bytes.size(); ++i)
    length |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  if (bytes.size() < kLengthBytes || length > bytes.size() - kLengthBytes)
    throw core::UserError(std::string(place), fmt::format("is cut off at byte {}, within its header", bytes.size()));
  const core::Json header = core::parse_json(bytes.substr(kLengthBytes, length), place);
  if (!header.is_object()) throw core::UserError(std::string(place), "its header is not a JSON object");
  const std::string_view data = bytes.substr(kLengthBytes + length);

  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != "__metadata__") {
      entries.push_back(read_entry(name, json, place));
      continue;
    }
    try {
      file.metadata = json.get<std::map<std::string, std::string>>();
    } catch (const core::Json::exception&) {
      throw core::UserError(std::string(place), "its __metadata__ is not a map of texts");
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  std::uint64_t at = 0;
  for (Entry& entry : entries) {
    if (entry.begin != at || entry.end < entry.begin ||
        entry.end - entry.begin != 4 * element_count(entry.tensor.shape))
      throw core::UserError(std::string(place), "the offsets of tensor '" + entry.tensor.name + "' do not fit");
    if (entry.end > data.size())
      throw core::UserError(std::string(place),
                            fmt::format("is cut off at byte {}, within tensor '{}'", bytes.size(), entry.tensor.name));
    entry.tensor.values.resize((entry.end - entry.begin) / 4);
    if (entry.end > entry.begin)
      std::memcpy(entry.tensor.values.data(), data.data() + entry.begin, entry.end - entry.begin);
    at = entry.end;
    file.tensors.push_back(std::move(entry.tensor));
  }
  if (at != data.size())
    throw core::UserError(std::string(place),
                          fmt::format("has {} behind its last tensor", core::counted(data.size() - at, "byte")));
  return file;
}

}  // namespace trainer
