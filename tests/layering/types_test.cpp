// One name, one type: two types of the same namespace and name in two headers are one to the linker, which takes the
// inline functions of either for both. No compiler sees it.
#include <map>
#include <regex>
#include <set>

#include "tests/catch.h"
#include "tests/layering/source_tree.h"

using namespace layering;

namespace {

// "sweep::Node: sweep/analysis/tree.h, sweep/spec/document.h" for each such type at the outermost level of a header's
// named namespace.
std::vector<std::string> types_defined_twice(const std::vector<SourceFile>& sources) {
  static const std::regex space("(?:^|\n)namespace (\\w+(?:::\\w+)*) \\{");
  static const std::regex type("(?:^|\n)(?:struct|class)(?: alignas\\(\\w+\\))? (\\w+)(?: final)?(?: : [^{;]*)? ?\\{");
  std::map<std::string, std::set<std::string>> places;
  for (const SourceFile& source : sources) {
    if (source.path.extension() != ".h" || *source.path.begin() == "tests") continue;
    std::smatch found;
    if (!std::regex_search(source.code, found, space)) continue;
    const std::string name = found[1];
    for (std::sregex_iterator it(source.code.begin(), source.code.end(), type), end; it != end; ++it)
      places[name + "::" + (*it)[1].str()].insert(source.path.string());
  }
  std::vector<std::string> twice;
  for (const auto& [name, files] : places) {
    if (files.size() < 2) continue;
    std::string text = name + ":";
    for (const std::string& file : files) text += " " + file;
    twice.push_back(text);
  }
  return twice;
}

}  // namespace

TEST_CASE("no two headers define a type of the same name in one namespace") {
  CHECK(types_defined_twice(read_sources(SWEEP_SOURCE_DIR)) == std::vector<std::string>{});
}

TEST_CASE("a type that two headers define is found, a declaration or one of another namespace is not") {
  const auto source = [](const std::string& path, const std::string& code) { return SourceFile{path, code, code, {}}; };
  CHECK(types_defined_twice({source("sweep/a.h", "namespace sweep {\n\nstruct Node {\n};\n}\n"),
                             source("sweep/b.h", "namespace sweep {\nclass alignas(64) Node final : public Base {\n"),
                             source("sweep/c.h", "namespace sweep {\nstruct Node;\n"),
                             source("sweep/d.h", "namespace other {\nstruct Node {\n")}) ==
        std::vector<std::string>{"sweep::Node: sweep/a.h sweep/b.h"});
}
