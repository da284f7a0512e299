// What a report does not promise; see coverage_note() in report.h.
#include <fmt/format.h>

#include <algorithm>

#include "sweep/report/report.h"

namespace sweep {

std::string coverage_note(const std::vector<Row>& rows, const ReportOptions& options) {
  const auto count = [&](Standing standing) {
    return std::count_if(rows.begin(), rows.end(), [=](const Row& row) { return row.standing == standing; });
  };
  const auto machine = count(Standing::kMachine), unfinished = count(Standing::kUnfinished);
  std::string note;
  if (machine > 0)
    note = fmt::format(
        "{} trial{} ended by the machine's doing, not by file, seed and trainer: the guarantee of the same bytes "
        "everywhere does not cover {}",
        machine, machine == 1 ? " was" : "s were", machine == 1 ? "this row" : "these rows");
  if (unfinished > 0 && !options.all)
    note += fmt::format("{}{} trial{} not ended yet: --all lists {}", note.empty() ? "" : "\n", unfinished,
                        unfinished == 1 ? " has" : "s have", unfinished == 1 ? "it" : "them");
  return note;
}

}  // namespace sweep
