// .npy and .npz files as tests need them: right ones, and wrong ones in every way.
#pragma once

#include <zip.h>

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

/// The bytes of numbers as they lie in memory.
template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A .npy of the given dictionary.
inline std::string npy_of(const std::string& dictionary, const std::string& elements, int version = 1) {
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  const std::size_t length = dictionary.size() + 1;
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(length >> 8 * i & 0xff);
  return bytes + dictionary + "\n" + elements;
}

inline std::string npy(const std::string& type, const std::string& shape, const std::string& elements,
                       bool fortran = false) {
  return npy_of(
      "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }",
      elements);
}

/// A zip archive of the given entries, in memory.
inline std::string zip_of(const std::vector<std::pair<std::string, std::string>>& entries, bool deflated) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  core::check(archive != nullptr, "libzip cannot start");
  zip_source_keep(target);
  for (const auto& [name, contents] : entries) {
    zip_source_t* entry = zip_source_buffer(archive, contents.data(), contents.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), entry, 0);
    core::check(index >= 0, "libzip takes no entry");
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  core::check(zip_close(archive) == 0, "libzip writes nothing");
  zip_stat_t about;
  core::check(zip_source_open(target) == 0 && zip_source_stat(target, &about) == 0, "libzip reads nothing back");
  std::string bytes(about.size, '\0');
  core::check(zip_source_read(target, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()),
              "libzip reads nothing back");
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}
