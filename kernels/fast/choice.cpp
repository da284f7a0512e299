// See choice.h.
#include "kernels/fast/choice.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/error.h"

namespace kernels::fast {
namespace {

using core::Json;

constexpr std::array<std::string_view, 3> kPrecisions = {"fp32", "tf32", "bf16"};
constexpr std::size_t kMostKnobs = 64;  // cuDNN has some forty types of them

// Takes a whole number off the front of `text`; nothing where there is none.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

const Json& field(const Json& json, const char* key, std::string_view place, bool (Json::*is)() const noexcept) {
  const auto found = json.find(key);
  if (found == json.end() || !((*found).*is)())
    throw core::UserError(std::string(place), std::string("field '") + key + "' is missing or of the wrong type");
  return *found;
}

std::string words(const std::string& library, const std::string& algorithm) { return library + " " + algorithm; }

}  // namespace

std::string_view name(Precision precision) { return kPrecisions[static_cast<std::size_t>(precision)]; }

std::optional<Precision> precision_named(std::string_view name) {
  for (std::size_t i = 0; i < kPrecisions.size(); ++i)
    if (kPrecisions[i] == name) return static_cast<Precision>(i);
  return std::nullopt;
}

std::string Engine::tag() const {
  std::string text = "eng" + std::to_string(id);
  for (const Knob& knob : knobs) text += "_k" + std::to_string(knob.type) + "=" + std::to_string(knob.value);
  return text;
}

std::optional<Engine> Engine::from_tag(std::string_view tag) {
  Engine engine;
  if (!take(tag, "eng")) return std::nullopt;
  const auto id = take_number(tag);
  if (!id || *id < 0) return std::nullopt;
  engine.id = *id;
  while (!tag.empty()) {
    if (!take(tag, "_k") || engine.knobs.size() == kMostKnobs) return std::nullopt;
    const auto type = take_number(tag);
    if (!type || !take(tag, "=")) return std::nullopt;
    const auto value = take_number(tag);
    if (!value) return std::nullopt;
    engine.knobs.push_back({*type, *value});
  }
  return engine;
}

Json Choice::to_json() const {
  return {{"operation", operation},
          {"library", library},
          {"algorithm", algorithm},
          {"workspace_bytes", workspace_bytes},
          {"decoded", decoded}};
}

Choice Choice::from_json(const Json& json, std::string_view place) {
  if (!json.is_object()) throw core::UserError(std::string(place), "a choice of an algorithm is a JSON object");
  Choice choice;
  choice.operation = field(json, "operation", place, &Json::is_string).get<std::string>();
  choice.library = field(json, "library", place, &Json::is_string).get<std::string>();
  choice.algorithm = field(json, "algorithm", place, &Json::is_string).get<std::string>();
  choice.workspace_bytes = field(json, "workspace_bytes", place, &Json::is_number_unsigned).get<std::uint64_t>();
  choice.decoded = field(json, "decoded", place, &Json::is_object);
  return choice;
}

NotRebuilt::NotRebuilt(const Choice& recorded, std::string present)
    : std::runtime_error(recorded.operation + ": recorded " + words(recorded.library, recorded.algorithm) +
                         ", present " + present),
      operation_(recorded.operation),
      recorded_(words(recorded.library, recorded.algorithm)),
      present_(std::move(present)) {}

std::string key_text(std::string_view operation, std::initializer_list<KeyPart> parts, Precision precision) {
  std::string text(operation);
  for (const KeyPart& part : parts) text += " " + std::string(part.word) + std::to_string(part.value);
  return text + " " + std::string(name(precision));
}

}  // namespace kernels::fast
