// See csv_text.h.
#include "sweep/report/csv_text.h"

namespace sweep {
namespace {

std::string quoted(const std::string& field) {
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

std::string csv_field(const std::string& field) {
  return field.empty() || field.find_first_of(",\"\r\n") != std::string::npos ? quoted(field) : field;
}

std::string csv_cell(const std::optional<core::Json>& cell) {
  if (!cell) return {};
  if (cell->is_string()) return csv_field(cell->get_ref<const std::string&>());
  if (cell->is_number_float()) return core::format_double(cell->get<double>());
  return csv_field(core::canonical_json(*cell));
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i == 0 ? "" : ",") + fields[i];
  return line + '\n';
}

}  // namespace sweep
