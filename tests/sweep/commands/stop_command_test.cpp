// sweep stop, cancel and list, as a user in another terminal types them. The trials do the typing: so it happens at a
// moment that is known, and nothing waits by the clock.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace {

using core::Json;

// A program whose trial with x = 3, the first, types `lines`; $SWEEP is the program under test.
std::string typing(const std::string& lines) {
  return "#!/bin/sh\nfor a; do case $a in --x=*) x=${a#*=} ;; esac; done\necho loss=$x.5\n"
         "[ -e asked ] || { : >asked; " +
         lines + "; }\necho loss=$x.25\n";
}

std::string program() { return std::string(SWEEP_BINARY_DIR) + "/bin/sweep"; }
Said run(const Shop& shop, const std::string& arguments = "run sweep.json --slots 1") {
  return shop.sweep(arguments, "PROGRAM=" + program());
}

Json listed(const Shop& shop) { return core::parse_json(shop.sweep("list --json").out, "list").at("sweeps").at(0); }

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  return text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end));
}

}  // namespace

TEST_CASE("sweep stop lets the running trial end, starts no other, and the sweep can be gone on with") {
  const Shop shop(typing("$PROGRAM stop --no-wait --json >stop.json; $PROGRAM list --json >list.json"));
  const Said said = run(shop);
  INFO(said.err);
  CHECK(said.code == 143);
  CHECK(has(said.err, "stopping (asked by `sweep stop`, process "));
  CHECK(has(said.err, "): no new trial starts, 1 running trial goes on to its end; "));
  const Json listing = core::parse_json(shop.read("list.json"), "list").at("sweeps").at(0);
  CHECK(listing.at("state") == "running");
  CHECK(listing.at("running") == 1);
  const std::string id = listing.at("id");
  CHECK(last_line(said.err) == "interrupted: 1 of 3 trials have ended; go on with `sweep resume " + id + "`");
  const Json stop = core::parse_json(shop.read("stop.json"), "stop");
  CHECK(stop.at("state") == "asked");
  CHECK(stop.at("sweep") == id);
  CHECK(stop.at("controller") == listing.at("controller"));
  CHECK(stop.at("running") == Json::array({0}));
  CHECK(stop.at("wanted") == 3);

  CHECK(shop.trial(0).at("outcome") == "completed");
  CHECK(listed(shop).at("state") == "paused");
  CHECK(listed(shop).at("best").at("value") == 3.25);
  CHECK(run(shop, "resume").code == 0);
  CHECK(listed(shop).at("state") == "finished");
  CHECK(listed(shop).at("ended") == 3);
}

TEST_CASE("sweep cancel asks the running trial to end, and with --now kills one that would not") {
  for (const char* line :
       {"$PROGRAM cancel --no-wait >/dev/null; exec sleep 600",
        "trap '' TERM; $PROGRAM cancel --now --no-wait >/dev/null; while :; do sleep 600; done",
        "$PROGRAM stop --no-wait >/dev/null; $PROGRAM cancel --no-wait >/dev/null; exec sleep 600"}) {
    const Shop shop(typing(line));
    const Said said = run(shop);
    INFO(said.err);
    CHECK(said.code == 143);
    CHECK(has(said.err, "asked by `sweep cancel`, process "));
    const Json shown = core::parse_json(shop.sweep("show '#0' --json").out, "show");
    CHECK(shown.at("attempts").at(0).at("outcome") == "cancelled");
    CHECK(shown.at("attempts").at(0).at("seconds") < 9.0);
    CHECK(listed(shop).at("state") == "paused");
    CHECK(run(shop, "resume").code == 0);
  }
}

TEST_CASE("sweep stop waits for the end and says for what") {
  // The trial ends when it is waited for, and not before.
  const Shop shop(typing(": >began; until grep -q 'waiting for' stop.err; do :; done"));
  const Said said = shop.sweep("run sweep.json --slots 1 >run.out 2>run.err & cd '" + shop.path().string() +
                               "'; : >stop.err; until [ -e began ]; do :; done; { " + program() +
                               " stop 2>stop.err; code=$?; cat stop.err >&2; (exit $code); }");
  CHECK(said.code == 0);
  const std::string id = listed(shop).at("id");
  CHECK(said.out == "sweep " + id + ": stopped, 1 of 3 trials have ended; go on with `sweep resume " + id + "`\n");
  CHECK(said.err.starts_with("asked process "));
  CHECK(has(said.err, " to start no new trial\nwaiting for 1 running trial: #0\n"));
  CHECK(listed(shop).at("state") == "paused");
}

TEST_CASE("a sweep that does not run is no error to stop: it says how far it is, and one that is not there is") {
  const Shop shop;
  CHECK(run(shop).code == 0);
  const std::string id = listed(shop).at("id");
  for (const char* verb : {"stop", "cancel", "cancel --now", "stop own"}) {
    const Said said = shop.sweep(verb);
    CHECK(said.code == 0);
    CHECK(said.out == "sweep " + id + ": finished, 3 of 3 trials have ended\n");
    CHECK(said.err.empty());
  }
  const Said unknown = shop.sweep("stop nobody");
  CHECK(unknown.code == 2);
  CHECK(unknown.err == "nobody: no such sweep, `sweep list` shows them\n");
}

TEST_CASE("where two sweeps run, sweep stop wants to know which") {
  // The trial of the first sweep runs the second, whose trial asks.
  const Shop shop(typing("$PROGRAM run other.json >other.out 2>other.err"));
  shop.program("other.sh", "#!/bin/sh\n$PROGRAM stop >stop.out 2>stop.err; echo $? >stop.code\necho loss=1\n");
  shop.write("other.json", R"({"method": "grid", "name": "other", "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./other.sh"], "parameters": {"y": {"value": 1}}})");
  const Said said = run(shop);
  INFO(said.err + shop.read("other.err"));
  CHECK(shop.read("stop.code") == "2\n");
  const std::string message = shop.read("stop.err");
  CHECK(message.starts_with("SWEEP: 2 sweeps run here, name one: "));
  const Json sweeps = core::parse_json(shop.sweep("list --json").out, "list").at("sweeps");
  REQUIRE(sweeps.size() == 2);
  for (const Json& sweep : sweeps) CHECK(has(message, sweep.at("id").get<std::string>()));
}

TEST_CASE("progress under --json tells attempts, who asked to halt, the exit code, and how to go on") {
  const Shop shop(typing("$PROGRAM cancel --no-wait >/dev/null; exec sleep 600"));
  const Said said = run(shop, "run sweep.json --slots 1 --json");
  std::vector<Json> lines;
  std::istringstream text(said.err);
  for (std::string line; std::getline(text, line);) lines.push_back(core::parse_json(line, "progress"));
  std::string kinds;
  for (const Json& line : lines) kinds += line.at("progress").get<std::string>() + " ";
  CHECK(kinds == "started attempt halt note end ");
  CHECK(lines[1].at("reason") == "next in order");
  CHECK(lines[2].at("halt") == "stop");
  CHECK(has(lines[2].at("who"), "`sweep cancel`, process "));
  CHECK(lines[4].at("exit_code") == 143);
  CHECK(lines[4].at("ended") == 0);
  CHECK(lines[4].at("wanted") == 3);
  CHECK(has(lines[4].at("go_on"), "sweep resume "));
  const Said resumed = run(shop, "resume --slots 1 --json");
  CHECK(has(resumed.err, R"("progress":"attempt","reason":"was interrupted; )"));
  CHECK(core::parse_json(last_line(resumed.err), "progress").at("go_on").is_null());
}

TEST_CASE("sweep list knows a sweep whose controller died from one that was stopped") {
  const Shop shop(typing("kill -9 $PPID; sleep 600"));
  shop.sweep("run sweep.json --slots 1", "sh -c '\"$@\"; exit $?' sh");
  CHECK(listed(shop).at("state") == "unfinished");
  CHECK(listed(shop).at("running") == 0);
  CHECK(listed(shop).at("outcomes") == Json{{"waiting", 3}});
  CHECK(has(shop.sweep("show '#0'").out, "ran when its controller died; `sweep resume "));
  CHECK(run(shop, "resume --slots 1").code == 0);
  CHECK(listed(shop).at("outcomes") == Json{{"completed", 3}});
}
