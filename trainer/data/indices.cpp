// See indices.h.
#include "trainer/data/indices.h"

#include <fmt/format.h>

#include <charconv>
#include <unordered_map>

#include "core/error.h"
#include "trainer/data/csv.h"
#include "trainer/data/gzip.h"

namespace trainer {

HeldOut read_indices(const std::filesystem::path& file) {
  HeldOut held_out{file.string()};
  const CsvRows rows(read_plain_or_gzip(file), held_out.file);
  LineProblems problems(held_out.file);
  std::unordered_map<std::uint32_t, std::size_t> line_of;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const std::string_view text = rows[row].front();
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (rows[row].size() != 1 || error != std::errc() || end != text.data() + text.size()) {
      problems.add(rows.line(row), fmt::format("'{}' is not the index of a sample", text), "write one a line, from 0");
    } else if (const auto [above, is_new] = line_of.emplace(index, rows.line(row)); !is_new) {
      problems.add(rows.line(row), fmt::format("index {} stands in line {} already", index, above->second));
    } else {
      held_out.indices.push_back(index);
      held_out.lines.push_back(rows.line(row));
    }
  }
  problems.throw_if_any();
  if (held_out.indices.empty()) throw core::UserError(held_out.file, "names no sample");
  return held_out;
}

}  // namespace trainer
