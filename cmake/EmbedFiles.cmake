# Run at build (cmake -P): writes the files of FOLDER named in FILES (separated by ':') into a C++ source, as the table
# that HEADER declares under the name TABLE. A raw literal holds each file as it is.
set(text "// Written by cmake/EmbedFiles.cmake from ${FOLDER}.\n#include \"${HEADER}\"\n\nnamespace sweep {\n\n")
string(APPEND text "const std::vector<core::EmbeddedFile>& ${TABLE}() {\n  static const std::vector<core::EmbeddedFile> files = {\n")
string(REPLACE ":" ";" files "${FILES}")
foreach(file ${files})
  file(READ ${FOLDER}/${file} contents)
  if(contents MATCHES "\\)~~~\"")
    message(FATAL_ERROR "${file} holds the end of a raw literal")
  endif()
  string(APPEND text "      {\"${file}\", R\"~~~(${contents})~~~\"},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n\n}  // namespace sweep\n")
file(WRITE ${OUTPUT} "${text}")
