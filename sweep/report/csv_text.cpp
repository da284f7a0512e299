// See csv_text.h.
#include "sweep/report/csv_text.h"

#include <cmath>

namespace sweep {
namespace {

void append_field(std::string& line, const std::string& field) {
  if (!field.empty() && field.find_first_of(",\"\r\n") == std::string::npos) {
    line += field;
    return;
  }
  line += '"';
  for (const char c : field) {
    if (c == '"') line += c;
    line += c;
  }
  line += '"';
}

}  // namespace

std::string csv_field(const std::string& field) {
  std::string text;
  append_field(text, field);
  return text;
}

void append_csv_cell(std::string& line, const std::optional<core::Json>& cell) {
  if (!cell) return;
  if (cell->is_string())
    append_field(line, cell->get_ref<const std::string&>());
  else if (cell->is_number_float() && !std::isfinite(cell->get<double>()))
    line += core::format_double(cell->get<double>());
  else if (cell->is_number_float())
    core::append_number(line, cell->get<double>());
  else
    append_field(line, core::canonical_json(*cell));
}

std::string csv_cell(const std::optional<core::Json>& cell) {
  std::string text;
  append_csv_cell(text, cell);
  return text;
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i == 0 ? "" : ",") + fields[i];
  return line + '\n';
}

}  // namespace sweep
