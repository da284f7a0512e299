// What stands on a terminal, a real one (a pseudo-terminal), and the same without one.
#include <fmt/format.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

namespace {

// `sweep ARGUMENTS` with a terminal of so many columns and 24 rows as all three streams; what it wrote there.
Said on_terminal(const Workplace& place, const std::string& arguments, unsigned short columns = 100,
                 const std::string& environment = "") {
  const std::string command = fmt::format("cd '{}' && exec env -i PATH=\"$PATH\" TERM=xterm {} '{}/bin/sweep' {}",
                                          place.path().string(), environment, SWEEP_BINARY_DIR, arguments);
  winsize size{24, columns, 0, 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  Said said;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(terminal, buffer.data(), buffer.size())) > 0;)
    said.out.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  said.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

constexpr char kEnter[] = "\x1b[?1049h", kLeave[] = "\x1b[?1049l";

}  // namespace

TEST_CASE("on a terminal a running sweep shows its slots, and the table at its end fits") {
  // Longer than the display waits between two events that end no trial.
  const Shop shop(
      "#!/bin/sh\nfor a; do case $a in --x=*) x=${a#*=} ;; esac; done\necho loss=$x.5\nsleep 0.2\necho loss=$x.25\n");
  const Said said = on_terminal(shop, "run sweep.json --slots 1", 60);
  INFO(said.out);
  CHECK(said.code == 0);
  CHECK(has(said.out, "cpu:0  #0"));
  CHECK(has(said.out, "[###.......] 1/3"));
  const std::string table = said.out.substr(said.out.rfind("\x1b[J") + 3);
  CHECK(table.starts_with("sweep "));
  CHECK(has(table, "\x1b[1m   1  "));
  for (std::size_t at = 0, end = 0; at < table.size(); at = end + 2) {
    end = std::min(table.find("\r\n", at), table.size());
    CHECK(end - at <= 60 + 8);  // the best row is bold
  }
}

TEST_CASE("no colour reaches a terminal that asked for none") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(has(on_terminal(shop, "report").out, "\x1b[1m"));
  CHECK_FALSE(has(on_terminal(shop, "report", 100, "NO_COLOR=1").out, "\x1b"));
  CHECK_FALSE(has(on_terminal(shop, "report --no-color").out, "\x1b"));
  CHECK_FALSE(has(shop.sweep("report").out, "\x1b"));
}

TEST_CASE("a watched report is drawn on the other screen and stays on the usual one when nobody runs the sweep") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const Said said = on_terminal(shop, "report --watch");
  INFO(said.out);
  CHECK(said.code == 0);
  CHECK(said.out.starts_with(kEnter));
  const std::size_t left = said.out.find(kLeave);
  REQUIRE(left != std::string::npos);
  CHECK(has(said.out.substr(0, left), "rank  trial"));
  CHECK(has(said.out.substr(left), "rank  trial"));
  const Said plain = shop.sweep("report --watch");
  CHECK(plain.code == 0);
  CHECK(plain.out.starts_with("==> 20"));
  CHECK(plain.out.substr(plain.out.find('\n') + 1) == shop.sweep("report").out);
}

TEST_CASE("a watch goes on while the sweep runs, and ends when it is asked to") {
  const Shop shop(R"(#!/bin/sh
echo loss=1
[ -e asked ] && exit 0
: >asked
$PROGRAM report --watch >watched.txt &
for i in $(seq 1000); do grep -q "1 running" watched.txt && break; sleep 0.01; done
kill -TERM $!
wait $!
echo $? >code.txt
)");
  const Said said = shop.sweep("run sweep.json --slots 1", "PROGRAM=" + std::string(SWEEP_BINARY_DIR) + "/bin/sweep");
  INFO(said.err);
  CHECK(said.code == 0);
  CHECK(shop.read("code.txt") == "143\n");
  CHECK(has(shop.read("watched.txt"), "3 trials: 1 running, 2 waiting\n"));
}

TEST_CASE("what cannot be watched is refused, and a watch of an interrupted sweep says how to go on") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(shop.sweep("report --watch --format csv").err == "--watch: shows a table, leave --format and --json out\n");
  CHECK(shop.sweep("report --watch --output a.txt").err == "--watch: writes to no file, leave --output out\n");
  CHECK(shop.sweep("report --watch --output a.txt").code == 2);
  shop.sql("DELETE FROM events WHERE trial_index = 2");
  shop.sql("DELETE FROM trials WHERE trial_index = 2");
  const Said said = shop.sweep("report --watch");
  CHECK(said.code == 0);
  CHECK(has(said.err, "nobody runs sweep "));
  CHECK(has(said.err, " now: go on with `sweep resume "));
}

TEST_CASE("every format filters, sorts and cuts the same rows") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  const std::string options = " --filter 'x in (1, 3) and loss>1' --sort -loss --top 2";
  CHECK(shop.sweep("report --columns x,loss --format csv" + options).out == "x,loss\n3,3.25\n1,1.25\n");
  const core::Json json = core::parse_json(shop.sweep("report --json" + options).out, "report");
  REQUIRE(json["trials"].size() == 2);
  CHECK(json["trials"][0]["value"] == 3.25);
  CHECK(has(shop.sweep("report --columns x,loss" + options).out, "\nx    loss\n3  3.25\n1  1.25 *\n"));
  CHECK(has(shop.sweep("report --columns x,loss --format md" + options).out,
            "\n| x | loss |\n| ---: | ---: |\n| 3 | 3.25 |\n| 1 | **1.25** |\n"));
  CHECK(shop.sweep("report --filter 'los=1'").err ==
        "--filter:1:1: no column 'los', did you mean 'loss'?\n  los=1\n  ^\n");
  CHECK(shop.sweep("report --sort los").err == "--sort: no column 'los', did you mean 'loss'?\n");
  CHECK(shop.sweep("report --sort -loss own --format csv --columns index,x").out == "index,x\n0,3\n2,2\n1,1\n");
}
