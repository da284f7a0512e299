// See data_options.h.
#include "protocol/data_options.h"

#include "core/error.h"

namespace protocol {
namespace {

using core::Json;

[[noreturn]] void refuse(std::string_view place, const std::string& key) {
  throw core::UserError(std::string(place), "option '" + key + "' of the data set is unknown or of the wrong type");
}

template <class T>
T taken(const Json& value, const std::string& key, std::string_view place) {
  try {
    return value.get<T>();
  } catch (const Json::exception&) {
    refuse(place, key);
  }
}

bool is_image(const std::vector<int>& sizes) {
  if (sizes.size() != 2 && sizes.size() != 3) return false;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (sizes[i] < 1 || sizes[i] > (i < 2 ? kMaxImageSide : kMaxImageChannels)) return false;
  return true;
}

}  // namespace

Json DataOptions::to_json() const {
  Json json = Json::object();
  if (!label.empty()) json[kDataLabel] = label;
  if (!categorical.empty()) json[kDataCategorical] = categorical;
  if (header) json[kDataHeader] = *header;
  if (regression) json[kDataTask] = kTaskRegression;
  if (!image.empty()) json[kDataImage] = image;
  return json;
}

DataOptions DataOptions::from_json(const Json& json, std::string_view place) {
  if (!json.is_object()) throw core::UserError(std::string(place), "the options of a data set are an object");
  DataOptions options;
  for (const auto& [key, value] : json.items()) {
    if (key == kDataLabel) {
      options.label = taken<std::string>(value, key, place);
    } else if (key == kDataCategorical) {
      options.categorical = taken<std::vector<std::string>>(value, key, place);
    } else if (key == kDataHeader) {
      options.header = taken<bool>(value, key, place);
    } else if (key == kDataTask) {
      options.regression = value == kTaskRegression;
      if (!options.regression && value != kTaskClassification) refuse(place, key);
    } else if (key == kDataImage) {
      options.image = taken<std::vector<int>>(value, key, place);
      if (!is_image(options.image)) refuse(place, key);
    } else {
      refuse(place, key);
    }
  }
  return options;
}

}  // namespace protocol
