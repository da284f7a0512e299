// The parts of a page that are text and tables, as they stand without a script. Inside of html/.
#pragma once

#include <string>

#include "sweep/html/page.h"
#include "sweep/report/columns.h"

namespace sweep {

/// Name, what was searched, the best value and how to get it again.
std::string summary_section(const Page& page, const Parameters& parameters);
/// The first rows; the script puts the whole leaderboard in its place.
std::string leaderboard_table(const Page& page, const Parameters& parameters);
std::string importance_table_html(const Page& page);
std::string outcomes_table(const Page& page);
/// A table a group.
std::string facts_tables(const Page& page);
std::string replays_table(const Page& page);

}  // namespace sweep
