// What a report does not promise; see coverage_note() in report.h.
#include <fmt/format.h>

#include <algorithm>

#include "core/plural.h"
#include "sweep/report/choice.h"
#include "sweep/report/report.h"

namespace sweep {

std::string coverage_note(const std::vector<Row>& rows, const ReportOptions& options) {
  const auto count = [&](Standing standing) {
    return std::count_if(rows.begin(), rows.end(), [=](const Row& row) { return row.standing == standing; });
  };
  const auto machine = count(Standing::kMachine), unfinished = count(Standing::kUnfinished);
  const auto surplus = std::count_if(rows.begin(), rows.end(),
                                     [](const Row& row) { return row.standing == Standing::kSurplus && has_run(row); });
  const char* const noun = rows.empty() || rows.front().replicates.empty() ? "trial" : "configuration";
  const std::string command = "`sweep report" + options.sweep_word + " --all" + options.runs_flag + "`";
  std::vector<std::string> lines;
  if (machine > 0)
    lines.push_back(fmt::format(
        "{} {} ended by the machine's doing, not by file, seed and trainer: the guarantee of the same bytes "
        "everywhere does not cover {}",
        core::counted(machine, noun), machine == 1 ? "was" : "were", machine == 1 ? "this row" : "these rows"));
  if (unfinished > 0 && !options.all)
    lines.push_back(fmt::format("{} {} not ended yet: {} lists {}", core::counted(unfinished, noun),
                                unfinished == 1 ? "has" : "have", command, unfinished == 1 ? "it" : "them"));
  if (surplus > 0 && !options.all)
    lines.push_back(fmt::format("{} ran beyond the end of the sweep and {} not ranked: {} lists {}",
                                core::counted(surplus, noun), surplus == 1 ? "is" : "are", command,
                                surplus == 1 ? "it" : "them"));
  std::string note;
  for (const std::string& line : lines) note += (note.empty() ? "" : "\n") + line;
  return note;
}

}  // namespace sweep
