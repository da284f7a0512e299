// sweep replay on trials that really ran: identical, different, refused.
#include <cmath>

#include "core/json.h"
#include "protocol/event.h"
#include "tests/catch.h"
#include "tests/sweep/commands/program.h"

using core::Json;

TEST_CASE("every trial of a sweep replays identically, and the store remembers it") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  for (const std::string& id : ids) {
    const Said said = place.sweep("replay " + id);
    INFO(said.err);
    CHECK(said.code == 0);
    CHECK(said.out.starts_with("identical: trial " + id + " (recorded on cpu, replayed on cpu in "));
    CHECK(said.out.find("the digest of the final weights\n") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place.path() / "runs/trials" / id / "replay-0"));
  }
  const Json replayed = core::parse_json(place.sweep("replay best --json").out, "replay");
  CHECK(replayed["verdict"] == "identical");
  CHECK(replayed["compared"]["steps"].get<int>() > 0);
  CHECK(replayed["compared"]["metrics"].get<int>() >= 6);
  CHECK(replayed["compared"]["digests"] == 1);
  const Json shown = core::parse_json(place.sweep("show best --json").out, "show");
  CHECK(shown["replays"].size() == 2);
  CHECK(shown["replays"][0]["verdict"] == "identical");
}

TEST_CASE("one bit of a stored fingerprint, or of a stored metric, is found and its step is named") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  const std::string before = place.sweep("report --format csv").out;

  protocol::Event event = protocol::Event::parse(place.event_line("trace", 0), "test");
  auto& trace = std::get<protocol::Trace>(event.body);
  REQUIRE(trace.steps() >= 3);
  trace.weights[2 * trace.tensors.size() + 1] ^= std::uint64_t{1} << 17;
  place.set_event_line("trace", 0, event.line());
  const Said said = place.sweep("replay '#0'");
  CHECK(said.code == 3);
  CHECK(said.out.starts_with("different: trial " + ids[0]));
  CHECK(said.out.find("\nstep 3: weights of " + trace.tensors[1] + ": recorded 0x") != std::string::npos);
  CHECK(said.out.find("\nkept: ") != std::string::npos);

  protocol::Event metric = protocol::Event::parse(place.event_line("metric", 1), "test");
  auto& values = std::get<protocol::MetricValues>(metric.body);
  values.values.at("train_loss") = std::nextafter(values.values.at("train_loss"), 1e9);
  place.set_event_line("metric", 1, metric.line());
  const Said differing = place.sweep("replay '#1' --all");
  CHECK(differing.code == 3);
  CHECK(differing.out.find("\nstep " + std::to_string(values.step) + ": metric train_loss: recorded ") !=
        std::string::npos);
  CHECK(differing.out.find(", 1 ulp apart\n") != std::string::npos);
  CHECK(place.sweep("report --format csv").out == before);
}

TEST_CASE("a data file changed by one byte is refused with both digests") {
  const Workplace place;
  place.run_points();
  std::string points = place.read("points.csv");
  points[0] = points[0] == '0' ? '1' : '0';
  place.write("points.csv", points);
  const Said said = place.sweep("replay '#0'");
  CHECK(said.code == 2);
  CHECK(said.out.empty());
  // Two digests of 64 digits stand in the message.
  std::size_t digests = 0, run = 0;
  for (const char c : said.err + " ") {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!hex && run == 64) ++digests;
    run = hex ? run + 1 : 0;
  }
  CHECK(digests == 2);
}

TEST_CASE("a result that another sweep reused is replayed against the record of the trial that ran") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  std::string longer = place.read("points.json");
  longer.replace(longer.find("0.01"), 4, "0.01,0.02");
  place.write("longer.json", longer);
  REQUIRE(place.sweep("run longer.json").code == 0);
  const Json shown = core::parse_json(place.sweep("show '#0' --json").out, "show");
  CHECK(shown["trial"] == ids[0]);
  CHECK(shown["reused_from"].is_string());
  CHECK(shown["history"].size() == 2);
  CHECK(place.sweep("replay '#0'").code == 0);
}

TEST_CASE("without the device that was asked for, nothing is claimed") {
  const Workplace place;
  place.run_points();
  const Said said = place.sweep("replay '#0' --device cuda");
  if (said.code == 0) return;  // there is a GPU, and it is identical there too
  CHECK(said.code == 4);
  CHECK(said.out.empty());
}
