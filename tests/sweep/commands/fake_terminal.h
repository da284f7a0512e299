// A terminal that shows what a real one would: lines, a cursor, and the few escape sequences that the project uses.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/utf8.h"
#include "sweep/commands/terminal.h"

struct FakeTerminal : sweep::Terminal {
  sweep::TerminalSize now{40, 6};
  std::vector<std::string> lines = {""};  ///< of the usual screen, without spaces at their ends
  std::vector<std::string> other = {""};  ///< of the other screen
  bool is_on_other = false;
  bool is_open = true;
  int writes = 0;

  sweep::TerminalSize size() const override { return now; }

  bool write(std::string_view text) override {
    ++writes;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '\x1b') {
        at = escape(text, at + 2);
      } else if (text[at] == '\n') {
        if (++row == screen().size()) screen().emplace_back();
        column = 0;
        ++at;
      } else if (text[at] == '\r') {
        column = 0;
        ++at;
      } else {
        const std::size_t bytes = core::utf8_character(text, at).bytes;
        std::string& line = screen()[row];
        if (column < line.size())
          line.replace(column, bytes, text.substr(at, bytes));
        else
          line += text.substr(at, bytes);
        column += bytes;
        at += bytes;
      }
    }
    return is_open;
  }

  /// These lines, with the cursor at the end of the last one.
  void show(std::vector<std::string> shown) {
    screen() = std::move(shown);
    row = screen().size() - 1;
    column = screen()[row].size();
  }

  std::string text() {
    std::string all;
    for (const std::string& line : screen()) all += line + "\n";
    return all;
  }

 private:
  std::vector<std::string>& screen() { return is_on_other ? other : lines; }

  // What stands from `at` on, behind ESC [: a number, or a question mark and one, then a letter.
  std::size_t escape(std::string_view text, std::size_t at) {
    std::string number;
    while (at < text.size() && (text[at] == '?' || (text[at] >= '0' && text[at] <= '9'))) number += text[at++];
    const char what = text[at];
    if (what == 'A') row -= std::min<std::size_t>(std::stoul(number), row);
    if (what == 'H') row = column = 0;
    if (what == 'K' || what == 'J') screen()[row].resize(std::min(column, screen()[row].size()));
    if (what == 'J') screen().resize(row + 1);
    if (number == "?1049") {
      is_on_other = what == 'h';
      if (is_on_other) other = {""};
      row = screen().size() - 1;
      column = screen()[row].size();
    }
    return at + 1;
  }

  std::size_t row = 0, column = 0;
};
