// Text of the messages; see error.h.
#include "core/error.h"

#include <cstdio>
#include <cstdlib>

namespace core {
namespace {

std::string join(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

}  // namespace

std::string Problem::text() const {
  std::string line = place.empty() ? problem : place + ": " + problem;
  if (!remedy.empty()) line += ", " + remedy;
  if (!excerpt.empty()) line += "\n" + excerpt;
  return line;
}

UserError::UserError(std::vector<Problem> problems)
    : std::runtime_error(join(problems)), problems_(std::move(problems)) {}

UserError::UserError(std::string place, std::string problem, std::string remedy)
    : UserError(std::vector<Problem>{{std::move(place), std::move(problem), std::move(remedy), {}}}) {}

EnvironmentError::EnvironmentError(std::string place, std::string problem, std::string remedy)
    : std::runtime_error(Problem{place, problem, remedy, {}}.text()),
      problem_{std::move(place), std::move(problem), std::move(remedy), {}} {}

void fail_check(const char* message, std::source_location where) {
  std::fprintf(stderr, "%s:%u: internal error: %s (in %s)\n", where.file_name(), unsigned{where.line()}, message,
               where.function_name());
  std::fflush(stderr);
  std::abort();
}

}  // namespace core
