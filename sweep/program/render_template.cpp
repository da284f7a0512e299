// See render_template.h.
#include "sweep/program/render_template.h"

#include <optional>

#include "core/suggest.h"
#include "sweep/program/command_line.h"
#include "sweep/program/python_text.h"
#include "sweep/spec/source_text.h"

namespace sweep {
namespace {

using core::Json;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return core::format_double(value.get<double>());
  return program_json(value);
}

class Renderer {
 public:
  Renderer(std::string_view text, const std::filesystem::path& place, const std::vector<Parameter>& parameters,
           const Json& config, std::uint32_t seed)
      : source_(std::string(text), place), parameters_(parameters), config_(config), seed_(seed) {}

  RenderedTemplate run() {
    const std::string_view text = source_.text();
    for (std::size_t at = 0; at < text.size();) at = step(text, at);
    if (!problems_.empty()) throw core::UserError(std::move(problems_));
    if (tags_ == 0)
      rendered_.warnings.push_back(
          {source_.file().string(), "the template names no parameter", "write {{ name }} where a value belongs", {}});
    return std::move(rendered_);
  }

 private:
  /// Renders what begins at `at`; returns where the next thing begins.
  std::size_t step(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("{{{{")) {
      rendered_.text += "{{";
      return at + 4;
    }
    if (!rest.starts_with("{{") || rest.starts_with("{{{")) {  // of three braces the last two open a tag
      rendered_.text += rest.front();
      return at + 1;
    }
    const std::size_t end = rest.find("}}");
    if (end == rest.npos || rest.substr(0, end).find('\n') != rest.npos) {
      fail(at, "'{{' is not closed on its line", "write '}}' behind the name, or '{{{{' for two braces");
      return at + 2;
    }
    tag(rest.substr(2, end - 2), at + 2);
    return at + end + 2;
  }

  void tag(std::string_view inside, std::size_t offset) {
    ++tags_;
    const std::size_t bar = inside.find('|');
    const std::string_view name = trim(inside.substr(0, bar));
    const std::string_view form = bar == inside.npos ? std::string_view() : trim(inside.substr(bar + 1));
    const std::size_t name_at = offset + (name.empty() ? 0 : static_cast<std::size_t>(name.data() - inside.data()));
    const auto value = find(name);
    if (!value) fail(name_at, unknown(name), nearest(name));
    if (bar != inside.npos && form != "json" && form != "python")
      fail(offset + bar, "unknown form '" + std::string(form) + "'", "use json or python");
    if (!value) return;
    rendered_.text += form == "json" ? program_json(*value) : form == "python" ? python_repr(*value) : plain(*value);
  }

  std::optional<Json> find(std::string_view name) const {
    for (const Parameter& parameter : parameters_)
      if (parameter.name == name) return parameter_value(parameter, config_);
    if (name == "seed") return Json(seed_);
    return {};
  }

  static std::string unknown(std::string_view name) {
    return name.empty() ? "no name between '{{' and '}}'" : "no parameter is named '" + std::string(name) + "'";
  }

  std::string nearest(std::string_view name) const {
    std::vector<std::string> names;
    for (const Parameter& parameter : parameters_) names.push_back(parameter.name);
    names.emplace_back("seed");
    if (const auto word = core::nearest_word(name, names)) return "did you mean '" + *word + "'?";
    return "write '{{{{' for two braces";
  }

  void fail(std::size_t offset, std::string problem, std::string remedy) {
    problems_.push_back(source_.problem_at(source_.mark_at(offset), std::move(problem), std::move(remedy)));
  }

  SourceText source_;
  const std::vector<Parameter>& parameters_;
  const Json& config_;
  std::uint32_t seed_;
  RenderedTemplate rendered_;
  std::vector<core::Problem> problems_;
  std::size_t tags_ = 0;
};

}  // namespace

RenderedTemplate render_template(std::string_view text, const std::filesystem::path& place,
                                 const std::vector<Parameter>& parameters, const Json& config, std::uint32_t seed) {
  return Renderer(text, place, parameters, config, seed).run();
}

}  // namespace sweep
