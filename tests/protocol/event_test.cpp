// Event lines: what is written reads back to the bit, what is broken is quoted.
#include "tests/catch.h"

#include <bit>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "protocol/event.h"

using namespace protocol;

namespace {

Event round_trip(const Event& event) { return Event::parse(event.line(), "trial 1"); }

}  // namespace

TEST_CASE("every event reads back from its line") {
  Event event{0, Started{1, "sweep-trainer/1:ab", 40, {{"driver", "580"}}}, {}};
  CHECK(
      event.line() ==
      R"({"environment":{"driver":"580"},"event":"started","protocol":1,"resumed_from":40,"seq":0,"trainer":"sweep-trainer/1:ab"})");
  CHECK(round_trip(event).line() == event.line());

  event = {7, MetricValues{422, 1, {{"val_accuracy", 0.1}, {"train_loss", 2.0}}}, {}};
  CHECK(event.line() ==
        R"({"epoch":1,"event":"metric","seq":7,"step":422,"values":{"train_loss":2.0,"val_accuracy":0.1}})");
  CHECK(round_trip(event).line() == event.line());

  event = {8, Trace{3, 4, {"w0", "b0"}, {1, ~0ull, 3, 4}, {5, 6}}, {}};
  const auto trace = std::get<Trace>(round_trip(event).body);
  CHECK(trace.from == 3);
  CHECK(trace.tensors == std::vector<std::string>{"w0", "b0"});
  CHECK(trace.weights == std::vector<std::uint64_t>{1, ~0ull, 3, 4});
  CHECK(trace.batch == std::vector<std::uint64_t>{5, 6});

  event = {9, Checkpoint{422, "last", "last-422.ckpt", "ab"}, {}};
  CHECK(round_trip(event).line() == event.line());
  event = {10, Finished{Outcome::kDiverged, "cd", 5}, {}};
  CHECK(round_trip(event).line() == event.line());
}

TEST_CASE("metrics that are not finite are words, and keep their sign") {
  const double inf = std::numeric_limits<double>::infinity();
  const Event event{0, MetricValues{1, {}, {{"a", std::nan("")}, {"b", inf}, {"c", -inf}, {"d", -0.0}}}, {}};
  CHECK(event.line() ==
        R"({"event":"metric","seq":0,"step":1,"values":{"a":"NaN","b":"Infinity","c":"-Infinity","d":-0.0}})");
  const auto back = std::get<MetricValues>(round_trip(event).body);
  CHECK(std::isnan(back.values.at("a")));
  CHECK(back.values.at("b") == inf);
  CHECK(back.values.at("c") == -inf);
  CHECK(std::signbit(back.values.at("d")));
}

TEST_CASE("unknown events and fields are kept") {
  const std::string line = R"({"event":"weather","seq":3,"sky":["blue",1.5]})";
  const Event event = Event::parse(line, "trial 1");
  CHECK(event_name(event) == "weather");
  CHECK(event.line() == line);
  const std::string metric = R"({"event":"metric","seq":0,"step":1,"values":{},"wall":2.5})";
  CHECK(Event::parse(metric, "trial 1").line() == metric);
}

TEST_CASE("a broken line is refused with its place and quoted") {
  const auto message = [](std::string_view line) {
    try {
      Event::parse(line, "trial 7 attempt 0");
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message("{\"event\":") == "trial 7 attempt 0: event line: not valid JSON, the line is: {\"event\":");
  CHECK(message("[1]") == "trial 7 attempt 0: event line: not a JSON object, the line is: [1]");
  CHECK(message("{\"seq\":0}") == "trial 7 attempt 0: event line: no field 'event', the line is: {\"seq\":0}");
  CHECK(message(R"({"event":"metric","seq":-1})") ==
        "trial 7 attempt 0: event line: field 'seq' is not a whole number ≥ 0, the line is: "
        "{\"event\":\"metric\",\"seq\":-1}");
  CHECK(message(R"({"event":"metric","seq":0,"step":1,"values":{"a":"1"}})")
            .find("metric 'a' is not a number, \"NaN\", \"Infinity\" or \"-Infinity\"") != std::string::npos);
  CHECK(message(R"({"event":"finished","seq":0,"outcome":"done"})")
            .find("outcome 'done' is not one of completed, diverged, stopped") != std::string::npos);
  CHECK(message(R"({"event":"trace","seq":0,"from":1,"to":2,"tensors":["w"],"weights":"","batch":""})")
            .find("the fingerprints do not fit") != std::string::npos);
  CHECK(message(R"({"event":"trace","seq":0,"from":1,"to":18446744073709551615,"tensors":[],"weights":"","batch":""})")
            .find("the fingerprints do not fit") != std::string::npos);
  CHECK(message(std::string(kMaxEventBytes + 1, 'x')).find("longer than 65536 bytes") != std::string::npos);
}

TEST_CASE("packed numbers are base64 of eight bytes each, lowest first") {
  CHECK(pack_u64({}).empty());
  CHECK(pack_u64({1}) == "AQAAAAAAAAA=");
  for (std::size_t count : {0, 1, 2, 3, 4, 5, 100}) {
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(0x9E3779B97F4A7C15ull * (i + 1));
    CHECK(unpack_u64(pack_u64(numbers), "x") == numbers);
  }
  for (const char* bad : {"A", "AAAA", "AQAAAAAAAA==", "****"}) CHECK_THROWS_AS(unpack_u64(bad, "x"), core::UserError);
}

TEST_CASE("a full trace event fits into one line") {
  for (const std::size_t tensors : {1, 6, 100, 500}) {
    const std::uint64_t steps = trace_steps_per_line(tensors);
    Trace trace{
        1, steps, {}, std::vector<std::uint64_t>(steps * tensors, ~0ull), std::vector<std::uint64_t>(steps, ~0ull)};
    for (std::size_t i = 0; i < tensors; ++i) trace.tensors.push_back("w" + std::to_string(i));
    CHECK(Event{0, trace, {}}.line().size() <= kMaxEventBytes);
  }
}
