// The frame of a page: policy, style, sections in order, data and script; see page.h.
#include "sweep/html/page.h"

#include <fmt/format.h>

#include "core/error.h"
#include "sweep/html/data.h"
#include "sweep/html/figures.h"
#include "sweep/html/markup.h"
#include "sweep/html/sections.h"
#include "sweep/html/web_files.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

std::string_view web_file(std::string_view path) {
  for (const core::EmbeddedFile& file : web_files())
    if (file.path == path) return file.contents;
  core::check(false, "every file of the page is embedded");
  return {};
}

// `id`: of the figure that the script draws in the place of `inner`.
std::string section(const std::string& id, const std::string& title, const std::string& inner,
                    const std::string& note) {
  if (inner.empty()) return "";
  return element("section", fmt::format("aria-labelledby=\"{}-title\"", id),
                 element("h2", fmt::format("id=\"{}-title\"", id), title) +
                     (note.empty() ? "" : element("p", R"(class="note")", note)) +
                     element("div", fmt::format("id=\"{}\" class=\"figure\"", id), inner)) +
         "\n";
}

// Markup: which rows of how many stand in the page, and in which order.
std::string shown_note(const Page& page) {
  const ShownRows& shown = page.shown;
  const std::string rows = row_noun(page.head) + "s";
  std::vector<std::string> sentences;
  if (!page.options.filter.empty())
    sentences.push_back(fmt::format("{} of {} {} meet {}.", shown.chosen, shown.all, rows,
                                    element("code", "", escaped(page.options.filter))));
  if (!page.options.sort.empty()) {
    std::string by;
    for (const std::string& name : page.options.sort) by += (by.empty() ? "" : ", ") + escaped(name, kNameColumns);
    sentences.push_back("Sorted by " + by + ".");
  }
  if (shown.is_sample)
    sentences.push_back(fmt::format(
        "Shown are {} of {} {}: the first {} of the leaderboard and {} drawn at random from the rest, the same ones "
        "each time. Outcomes are counted over all.",
        shown.rows.size(), shown.chosen, rows, kFirstRows, shown.rows.size() - kFirstRows));
  else if (shown.rows.size() < shown.chosen)
    sentences.push_back(fmt::format("The first {} of {} {} are shown.", shown.rows.size(), shown.chosen, rows));
  std::string note;
  for (const std::string& sentence : sentences) note += (note.empty() ? "" : " ") + sentence;
  return note;
}

// What stands beside a mean.
std::string spread_note(const SweepHead& head) {
  if (head.repeats == 1) return "";
  return fmt::format(
      "{} trials of each configuration: their mean ± half of its 95 % confidence interval by Student's t, in brackets "
      "their number; ≈ cannot be told apart from the best by Welch's t-test at 5 %, each taken by itself.",
      head.repeats);
}

std::string body(const Page& page, const Parameters& parameters, bool has_script) {
  const std::string name = page.head.name.empty() ? "sweep " + page.head.id : page.head.name;
  std::string out = element("header", "",
                            element("h1", "", escaped(name, 80)) +
                                element("p", R"(class="id")", "sweep " + element("code", "", escaped(page.head.id)))) +
                    "\n";
  std::string main = element("section", "aria-label=\"Summary\"", summary_section(page, parameters)) + "\n";
  if (!has_script)
    main += element("p", R"(class="note")",
                    "The charts are plain pictures and the table cannot be sorted: this sweep was built without npm, "
                    "from which the parts that answer to the mouse come.");
  else
    main += element("noscript", "",
                    element("p", R"(class="note")",
                            "Scripts are off: the charts are plain pictures and the table cannot be sorted."));
  if (const std::string note = shown_note(page); !note.empty()) main += element("p", R"(class="note")", note);
  main += R"(<div id="filter"></div>)"
          "\n";
  main += section("leaderboard", "Leaderboard",
                  element("div", R"(class="scroll" tabindex="0" role="region" aria-label="Leaderboard")",
                          leaderboard_table(page, parameters)),
                  spread_note(page.head));
  main += section("curves", "Metric curves", curves_svg(page), "");
  main += section("parallel", "Parallel coordinates", parallel_svg(page, parameters), "");
  main += section("parameters", "Parameters against the metric", parameters_svg(page, parameters), "");
  main += section("importance", "Parameter importance", importance_table_html(page), "");
  main += section("timeline", "Timeline", timeline_svg(page), "");
  main += section("outcomes", "Outcomes", outcomes_table(page), "");
  main += section("replays", "Replays", replays_table(page), "");
  main += section("record", "Environment and record", facts_tables(page), "");
  main += element("section", R"(aria-labelledby="file-title")",
                  R"(<h2 id="file-title">Sweep file</h2>)" +
                      element("details", "",
                              element("summary", "", "The file as it was read") +
                                  element("pre", R"(tabindex="0")", escaped_lines(page.file_text)))) +
          "\n";
  return out + element("main", "", main);
}

}  // namespace

std::string html_page(const Page& page) {
  const std::string_view style = web_file("page.css"), script = web_file("page.js");
  const Parameters varying = parameters(page.head, page.shown.rows);
  const std::string policy =
      fmt::format("default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
                  policy_hash(style), script.empty() ? "'none'" : policy_hash(script));
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta http-equiv=\"Content-Security-Policy\" content=\"" + policy + "\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += "<meta name=\"color-scheme\" content=\"light dark\">\n";
  out += text_element("title", "Sweep " + (page.head.name.empty() ? page.head.id : page.head.name)) + "\n";
  out.append("<style>").append(style).append("</style>\n</head>\n<body>\n");
  out += body(page, varying, !script.empty()) + "\n";
  if (!script.empty()) {
    const std::string data = core::canonical_json(page_data(page, varying));
    const core::Json packed = {{"encoding", "deflate, base64"}, {"data", base64(deflated(data))}};
    out += element("script", R"(type="application/json" id="data")", json_for_script(packed)) + "\n";
    out.append("<script>").append(script).append("</script>\n");
  }
  return out + "</body>\n</html>\n";
}

}  // namespace sweep
