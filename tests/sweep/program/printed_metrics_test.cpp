// Lines of output in, metric values out.
#include "sweep/program/printed_metrics.h"

#include <cmath>

#include "core/error.h"
#include "tests/catch.h"

namespace {

using sweep::PrintedMetrics;
using sweep::ReadMetrics;
using Format = ReadMetrics::Format;

/// "step epoch {values}", or nothing.
std::string say(const std::optional<protocol::MetricValues>& metric) {
  if (!metric) return "nothing";
  std::string text = std::to_string(metric->step) + (metric->epoch ? " e" + std::to_string(*metric->epoch) : "");
  for (const auto& [name, value] : metric->values) text += " " + name + "=" + core::format_double(value);
  return text;
}

}  // namespace

TEST_CASE("without read_metrics a line may be an object or hold pairs") {
  PrintedMetrics printed({}, "acc");
  CHECK(say(printed.add_line("hello")) == "nothing");
  CHECK(say(printed.add_line(R"({"acc": 0.5, "loss": 1})")) == "1 acc=0.5 loss=1.0");
  CHECK(say(printed.add_line("acc=0.75")) == "2 acc=0.75");
  CHECK(say(printed.add_line("acc: 0.8")) == "nothing");
  CHECK(say(printed.add_line("{broken acc=0.875")) == "3 acc=0.875");
  CHECK(say(printed.add_line("acc=nan")) == "4 acc=nan");
}

TEST_CASE("each format reads its own form alone") {
  PrintedMetrics json({Format::kJson, "", ""}, "acc"), equals({Format::kEquals, "", ""}, "acc"),
      colon({Format::kColon, "", ""}, "acc");
  CHECK(say(json.add_line("acc=0.5")) == "nothing");
  CHECK(say(json.add_line("{'acc': 0.5}")) == "1 acc=0.5");
  CHECK(say(equals.add_line("{\"acc\": 0.5}")) == "nothing");
  CHECK(say(equals.add_line("acc=0.5")) == "1 acc=0.5");
  CHECK(say(colon.add_line("acc=0.5")) == "nothing");
  CHECK(say(colon.add_line("10/10 [====] - 1s 5ms/step - loss: 0.25 - acc: 0.5000\n")) == "1 acc=0.5 loss=0.25");
}

TEST_CASE("a pattern reads its named groups, whatever else the line holds") {
  PrintedMetrics printed(
      {Format::kRegex, R"(Epoch\s+(?<epoch>\d+).*top-1 (?<acc>\S+?)%?(?: f1 (?<f1>\S+))?$)", "epoch"}, "acc");
  CHECK(say(printed.add_line("Epoch 3 loss=1 top-1 91.5%")) == "3 e3 acc=91.5");
  CHECK(say(printed.add_line("Epoch 4 top-1 92 f1 nan")) == "4 e4 acc=92.0 f1=nan");
  CHECK(say(printed.add_line("Epoch 5 top-1 high")) == "nothing");
  CHECK(say(printed.add_line("acc=1")) == "nothing");
  CHECK(say(printed.add_line("\xff Epoch 6 top-1 93 \xff")) == "nothing");
}

TEST_CASE("a group may bear a metric's name with slashes and dots, among groups without a name") {
  PrintedMetrics printed({Format::kRegex, R"((a|b) (?<val/top-1.acc>\S+) (\d+) (?<n>\d+))", ""}, "val/top-1.acc");
  CHECK(say(printed.add_line("x b 0.5 3 4")) == "1 n=4.0 val/top-1.acc=0.5");
}

TEST_CASE("a pattern that can read nothing is refused before anything runs") {
  const auto message = [](const char* pattern, const char* step = "") -> std::string {
    try {
      PrintedMetrics({Format::kRegex, pattern, step}, "acc");
      return "no error";
    } catch (const core::UserError& error) {
      return error.what();
    }
  };
  CHECK(message("(?<acc>.*)") == "no error");
  CHECK(message(R"(\(?<x>[(?<y>](?<acc>.*))") == "no error");
  CHECK(message(R"((x)(?:y)[^(](?P<acc>.*)\()") == "no error");
  CHECK(message("(?<acc>.*)|(?<acc>.)") ==
        "read_metrics.pattern: two groups of the pattern are named 'acc', give each a name of its own");
  CHECK(message("(?<acc>[0-9]+").starts_with("read_metrics.pattern: the pattern is no regular expression: missing )"));
  CHECK(message("[](?<acc>x]").starts_with("read_metrics.pattern: the pattern has no named group"));
  CHECK(message("(?<=x)(?<acc>.*)").starts_with("read_metrics.pattern: the pattern is no regular expression: "));
  CHECK(message("(.*)") ==
        "read_metrics.pattern: the pattern has no named group, name what is to be read, as in 'accuracy "
        "(?<val_accuracy>\\S+)'");
  CHECK(message("(?<loss>.*)") ==
        "read_metrics.pattern: no group is named 'acc', which the metric is, write (?<acc>…) around its number");
  CHECK(message("(?<acc>.*)", "it") ==
        "read_metrics.pattern: no group is named 'it', which 'step' is, write (?<it>…) around its number");
}

TEST_CASE("no pattern and no line takes more than linear time") {
  PrintedMetrics printed({Format::kRegex, R"((a|aa|a*)*b(?<acc>\d+)|(x+x+)+y)", ""}, "acc");
  for (int i = 0; i < 20; ++i) {
    CHECK(say(printed.add_line(std::string(64 * 1024, 'a'))) == "nothing");
    CHECK(say(printed.add_line(std::string(64 * 1024, 'x'))) == "nothing");
  }
  PrintedMetrics any({}, "a b");
  for (const char* part : {"{", "a=tensor(1", "a b ", "a=", "=", "{\"a\":", "\x1b[", "\r", "'", "\\"}) {
    std::string line;
    while (line.size() < 1000 * 1024) line += part;
    for (int i = 0; i < 5; ++i) CHECK(say(any.add_line(line)) == "nothing");
  }
}

TEST_CASE("the step is that of the step's key, on this line or the last one before it") {
  PrintedMetrics printed({Format::kEquals, "", "it"}, "acc");
  CHECK(say(printed.add_line("acc=0.1")) == "1 acc=0.1");
  CHECK(say(printed.add_line("it=100 acc=0.2")) == "100 acc=0.2");
  CHECK(say(printed.add_line("it=200/1000")) == "nothing");
  CHECK(say(printed.add_line("acc=0.3")) == "200 acc=0.3");
  CHECK(say(printed.add_line("it=2.5 acc=0.4")) == "200 acc=0.4 it=2.5");
  CHECK(say(printed.add_line("it=-1 acc=0.5")) == "200 acc=0.5 it=-1.0");
}

TEST_CASE("where no step's key is given, a step on the line itself is its step") {
  PrintedMetrics printed({}, "acc");
  CHECK(say(printed.add_line(R"({"step": 300, "acc": 0.5})")) == "300 acc=0.5");
  CHECK(say(printed.add_line("step=100/100 loss=1")) == "100 loss=1.0");
  CHECK(say(printed.add_line("acc=0.6")) == "2 acc=0.6");
  CHECK(say(printed.add_line("step=0.5 acc=0.7")) == "3 acc=0.7 step=0.5");
  PrintedMetrics matched({Format::kRegex, R"((?<step>\d+) (?<acc>\S+))", ""}, "acc");
  CHECK(say(matched.add_line("7 0.5")) == "7 acc=0.5");
}

TEST_CASE("without a step's key the metric's lines are counted, and other lines by their own names") {
  PrintedMetrics printed({}, "acc");
  CHECK(say(printed.add_line("loss=3")) == "1 loss=3.0");
  CHECK(say(printed.add_line("loss=2")) == "2 loss=2.0");
  CHECK(say(printed.add_line("acc=0.5 loss=1")) == "1 acc=0.5 loss=1.0");
  CHECK(say(printed.add_line("time=9 loss=1")) == "3 loss=1.0 time=9.0");
  CHECK(say(printed.add_line("acc=0.6")) == "2 acc=0.6");
  CHECK(printed.names() == std::vector<std::string>{"acc", "loss", "time"});
}

TEST_CASE("an epoch is an epoch, unless it is a fraction or the metric itself") {
  PrintedMetrics printed({}, "acc");
  CHECK(say(printed.add_line("epoch=3/10 acc=0.5")) == "1 e3 acc=0.5");
  CHECK(say(printed.add_line("{'acc': 0.5, 'epoch': 4.0}")) == "2 e4 acc=0.5");
  CHECK(say(printed.add_line("{'acc': 0.5, 'epoch': 4.5}")) == "3 acc=0.5 epoch=4.5");
  CHECK(say(printed.add_line("epoch=5")) == "nothing");
  PrintedMetrics by_epoch({Format::kAny, "", "epoch"}, "acc");
  CHECK(say(by_epoch.add_line("epoch=7 acc=0.5")) == "7 e7 acc=0.5");
  PrintedMetrics strange({}, "epoch");
  CHECK(say(strange.add_line("epoch=7")) == "1 e7 epoch=7.0");
}

TEST_CASE("a metric whose name has spaces or dots is found too") {
  PrintedMetrics printed({Format::kColon, "", ""}, "Top-1 (%)");
  CHECK(say(printed.add_line("epoch: 2, Top-1 (%): 91.5, loss: 3")) == "1 e2 Top-1 (%)=91.5 loss=3.0");
  PrintedMetrics nested({}, "val.acc");
  CHECK(say(nested.add_line(R"({"val": {"acc": 0.5}})")) == "1 val.acc=0.5");
}

TEST_CASE("what cannot be stored is left out: names that are no UTF-8, long ones, more than an event holds") {
  PrintedMetrics printed({Format::kJson, "", ""}, "z");
  CHECK(say(printed.add_line("{\"\xff\": 1, \"\": 2, \"z\": 3}")) == "1 z=3.0");
  CHECK(say(printed.add_line("{\"" + std::string(257, 'a') + "\": 1}")) == "nothing");
  std::string line = "{";
  for (int i = 0; i < 3000; ++i) line += "\"name" + std::to_string(i) + "\":NaN,";
  const auto values = printed.add_line(line + "\"z\":0.5}");
  REQUIRE(values);
  CHECK(values->values.at("z") == 0.5);
  CHECK(protocol::Event{0, *values}.line().size() <= protocol::kMaxEventBytes);
}

TEST_CASE("where the metric never comes, the line that looks most like it is kept") {
  PrintedMetrics printed({}, "val_acc");
  CHECK(printed.nearest_line().empty());
  printed.add_line("training 3 layers");
  CHECK(printed.nearest_line().empty());
  printed.add_line("vla_acc 0.5");
  CHECK(printed.nearest_line() == "vla_acc 0.5");
  printed.add_line("  \x1b[1mVal Acc:\x1b[0m 0.5\xff \n");
  CHECK(printed.nearest_line() == "Val Acc: 0.5?");
  printed.add_line("computing val_acc");
  CHECK(printed.nearest_line() == "computing val_acc");
  printed.add_line("val_acc: 0.5 " + std::string(300, 'x'));
  CHECK(printed.nearest_line() == "val_acc: 0.5 " + std::string(187, 'x'));
  printed.add_line("val_acc: 0.6");
  CHECK(printed.nearest_line().starts_with("val_acc: 0.5"));
  printed.add_line("val_acc=0.6");
  CHECK(printed.nearest_line().empty());
}
