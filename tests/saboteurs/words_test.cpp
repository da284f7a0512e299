// What --locate, --against and --trainer say where nobody has done anything wrong, or nothing can be found out.
#include "protocol/event.h"
#include "tests/catch.h"
#include "tests/sweep/commands/program.h"

namespace {

bool holds(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("two builds that compute the same are called identical, and so is a replay that was to be located") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  const Said same = place.sweep("replay '#0' --against " HONEST_TRAINER);
  CHECK(same.code == 0);
  CHECK(same.out.starts_with("identical: trial " + ids[0] + " in two programs\ncompared: "));
  const Said replayed = place.sweep("replay '#0' --locate --trainer " HONEST_TRAINER);
  CHECK(replayed.code == 0);
  holds(replayed.out, "\ntrainer: " HONEST_TRAINER "\n");
  CHECK(replayed.out.find("located") == std::string::npos);
}

TEST_CASE("a recorded fingerprint that no training gives is located and called not explained") {
  const Workplace place;
  place.run_points();
  protocol::Event event = protocol::Event::parse(place.event_line("trace", 0), "test");
  auto& trace = std::get<protocol::Trace>(event.body);
  trace.weights[2 * trace.tensors.size() + 1] ^= std::uint64_t{1} << 17;
  place.set_event_line("trace", 0, event.line());
  const Said said = place.sweep("replay '#0' --locate");
  CHECK(said.code == 3);
  holds(said.out, "\nlocated: step 3 (epoch 1): the batch is as recorded; the weights of " + trace.tensors[1] +
                      " (1 of 4 tensors) differ\nnot explained: none of ");
  holds(said.out, "\ntwo programs are compared tensor by tensor with --against BINARY\n");
}

TEST_CASE("a binary that is no trainer, and a flag without its trial, are refused in words") {
  const Workplace place;
  place.run_points();
  const Said other = place.sweep("replay '#0' --against /bin/true");
  CHECK(other.code == 4);
  CHECK(other.err == "/bin/true: does not answer --describe, name a build of sweep-trainer\n");
  for (const char* flag : {"--trainer", "--against"}) {
    const Said nowhere = place.sweep(std::string("replay '#0' ") + flag + " ./nowhere");
    CHECK(nowhere.code == 2);
    CHECK(nowhere.err == "./nowhere: is no file, name a build of sweep-trainer\n");
  }
  CHECK(place.sweep("replay --all --locate").err == "--locate: is for one trial, name it\n");
}
