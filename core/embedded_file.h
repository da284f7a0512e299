// A file that a program holds in itself: cmake/EmbedFiles.cmake writes the tables of these, the sources that need one
// declare it.
#pragma once

#include <string_view>

namespace core {

struct EmbeddedFile {
  std::string_view path;  ///< relative, with slashes
  std::string_view contents;
};

}  // namespace core
