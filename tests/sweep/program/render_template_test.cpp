// Templates of a user's configuration files, rendered for one trial.
#include "sweep/program/render_template.h"

#include <limits>

#include "tests/catch.h"

namespace {

using core::Json;
using sweep::Parameter;

const std::vector<Parameter> kParameters = {
    {"lr", sweep::Constant{0.1}, 0, 0, {}},
    {"optimizer", sweep::Constant{"adam"}, 0, 0, {}},
    {"model.depth", sweep::Constant{3}, 0, 0, {"model", "depth"}},
    {"amp", sweep::Constant{true}, 0, 0, {}},
    {"clip", sweep::Constant{nullptr}, 0, 0, {}},
    {"sizes", sweep::Constant{Json::array({1, "a"})}, 0, 0, {}},
    {"bound", sweep::Constant{std::numeric_limits<double>::infinity()}, 0, 0, {}},
};
const Json kConfig = {{"lr", 0.1},
                      {"optimizer", "adam"},
                      {"model", {{"depth", 3}}},
                      {"amp", true},
                      {"clip", nullptr},
                      {"sizes", {1, "a"}},
                      {"bound", std::numeric_limits<double>::infinity()}};

std::string render(std::string_view text) {
  return sweep::render_template(text, "conf.toml", kParameters, kConfig, 7).text;
}

std::string message(std::string_view text) {
  try {
    render(text);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a tag becomes the value as configuration files write it, strings without quotes") {
  CHECK(render("x = {{ lr }}\nname = \"{{ optimizer }}\"\n") == "x = 0.1\nname = \"adam\"\n");
  CHECK(render("{{model.depth}} {{  amp }} {{ clip }} {{ sizes }} {{ bound }} {{ seed }}") ==
        "3 true null [1,\"a\"] inf 7");
}

TEST_CASE("a form behind a bar chooses how the value is written") {
  CHECK(render("{{ optimizer | json }} {{ optimizer|python }} {{ amp | python }} {{ bound | json }}") ==
        "\"adam\" 'adam' True Infinity");
}

TEST_CASE("braces that are no tag stay, so that JSON may nest, and four are two") {
  CHECK(render(R"({"a":{"b":{"c":{{lr}}}}})") == R"({"a":{"b":{"c":0.1}}})");
  CHECK(render("{{{{ lr }} {{{ lr }}} } }} {") == "{{ lr }} {0.1} } }} {");
}

TEST_CASE("every mistake in a template is shown at its place, with the name that was meant") {
  CHECK(message("a = 1\nlr = {{ lt }} {{ lr | yaml }} {{ nothing }}\n  {{ }} {{ lr\n}}") ==
        "conf.toml:2:9: no parameter is named 'lt', did you mean 'lr'?\n"
        "  lr = {{ lt }} {{ lr | yaml }} {{ nothing }}\n"
        "          ^\n"
        "conf.toml:2:21: unknown form 'yaml', use json or python\n"
        "  lr = {{ lt }} {{ lr | yaml }} {{ nothing }}\n"
        "                      ^\n"
        "conf.toml:2:34: no parameter is named 'nothing', write '{{{{' for two braces\n"
        "  lr = {{ lt }} {{ lr | yaml }} {{ nothing }}\n"
        "                                   ^\n"
        "conf.toml:3:5: no name between '{{' and '}}', write '{{{{' for two braces\n"
        "    {{ }} {{ lr\n"
        "      ^\n"
        "conf.toml:3:9: '{{' is not closed on its line, write '}}' behind the name, or '{{{{' for two braces\n"
        "    {{ }} {{ lr\n"
        "          ^");
}

TEST_CASE("a template that names no parameter is rendered with a warning") {
  const auto rendered = sweep::render_template("x = {{{{ 1\n", "conf.toml", kParameters, kConfig, 7);
  CHECK(rendered.text == "x = {{ 1\n");
  REQUIRE(rendered.warnings.size() == 1);
  CHECK(rendered.warnings[0].text() ==
        "conf.toml: the template names no parameter, write {{ name }} where a value belongs");
  CHECK(sweep::render_template("{{ lr }}", "conf.toml", kParameters, kConfig, 7).warnings.empty());
}
