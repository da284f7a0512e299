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
