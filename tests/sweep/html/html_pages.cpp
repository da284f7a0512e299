// html_pages FOLDER: writes the sample pages, for the browser tests.
#include <cstdio>
#include <fstream>

#include "tests/sweep/html/pages.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: html_pages FOLDER\n", stderr), 2;
  const auto write = [&](const char* name, const sweep::Page& page) {
    std::ofstream(std::string(argv[1]) + "/" + name) << sweep::html_page(page);
  };
  write("usual.html", sample::usual_page(120)->page);
  write("large.html", sample::usual_page(2000)->page);
  write("hostile.html", sample::hostile_page()->page);
  write("empty.html", sample::empty_page()->page);
  return 0;
}
