// See fit.h.
#include "sweep/report/fit.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace sweep {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowCell = 16;    // of texts
constexpr std::size_t kNarrowHeading = 8;  // a heading is not cut below this, nor below its cells

std::size_t cells_width(const TextColumn& column) {
  std::size_t width = 0;
  for (std::size_t i = 1; i < column.texts.size(); ++i) width = std::max(width, display_width(column.texts[i]));
  return width;
}

void shorten_ids(std::vector<TextColumn>& columns) {
  for (TextColumn& column : columns)
    for (std::size_t i = 1; column.id_size && i < column.texts.size(); ++i)
      if (column.texts[i].size() > *column.id_size) column.texts[i].resize(*column.id_size);
}

void shorten_texts(std::vector<TextColumn>& columns) {
  for (TextColumn& column : columns) {
    if (column.align != Align::kLeft || column.stays || column.id_size) continue;
    std::set<std::string> before, after;
    std::vector<std::string> texts;
    for (const std::string& text : column.texts) {
      texts.push_back(printable(text, kNarrowCell));
      before.insert(text);
      after.insert(texts.back());
    }
    texts.front() = column.texts.front();
    if (before.size() == after.size()) column.texts = std::move(texts);  // else different ones would look alike
  }
}

// "optimizer.learning_rate" becomes "…learning_rate", then "…learni…", as long as no other column is called so.
void shorten_headings(std::vector<TextColumn>& columns, bool cuts_words) {
  std::multiset<std::string> headings;
  for (const TextColumn& column : columns) headings.insert(column.texts.front());
  for (TextColumn& column : columns) {
    std::string& heading = column.texts.front();
    const std::size_t cells = cells_width(column);
    if (column.stays || display_width(heading) <= cells) continue;
    const std::size_t dot = heading.rfind('.');
    std::string shorter = cuts_words                  ? printable(heading, std::max(cells, kNarrowHeading))
                          : dot == std::string::npos  ? heading
                          : dot + 1 == heading.size() ? heading
                                                      : "…" + heading.substr(dot + 1);
    if (display_width(shorter) >= display_width(heading) || headings.contains(shorter)) continue;
    headings.insert(shorter);
    heading = std::move(shorter);
  }
}

// One way after the other, until they fit.
void shorten(std::vector<TextColumn>& columns, std::size_t width) {
  const auto fits = [&] { return width_of(columns) <= width; };
  if (!fits()) shorten_ids(columns);
  if (!fits()) shorten_headings(columns, false);
  if (!fits()) shorten_texts(columns);
  if (!fits()) shorten_headings(columns, true);
}

}  // namespace

std::size_t width_of(const std::vector<TextColumn>& columns) {
  std::size_t width = 0;
  for (const TextColumn& column : columns)
    width += std::max(cells_width(column), display_width(column.texts.front())) + kGap;
  return width - std::min(width, kGap);
}

std::vector<std::string> fit(std::vector<TextColumn>& columns, std::size_t width) {
  std::vector<TextColumn> shortest = columns;
  shorten(shortest, 0);
  std::vector<std::string> left_out;
  while (width_of(shortest) > width) {
    const auto last = std::find_if(shortest.rbegin(), shortest.rend(), [](const TextColumn& c) { return !c.stays; });
    if (last == shortest.rend()) break;
    const auto at = std::next(last).base() - shortest.begin();
    left_out.insert(left_out.begin(), last->name);
    shortest.erase(shortest.begin() + at);
    columns.erase(columns.begin() + at);
  }
  shorten(columns, width);  // what was left out may leave room for more than the shortest
  return left_out;
}

std::vector<std::string> table_lines(const std::vector<TextColumn>& columns) {
  if (columns.empty()) return {};
  std::vector<std::vector<std::string>> lines(columns.front().texts.size());
  std::vector<Align> align;
  for (const TextColumn& column : columns) {
    align.push_back(column.align);
    for (std::size_t line = 0; line < lines.size(); ++line) lines[line].push_back(column.texts[line]);
  }
  return aligned_lines(lines, align);
}

std::vector<std::string> joined_parts(const std::vector<std::vector<std::string>>& cells) {
  std::size_t before = 0, after = 0;
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& parts : cells) {
    const std::size_t point = point_of(parts.front());
    before = std::max(before, point);
    after = std::max(after, display_width(parts.front()) - point);
    widths.resize(std::max(widths.size(), parts.size()));
    for (std::size_t i = 1; i < parts.size(); ++i) widths[i] = std::max(widths[i], display_width(parts[i]));
  }
  std::vector<std::string> joined;
  for (const std::vector<std::string>& parts : cells) {
    const std::size_t point = point_of(parts.front());
    std::string cell = std::string(before - point, ' ') + parts.front() +
                       std::string(after - (display_width(parts.front()) - point), ' ');
    for (std::size_t i = 1; i < widths.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string part = i < parts.size() ? parts[i] : "";
      cell += " " + part + std::string(widths[i] - display_width(part), ' ');
    }
    joined.push_back(cell);
  }
  return joined;
}

std::string wrapped(const std::string& line, std::size_t width, std::size_t indent) {
  if (display_width(line) <= width) return line;
  std::string text, row;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t space = std::min(line.find(' ', at), line.size());
    const std::string word = line.substr(at, space - at);
    const bool begins = row.find_first_not_of(' ') == std::string::npos;
    if (!begins && display_width(row) + 1 + display_width(word) > width) {
      text += row + "\n";
      row = std::string(indent, ' ') + word;
    } else {
      row += (begins ? "" : " ") + word;
    }
    at = space + 1;
  }
  return text + row;
}

}  // namespace sweep
