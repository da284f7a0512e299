// sweep report --format html, as a user types it. What stands in a page is tested in tests/sweep/html.
#include "core/files.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

TEST_CASE("a report as HTML has trials, curves, attempts and the record of the sweep, the same bytes each time") {
  const Shop shop("#!/bin/sh\nfor i in 1 2 3; do echo \"step=$i loss=1.$i\"; done\n");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const Said said = shop.sweep("report --format html --output page.html");
  CHECK(said.code == 0);
  CHECK(said.out == "");
  const std::string page = core::read_file(shop.path() / "page.html");
  CHECK(page.starts_with("<!doctype html>\n"));
  CHECK(page.ends_with("</html>\n"));
  const core::Json json = core::parse_json(shop.sweep("report --json").out, "report");
  CHECK(has(page, json["sweep"]["id"].get<std::string>()));
  for (const core::Json& trial : json["trials"]) CHECK(has(page, trial["trial"].get<std::string>().substr(0, 8)));
  for (const char* title : {"Metric curves", "Timeline", "Replays"}) CHECK(has(page, std::string(title) + "</h2>"));
  CHECK(has(page, "finished, 3 of 3 trials have ended"));
  CHECK(has(page, "sweep file, SHA-256"));
  CHECK(shop.sweep("report --format html").out == page);
}

TEST_CASE("a page names the host only where it is asked to, and says that --top left rows out") {
  const Shop shop("#!/bin/sh\necho loss=1\n");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string host = "<th scope=\"row\">host</th>";
  CHECK(!has(shop.sweep("report --format html").out, host));
  CHECK(has(shop.sweep("report --format html --with host").out, host));
  CHECK(has(shop.sweep("report --format html --top 1").out, "The first 1 of 3 trials are shown."));
}

TEST_CASE("columns, filter, sort and top act in every format, and what no column is called is refused in each") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json --slots 1").code == 0);
  const std::string flags = " --filter 'x in (2, 3)' --sort -x --top 1 --columns x,outcome";
  CHECK(shop.sweep("report --format csv" + flags).out == "x,outcome\n3,completed\n");
  CHECK(has(shop.sweep("report --format md" + flags).out, ". Sorted by -x. "));
  CHECK(has(shop.sweep("report --format md" + flags).out, "| x | outcome |\n| ---: | --- |\n| 3 | completed |\n"));
  CHECK(has(shop.sweep("report" + flags).out, "\nx  outcome\n3  completed\n"));
  const core::Json json = core::parse_json(shop.sweep("report --json" + flags).out, "report");
  CHECK(json["trials"] == core::Json::array({{{"x", 3}, {"outcome", "completed"}}}));
  CHECK(json["columns"] == core::Json({"x", "outcome"}));
  const std::string page = shop.sweep("report --format html" + flags).out;
  CHECK(has(page, "2 of 3 trials meet <code>x in (2, 3)</code>. Sorted by -x. The first 1 of 2 trials are shown."));
  CHECK(has(page,
            "<th scope=\"col\">x</th><th scope=\"col\">outcome</th></tr></thead><tbody><tr><td>3</td>"
            "<td>completed</td></tr></tbody>"));
  for (const std::string format : {"table", "csv", "json", "md", "html"}) {
    CAPTURE(format);
    const auto refusal = [&](const std::string& wrong) {
      const Said said = shop.sweep("report --format " + format + " " + wrong);
      CHECK(said.code == 2);
      CHECK(said.out.empty());
      return said.err;
    };
    CHECK(has(refusal("--columns outcom"), "--columns: no column 'outcom', did you mean 'outcome'?"));
    CHECK(has(refusal("--sort outcom"), "--sort: no column 'outcom', did you mean 'outcome'?"));
    CHECK(has(refusal("--filter outcom=x"), "--filter:1:1: no column 'outcom', did you mean 'outcome'?"));
    CHECK(has(refusal("--output ''"), "--output: has an empty value, write --output FILE, or leave it out"));
  }
}

TEST_CASE("with repeats the best configuration is replayed as a whole, by the command that the reports give") {
  const Shop shop(kScript, R"({"method": "grid", "repeats": 3, "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1]}}})");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string trial = core::parse_json(shop.sweep("report --json").out, "report")["trials"][0]["trial"];
  const std::string command = "sweep replay " + trial + " --replicates";
  CHECK(has(shop.sweep("report").out, "\nreplay its 3 trials: " + command + "\n"));
  CHECK(has(shop.sweep("report --format html").out, "<code>" + command + "</code>"));
  const Said replayed = shop.sweep("replay " + trial + " --replicates --json");
  INFO(replayed.err);
  CHECK(replayed.code == 0);
  std::vector<int> indices;
  const core::Json json = core::parse_json(replayed.out, "replay");
  for (const core::Json& one : json["trials"]) indices.push_back(one["index"].get<int>());
  CHECK(indices == std::vector<int>{3, 4, 5});
  CHECK(shop.sweep("replay --all --replicates").err ==
        "--replicates: is of a TRIAL's configuration, name a trial of a sweep with repeats\n");
}
