// Sweeps made up for the tests of the HTML report, in a test program and in a browser: one as people have it, one whose
// every text wants to break out of the page, one of which nothing has run.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sweep/html/page.h"

namespace sample {

/// A page and the study that its rows point into.
struct PageOf {
  sweep::Study study;
  sweep::Page page;
};

/// A search over eight parameters with curves, retries, failures and replays.
std::unique_ptr<PageOf> usual_page(std::size_t trials, const sweep::ReportOptions& options = {});
/// Twenty configurations, three trials of each.
std::unique_ptr<PageOf> repeats_page();
/// A search over so many parameters that no screen is wide enough.
std::unique_ptr<PageOf> wide_page(std::size_t trials, std::size_t parameters);
/// Names, values and messages that hold markup, escape sequences, marks that turn the reading direction, 10 kB and
/// more.
std::unique_ptr<PageOf> hostile_page();
/// A sweep that has just been started.
std::unique_ptr<PageOf> empty_page();

/// What hostile_page() is made of: none of it may stand in a page as it is.
extern const std::string kMarkup;

}  // namespace sample
