// Names of test cases: ctest runs each case by its name, through CMake's lists and Catch2's patterns, both of which
// give some characters a meaning. A name that is cut or taken for a flag would select nothing, or fail for no reason.
#include <regex>
#include <set>

#include "tests/catch.h"
#include "tests/layering/source_tree.h"

namespace {

/// Why a case of this name cannot be run by its name; empty where it can.
std::string problem_with(const std::string& name) {
  if (name.empty() || name.front() == ' ' || name.back() == ' ') return "begins or ends with a space";
  if (name.front() == '-' || name.front() == '~') return "begins with '-' or '~'";
  if (name.front() == '*' || name.back() == '*') return "begins or ends with '*'";
  const std::size_t special = name.find_first_of(";[]\\");
  return special == name.npos ? "" : std::string("holds '") + name[special] + "'";
}

}  // namespace

TEST_CASE("every test case has a name by which ctest can run it, once in its folder") {
  static const std::regex test_case("\\bTEST_CASE\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
  std::size_t cases = 0;
  std::string findings;
  std::set<std::string> seen;
  for (const auto& source : layering::read_sources(SWEEP_SOURCE_DIR)) {
    if (*source.path.begin() != "tests") continue;
    for (std::sregex_iterator match(source.text.begin(), source.text.end(), test_case), end; match != end; ++match) {
      ++cases;
      const std::string name = (*match)[1], place = source.path.generic_string() + ": '" + name + "' ";
      if (const std::string problem = problem_with(name); !problem.empty()) findings += place + problem + "\n";
      if (!seen.insert(source.path.parent_path().generic_string() + name).second) findings += place + "comes twice\n";
    }
  }
  CHECK(cases > 200);
  CHECK(findings == "");
}

TEST_CASE("names that Catch2 or CMake would read as something else are found") {
  for (const char* name : {"--version says what this is", "~not this", "one thing, then another ; a third", "of [tags]",
                           "*", " led by a space", "a\\b"}) {
    INFO(name);
    CHECK(problem_with(name) != "");
  }
  CHECK(problem_with("commas, 'quotes', dashes -- and colons: all are fine") == "");
}
