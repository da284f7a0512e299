// See data_reader.h.
#include "sweep/spec/data_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sweep {
namespace {

constexpr char kPath[] = "path";

constexpr std::array kKeys = {
    Key{kPath},
    Key{protocol::kDataLabel},
    Key{protocol::kDataCategorical},
    Key{protocol::kDataHeader},
    Key{protocol::kDataTask},
    Key{protocol::kDataImage},
};

// [28, 28] or [32, 32, 3].
std::vector<int> read_image(Reading& reading, const Member& member) {
  const auto size = [&](const Node& node, int most) {
    const core::Json& value = node.scalar;
    return value.is_number_integer() && value >= 1 && value <= most ? value.get<int>() : 0;
  };
  const std::vector<Node>& items = member.value.items;
  std::vector<int> sizes;
  for (std::size_t i = 0; i < items.size(); ++i)
    sizes.push_back(size(items[i], i < 2 ? protocol::kMaxImageSide : protocol::kMaxImageChannels));
  if ((sizes.size() == 2 || sizes.size() == 3) && std::count(sizes.begin(), sizes.end(), 0) == 0) return sizes;
  reading.error(member.value.mark,
                fmt::format("'{}' must be [height, width] or [height, width, channels], sides from 1 to {}, at most {} "
                            "channels",
                            member.key, protocol::kMaxImageSide, protocol::kMaxImageChannels));
  return {};
}

}  // namespace

void read_data(Reading& reading, const Member& member, Spec& spec) {
  if (!member.value.is_object()) {
    spec.data = reading.text(member).value_or("");
    return;
  }
  const Node& block = member.value;
  reading.check_keys(block, kKeys, "in 'data'");
  if (const Member* path = block.find(kPath))
    spec.data = reading.text(*path).value_or("");
  else
    reading.error(member.mark, "'data' has no 'path'", "write the path or the name of the data set");
  protocol::DataOptions& options = spec.data_options;
  if (const Member* label = block.find(protocol::kDataLabel)) options.label = reading.text(*label).value_or("");
  if (const Member* columns = block.find(protocol::kDataCategorical))
    options.categorical = reading.texts(*columns).value_or(std::vector<std::string>());
  if (const Member* header = block.find(protocol::kDataHeader)) options.header = reading.truth(*header);
  if (const Member* task = block.find(protocol::kDataTask)) {
    const std::array<std::string, 2> words = {protocol::kTaskClassification, protocol::kTaskRegression};
    options.regression = reading.word(*task, words) == 1u;
  }
  if (const Member* image = block.find(protocol::kDataImage)) options.image = read_image(reading, *image);
}

}  // namespace sweep
