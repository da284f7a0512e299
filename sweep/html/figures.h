// The charts of a page as plain SVG: for paper, for readers without scripts, and for a build without npm. Colours are
// classes of web/src/page.css. Inside of html/.
#pragma once

#include <string>

#include "sweep/html/page.h"
#include "sweep/report/columns.h"

namespace sweep {

// Each gives the whole SVG element; empty where there is nothing to draw.
std::string curves_svg(const Page& page);
std::string parallel_svg(const Page& page, const Parameters& parameters);
/// One small chart for each of the first parameters by importance.
std::string parameters_svg(const Page& page, const Parameters& parameters);
std::string timeline_svg(const Page& page);

/// The parameters that vary, by importance and then by name.
std::vector<std::string> by_importance(const Page& page, const Parameters& parameters);

}  // namespace sweep
