// The scanners of a printed line, one by one.
#include "sweep/program/printed_line.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <map>

#include "core/json.h"
#include "tests/catch.h"

namespace {

using namespace std::string_literals;

using Values = std::map<std::string, double>;

Values object(std::string_view text) {
  Values values;
  const bool read = sweep::scan_object(text, [&](std::string_view name, double v) { values[std::string(name)] = v; });
  return read ? values : Values{{"no object", 0}};
}

Values pairs(std::string_view text, char separator = '=') {
  Values values;
  const auto counts = [](std::string_view name) { return name == "epoch"; };
  sweep::scan_pairs(text, separator, counts, [&](std::string_view name, double v) { values[std::string(name)] = v; });
  return values;
}

}  // namespace

TEST_CASE("a line is looked at as a terminal would leave it") {
  CHECK(sweep::terminal_text("\x1b[1;32mloss=0.5\x1b[0m\x1b]0;title\a\x1b(B\n", 100) == "loss=0.5B");
  CHECK(sweep::terminal_text("10%|#  | loss=0.9\r20%|## | loss=0.8\r\x1b[K  \r\n", 100) == "20%|## | loss=0.8");
  CHECK(sweep::terminal_text("a\tb\0c\b\b"s, 100) == "a\tb c  ");
  CHECK(sweep::terminal_text("abcdef", 3) == "abc");
  CHECK(sweep::terminal_text("0123456789\rab\rcd", 7) == "cd");
  CHECK(sweep::terminal_text("\r\r\n", 100).empty());
  CHECK(sweep::terminal_text("\x1b", 100).empty());
}

TEST_CASE("a number is read to its last digit and ends where a number may end") {
  const auto read = [](std::string_view text) {
    const auto number = sweep::scan_number(text);
    return number && sweep::number_ends_before(text.substr(number->length)) ? core::format_double(number->value) : "-";
  };
  for (const auto& [text, value] : std::map<std::string, std::string>{{"0.1", "0.1"},
                                                                      {"+.5", "0.5"},
                                                                      {"5.", "5.0"},
                                                                      {"-1e-3", "-0.001"},
                                                                      {"1E5,", "1e+05"},
                                                                      {"91%", "91.0"},
                                                                      {"0.5)", "0.5"},
                                                                      {"0.5.", "0.5"},
                                                                      {"0.5±0.1", "0.5"},
                                                                      {"nan", "nan"},
                                                                      {"-Inf", "-inf"},
                                                                      {"Infinity]", "inf"},
                                                                      {"-0.0", "-0.0"},
                                                                      {"5e-324", "5e-324"},
                                                                      {"info", "-"},
                                                                      {"12s", "-"},
                                                                      {"1.2.3", "-"},
                                                                      {"3/10", "-"},
                                                                      {"0,91", "-"},
                                                                      {"10:30", "-"},
                                                                      {"2024-01-02", "-"},
                                                                      {"1e999", "-"},
                                                                      {"0x10", "-"},
                                                                      {"1_000", "-"},
                                                                      {"-", "-"},
                                                                      {"", "-"},
                                                                      {".", "-"},
                                                                      {"nan_loss", "-"},
                                                                      {"0.5(0.6)", "0.5"},
                                                                      {"1e5x", "-"},
                                                                      {"0.1234567890123456789", "0.12345678901234568"},
                                                                      {"2.4703282292062327e-324", "-"}}) {
    INFO(text);
    CHECK(read(text) == value);
  }
}

TEST_CASE("a number in the wrapping of an array library is that number") {
  CHECK(sweep::scan_value("np.float64(0.91)").value().value == 0.91);
  CHECK(sweep::scan_value("tensor(0.5000, device='cuda:0', grad_fn=<NllLossBackward0>) x").value().length == 59);
  CHECK(sweep::scan_value("Array(0.25, dtype=float32)").value().value == 0.25);
  CHECK_FALSE(sweep::scan_value("tensor([0.5])"));
  CHECK_FALSE(sweep::scan_value("tensor(0.5"));
  CHECK_FALSE(sweep::scan_value("max(0.5)"));
}

TEST_CASE("an object is JSON with NaN, or what Python prints of a dict, with nested names joined by dots") {
  CHECK(object(R"({"loss": 0.5, "val": {"acc": 1, "f1": 2e-3}, "name": "x", "ok": true, "none": null})") ==
        Values{{"loss", 0.5}, {"val.acc", 1}, {"val.f1", 0.002}});
  CHECK(object("{'loss': 0.5, 'ok': True, 'none': None, 't': (1, 2), 3: 4, 'n': np.float64(7.0),}") ==
        Values{{"loss", 0.5}, {"3", 4}, {"n", 7}});
  CHECK(object(R"(INFO:root: {"a": [1, {"b": 2}], "c": -Infinity}.)") == Values{{"c", -INFINITY}});
  CHECK(std::isnan(object("{\"a\":NaN}").at("a")));
  CHECK(object(R"({"\u00e9\"": 1})") == Values{{"é\"", 1}});
  CHECK(object("{}") == Values{});
  for (const char* text :
       {"{\"a\": 1", "{\"a\": 1} x", "{\"a\" 1}", "{a: 1}", "[1]", "", "{\"a", "{\"a\\", "{'a': }"}) {
    INFO(text);
    CHECK(object(text) == Values{{"no object", 0}});
  }
  CHECK(object(std::string(1000, '[')) == Values{{"no object", 0}});
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "{\"a\":";
  CHECK(object(deep) == Values{{"no object", 0}});
}

TEST_CASE("pairs stand anywhere on a line") {
  CHECK(pairs("loss=0.5 val_acc = 0.91, val/top@5=97.1% lr=1e-3;") ==
        Values{{"loss", 0.5}, {"val_acc", 0.91}, {"val/top@5", 97.1}, {"lr", 1e-3}});
  CHECK(pairs(" 10%|█   | 1/10 [00:01<00:09, 1.2it/s, loss=0.5]") == Values{{"loss", 0.5}});
  CHECK(pairs("Namespace(lr=0.1, name='x', n=3)") == Values{{"lr", 0.1}, {"n", 3}});
  CHECK(pairs("a==1 b<=2 c!=3 1d=4 --e=5 (f=6) t=12s v=1.2.3 d=2024-01-02 g=1,234 =7 h= i=info") ==
        Values{{"e", 5}, {"f", 6}});
  CHECK(pairs("epoch=3/10 batch=5/100") == Values{{"epoch", 3}});
  CHECK(pairs("acc=np.float64(0.5) loss=tensor(0.25, device='cuda:0')") == Values{{"acc", 0.5}, {"loss", 0.25}});
  CHECK(pairs("loss: 0.5 - val_acc: 0.91, 'f1': 0.3 t: 10:30 Train: x: 2", ':') ==
        Values{{"loss", 0.5}, {"val_acc", 0.91}, {"f1", 0.3}, {"x", 2}});
}

TEST_CASE("a name with other characters is found letter by letter") {
  CHECK(sweep::scan_literal("val acc = 0.5, val acc=0.75", "val acc", '=') == 0.75);
  CHECK(sweep::scan_literal("Top-1 (%): 91.5", "Top-1 (%)", ':') == 91.5);
  CHECK_FALSE(sweep::scan_literal("interval acc=0.5", "val acc", '='));
  CHECK_FALSE(sweep::scan_literal("val acc", "val acc", '='));
}
