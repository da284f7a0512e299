// Event lines, both ways; see event.h.
#include "protocol/event.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/object_text.h"

namespace protocol {
namespace {

using core::Json;

// Takes the known fields out of a line's object; what is left is `extra`.
class Fields {
 public:
  Fields(Json object, std::string_view line, std::string_view place)
      : object_(std::move(object)), line_(line), place_(place) {}

  template <class T>
  T take(const char* key) {
    auto value = take_optional<T>(key);
    if (!value) fail(std::string("no field '") + key + "'");
    return *std::move(value);
  }

  template <class T>
  std::optional<T> take_optional(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return std::nullopt;
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (!found->is_number_unsigned() || found->template get<std::uint64_t>() > kMaxStep)
        fail(std::string("field '") + key + "' is not a whole number from 0 to 2^63-1");
    }
    try {
      T value = taken<T>(*found);
      object_.erase(found);
      return value;
    } catch (const Json::exception&) {
      fail(std::string("field '") + key + "' is of the wrong type");
    }
  }

  [[noreturn]] void fail(const std::string& problem) const {
    std::string quoted(line_.substr(0, 120));
    if (line_.size() > 120) quoted += "…";
    throw core::UserError(std::string(place_), "event line: " + problem, "the line is: " + quoted);
  }

  Json rest() { return std::move(object_); }

 private:
  template <class T>
  static T taken(Json& value) {
    if constexpr (std::is_same_v<T, Json>)
      return std::move(value);
    else if constexpr (std::is_same_v<T, std::string>)
      return std::move(value.get_ref<std::string&>());
    else
      return value.get<T>();
  }

  Json object_;
  std::string_view line_;
  std::string_view place_;
};

// Python's json.dumps writes NaN, Infinity and -Infinity, which no JSON has: each becomes the text that stands for it.
std::string with_quoted_words(std::string_view line) {
  constexpr std::string_view kWords[] = {"-Infinity", "Infinity", "NaN"};
  std::string text;
  bool in_string = false;
  for (std::size_t at = 0; at < line.size();) {
    const auto word = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](std::string_view w) { return line.substr(at).starts_with(w); });
    if (!in_string && word != std::end(kWords)) {
      text += '"' + std::string(*word) + '"';
      at += word->size();
      continue;
    }
    if (in_string && line[at] == '\\' && at + 1 < line.size())
      text += line[at++];  // what is escaped ends no text
    else if (line[at] == '"')
      in_string = !in_string;
    text += line[at++];
  }
  return text;
}

// What is nested deeper than any event is not kept: a destructor or a writer of it would recurse as deep.
Json parse_shallow(std::string_view line, bool& too_deep) {
  const auto opens = std::count_if(line.begin(), line.end(), [](char c) { return c == '{' || c == '['; });
  if (opens <= kMaxEventDepth) return Json::parse(line, nullptr, /*allow_exceptions=*/false);  // the faster way
  const auto keep = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxEventDepth;
    return depth <= kMaxEventDepth;
  };
  return Json::parse(line, keep, /*allow_exceptions=*/false);
}

Json metric_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return value;
}

double parse_metric_number(const Json& json, const std::string& name, const Fields& fields) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  fields.fail("metric '" + name + "' is not a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
}

// The outcome a trainer says is completed, diverged or stopped; `stopped` is pruned to the controller.
std::string_view finished_word(Outcome outcome) { return outcome == Outcome::kPruned ? "stopped" : name(outcome); }

struct Writer {
  core::ObjectText& text;

  void operator()(const Started& e) const {
    text.add("protocol", e.protocol).add("trainer", e.trainer).add("resumed_from", e.resumed_from);
    text.add("environment", e.environment);
  }
  void operator()(const MetricValues& e) const {
    text.add("step", e.step);
    if (e.epoch) text.add("epoch", *e.epoch);
    Json values = Json::object();
    for (const auto& [name, value] : e.values) values[name] = metric_number(value);
    text.add("values", values);
  }
  void operator()(const Trace& e) const {
    text.add("from", e.from).add("to", e.to).add("tensors", e.tensors);
    text.add("weights", pack_u64(e.weights)).add("batch", pack_u64(e.batch));
  }
  void operator()(const Checkpoint& e) const {
    text.add("step", e.step).add("kind", e.kind).add("file", e.file).add("sha256", e.sha256);
  }
  void operator()(const Finished& e) const {
    text.add("outcome", finished_word(e.outcome)).add("weights_sha256", e.weights_sha256).add("step", e.step);
  }
  void operator()(const OtherEvent&) const {}
};

Started parse_started(Fields& fields) {
  Started e;
  const std::uint64_t version = fields.take_optional<std::uint64_t>("protocol").value_or(1);
  e.protocol = static_cast<int>(std::min<std::uint64_t>(version, std::numeric_limits<int>::max()));
  e.trainer = fields.take_optional<std::string>("trainer").value_or("");
  e.resumed_from = fields.take_optional<std::uint64_t>("resumed_from").value_or(0);
  e.environment = fields.take_optional<Json>("environment").value_or(Json::object());
  return e;
}

MetricValues parse_metric(Fields& fields) {
  MetricValues e;
  e.step = fields.take<std::uint64_t>("step");
  e.epoch = fields.take_optional<std::uint64_t>("epoch");
  const Json values = fields.take<Json>("values");
  if (!values.is_object()) fields.fail("field 'values' is not an object");
  for (const auto& [name, value] : values.items()) e.values[name] = parse_metric_number(value, name, fields);
  return e;
}

Trace parse_trace(Fields& fields, std::string_view place) {
  Trace e;
  e.from = fields.take<std::uint64_t>("from");
  e.to = fields.take<std::uint64_t>("to");
  e.tensors = fields.take<std::vector<std::string>>("tensors");
  e.weights = unpack_u64(fields.take<std::string>("weights"), place);
  e.batch = unpack_u64(fields.take<std::string>("batch"), place);
  if (e.to < e.from || e.to - e.from >= kMaxEventBytes || e.batch.size() != e.steps() ||
      e.weights.size() != e.steps() * e.tensors.size())
    fields.fail("the fingerprints do not fit 'from', 'to' and 'tensors'");
  return e;
}

Checkpoint parse_checkpoint(Fields& fields) {
  Checkpoint e{fields.take<std::uint64_t>("step"), fields.take<std::string>("kind"), fields.take<std::string>("file"),
               fields.take<std::string>("sha256")};
  const bool plain = !e.file.empty() && e.file != "." && e.file != ".." &&
                     e.file.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  if (!plain) fields.fail("'file' is no name inside of SWEEP_CHECKPOINT_DIR");
  return e;
}

Finished parse_finished(Fields& fields) {
  Finished e;
  const std::string word = fields.take<std::string>("outcome");
  if (word == "completed")
    e.outcome = Outcome::kCompleted;
  else if (word == "diverged")
    e.outcome = Outcome::kDiverged;
  else if (word == "stopped")
    e.outcome = Outcome::kPruned;
  else
    fields.fail("outcome '" + word + "' is not one of completed, diverged, stopped");
  e.weights_sha256 = fields.take_optional<std::string>("weights_sha256").value_or("");
  e.step = fields.take_optional<std::uint64_t>("step").value_or(0);
  return e;
}

struct Namer {
  std::string_view operator()(const Started&) const { return "started"; }
  std::string_view operator()(const MetricValues&) const { return "metric"; }
  std::string_view operator()(const Trace&) const { return "trace"; }
  std::string_view operator()(const Checkpoint&) const { return "checkpoint"; }
  std::string_view operator()(const Finished&) const { return "finished"; }
  std::string_view operator()(const OtherEvent& e) const { return e.name; }
};

}  // namespace

std::string_view event_name(const Event& event) { return std::visit(Namer{}, event.body); }

std::string Event::line() const {
  core::ObjectText text;
  text.add_members(extra).add("event", event_name(*this)).add("seq", seq);
  std::visit(Writer{text}, body);
  return text.text();
}

Event Event::parse(std::string_view line, std::string_view place) {
  Fields fields(Json::object(), line, place);
  if (line.size() > kMaxEventBytes) fields.fail("longer than 65536 bytes");
  bool too_deep = false;
  Json json = parse_shallow(line, too_deep);
  if (json.is_discarded() && !too_deep) json = parse_shallow(with_quoted_words(line), too_deep);
  if (too_deep) fields.fail("lists and objects stand more than " + std::to_string(kMaxEventDepth) + " levels deep");
  if (json.is_discarded()) fields.fail("not valid JSON");
  if (!json.is_object()) fields.fail("not a JSON object");
  fields = Fields(std::move(json), line, place);

  Event event;
  const std::string name = fields.take<std::string>("event");
  event.seq = fields.take<std::uint64_t>("seq");
  if (name == "started") {
    event.body = parse_started(fields);
  } else if (name == "metric") {
    event.body = parse_metric(fields);
  } else if (name == "trace") {
    event.body = parse_trace(fields, place);
  } else if (name == "checkpoint") {
    event.body = parse_checkpoint(fields);
  } else if (name == "finished") {
    event.body = parse_finished(fields);
  } else {
    event.body = OtherEvent{name};
  }
  event.extra = fields.rest();
  return event;
}

std::uint64_t trace_steps_per_line(std::size_t tensors) {
  // Base64 takes 4 bytes for 3; 8 KiB are left for the names and the rest of the line.
  const std::uint64_t bytes_a_step = (8 * (tensors + 1) * 4 + 2) / 3;
  return std::max<std::uint64_t>(1, (kMaxEventBytes - 8 * 1024) / bytes_a_step);
}

std::uint64_t steps_that_fit(const Trace& trace, std::uint64_t seq) {
  const Trace without_numbers{trace.from, trace.to, trace.tensors, {}, {}};
  const std::size_t rest = Event{seq, without_numbers, {}}.line().size();
  const auto fits = [&](std::uint64_t steps) {
    const auto packed = [](std::uint64_t numbers) { return (8 * numbers + 2) / 3 * 4; };
    return rest + packed(steps * trace.tensors.size()) + packed(steps) <= kMaxEventBytes;
  };
  std::uint64_t steps = trace.steps();
  while (steps > 1 && !fits(steps)) --steps;
  return steps;
}

std::string pack_u64(const std::vector<std::uint64_t>& numbers) {
  std::string bytes;
  bytes.reserve(8 * numbers.size());
  for (const std::uint64_t number : numbers)
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(number >> shift);
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::vector<std::uint64_t> unpack_u64(std::string_view text, std::string_view place) {
  const auto fail = [&]() -> core::UserError {
    return core::UserError(std::string(place), "event line: packed numbers are not valid base64 of 8-byte numbers");
  };
  if (text.size() % 4 != 0) throw fail();
  std::string bytes(3 * (text.size() / 4), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) throw fail();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;  // decoded as zero bytes
  bytes.resize(static_cast<std::size_t>(length) - padding);
  if (bytes.size() % 8 != 0) throw fail();
  std::vector<std::uint64_t> numbers(bytes.size() / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    numbers[i / 8] |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
  return numbers;
}

}  // namespace protocol
