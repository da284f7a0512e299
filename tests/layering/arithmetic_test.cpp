// What no source may do where a number influences a trial (docs/reproducibility.md): call libm, a library's random
// distributions or a reduction without an order; and the flags that keep the compiler from changing arithmetic.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/layering/source_tree.h"

namespace {

namespace fs = std::filesystem;

// Functions whose last bits are the library's business. sqrt, fma, fabs, floor and their like are exact and not here.
const std::set<std::string> kInexact = {"exp",   "exp2",  "expm1", "log",    "log2",  "log10",  "log1p",
                                        "pow",   "sin",   "cos",   "sincos", "tan",   "asin",   "acos",
                                        "atan",  "atan2", "sinh",  "cosh",   "tanh",  "asinh",  "acosh",
                                        "atanh", "erf",   "erfc",  "cbrt",   "hypot", "tgamma", "lgamma"};

bool computes(const fs::path& path) {
  const std::string name = path.generic_string();
  for (const char* folder : {"core/", "kernels/", "trainer/", "sweep/space/", "sweep/search/", "sweep/analysis/"})
    if (name.starts_with(folder)) return true;
  return false;
}

/// `file:line: word` for each forbidden call in `code`.
std::vector<std::string> forbidden_calls(const std::string& file, const std::string& code) {
  static const std::regex patterns[] = {
      // std::exp(, ::expf(, and the float and device forms that no function of ours is named after
      std::regex(
          R"(\bstd::(exp2?|expm1|log(2|10|1p)?|pow|sin|cos|tan|a(sin|cos|tan)h?|atan2|sinh|cosh|tanh|erfc?|cbrt|hypot|[tl]gamma)[fl]?\s*\()"),
      std::regex(
          R"(\b(exp2?|exp10|expm1|log(2|10|1p)?|pow|sin|cos|tan|sincos|a(sin|cos|tan)h?|atan2|sinh|cosh|tanh|erfc?|cbrt|hypot|[tl]gamma|rsqrt|fmin|fmax|fdivide)f\s*\()"),
      std::regex(
          R"(\b__(expf?|exp10f|logf?|log2f|log10f|powf|sinf|cosf|tanf|sincosf|fdividef|saturatef|frsqrt_rn)\s*\()"),
      std::regex(R"(\brsqrt\s*\()"),
      std::regex(
          R"(\bstd::(fmin|fmax|reduce|transform_reduce|inclusive_scan|exclusive_scan|shuffle|sample|random_device|mt19937(_64)?|\w+_distribution)\b)"),
      std::regex(R"(\b(s?rand|random|[dlm]rand48|rand_r)\s*\()"),
      std::regex(R"(#\s*pragma\s+(omp|GCC\s+optimize)\b)"),
  };
  std::vector<std::string> findings;
  for (const std::regex& pattern : patterns)
    for (std::sregex_iterator match(code.begin(), code.end(), pattern), end; match != end; ++match)
      findings.push_back(file + ":" + std::to_string(layering::line_of(code, match->position())) + ": " + match->str());
  return findings;
}

std::string lines(const std::vector<std::string>& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe.get())) output.append(buffer.data(), got);
  return output;
}

/// The functions of libm that an archive's objects call and do not define.
std::vector<std::string> libm_calls(const std::string& archive) {
  std::istringstream symbols(output_of("nm --undefined-only --format=posix '" + archive + "' 2>&1"));
  std::vector<std::string> findings;
  std::string line;
  while (std::getline(symbols, line)) {
    const std::string name = line.substr(0, line.find(' '));
    std::string base = name;
    if (!kInexact.contains(base) && (base.ends_with("f") || base.ends_with("l"))) base.pop_back();
    if (kInexact.contains(base) || name.starts_with("GOMP_")) findings.push_back(archive + ": " + name);
  }
  return findings;
}

/// The words of a compile command.
std::set<std::string> words(const std::string& command) {
  std::istringstream stream(command);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// What is wrong with the flags of one compile command; empty where nothing is. nvcc's are others than the host's,
/// which also compiles .cu files, for the emulator.
std::string wrong_flags(const std::string& command) {
  const std::set<std::string> flags = words(command);
  std::string problems;
  for (const char* flag : {"-Ofast", "-ffast-math", "-funsafe-math-optimizations", "-fassociative-math",
                           "-ffinite-math-only", "-freciprocal-math", "-fno-signed-zeros", "-ffp-contract=fast",
                           "-fopenmp", "--use_fast_math", "-use_fast_math"})
    if (flags.contains(flag)) problems += std::string(" has ") + flag;
  const bool device =
      std::any_of(flags.begin(), flags.end(), [](const std::string& word) { return word.ends_with("nvcc"); });
  const std::vector<std::string> needed =
      device ? std::vector<std::string>{"-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true"}
             : std::vector<std::string>{"-ffp-contract=off"};
  for (const std::string& flag : needed)
    if (!flags.contains(flag)) problems += " lacks " + flag;
  return problems;
}

/// Sources of the kernels that are compiled once more to know what contraction would do: for the hypotheses, in a
/// namespace that no training calls, and for the saboteur of tests/saboteurs.
bool is_contracted_on_purpose(const std::string& command) {
  const std::set<std::string> flags = words(command);
  const bool named = flags.contains("-DSWEEP_ISA=contracted") || flags.contains("-DSWEEP_ISA=saboteur");
  return named && flags.contains("-ffp-contract=fast") && !flags.contains("-ffp-contract=off");
}

}  // namespace

TEST_CASE("no source that computes for a trial calls libm, a library's randomness or a sum without an order") {
  std::vector<std::string> findings;
  std::size_t read = 0;
  for (const auto& source : layering::read_sources(SWEEP_SOURCE_DIR)) {
    if (!computes(source.path)) continue;
    ++read;
    const auto found = forbidden_calls(source.path.generic_string(), source.code);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  CHECK(read > 20);
  CHECK(lines(findings) == "");
}

TEST_CASE("calls of libm and its like are found in code, and not in comments, names of ours or longer words") {
  const std::string code =
      "float a = std::exp(x);\nfloat b = expf(x);\nauto c = __logf (x);\nstd::reduce(v);\n"
      "std::uniform_real_distribution<float> d;\n#pragma omp parallel for\nint e = rand();\nfloat f = rsqrtf(x);\n";
  CHECK(lines(forbidden_calls("a.cpp", code)) ==
        "a.cpp:1: std::exp(\na.cpp:2: expf(\na.cpp:8: rsqrtf(\na.cpp:3: __logf (\na.cpp:4: std::reduce\n"
        "a.cpp:5: std::uniform_real_distribution\na.cpp:7: rand(\na.cpp:6: #pragma omp\n");
  const std::string fine =
      "float a = core::portable::exp(x); float b = std::sqrt(std::fma(x, y, z)); int operand(int); log_exp(x);\n";
  CHECK(lines(forbidden_calls("a.cpp", fine + layering::without_comments_and_literals("// expf(x)\nf(\"rand()\");"))) ==
        "");
}

TEST_CASE("no library that computes for a trial has a libm function among its undefined symbols") {
  std::istringstream archives(SWEEP_COMPUTING_ARCHIVES);
  std::string archive;
  std::vector<std::string> findings;
  while (std::getline(archives, archive, ':')) {
    INFO(archive);
    CHECK(fs::exists(archive));
    const auto found = libm_calls(archive);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  CHECK(lines(findings) == "");
}

TEST_CASE("a libm function among the undefined symbols is found") {
  CHECK_FALSE(libm_calls(SWEEP_LIBM_CALLER).empty());
}

TEST_CASE("every source is compiled with the flags that fix arithmetic and with none that loosens it") {
  std::ifstream stream(fs::path(SWEEP_BINARY_DIR) / "compile_commands.json");
  REQUIRE(stream.is_open());
  std::size_t compiled = 0, contracted = 0;
  std::string findings;
  for (const auto& entry : nlohmann::json::parse(stream)) {
    const fs::path file = fs::relative(entry.at("file").get<std::string>(), SWEEP_SOURCE_DIR);
    const std::string top = file.begin()->string();
    if (top != "core" && top != "protocol" && top != "kernels" && top != "trainer" && top != "sweep") continue;
    ++compiled;
    const std::string command = entry.at("command").get<std::string>();
    if (is_contracted_on_purpose(command)) {
      ++contracted;
      continue;
    }
    const std::string problems = wrong_flags(command);
    if (!problems.empty()) findings += file.generic_string() + ":" + problems + "\n";
  }
  CHECK(compiled > 20);
  CHECK(contracted == 7);
  CHECK(findings == "");
}

TEST_CASE("a flag that loosens arithmetic and a missing one are both found") {
  CHECK(wrong_flags("g++ -ffp-contract=off -c a.cpp") == "");
  CHECK(wrong_flags("g++ -Ofast -c a.cpp") == " has -Ofast lacks -ffp-contract=off");
  CHECK_FALSE(is_contracted_on_purpose("g++ -DSWEEP_ISA=avx2 -ffp-contract=fast -c a.cpp"));
  CHECK(wrong_flags("/usr/local/cuda/bin/nvcc -fmad=false -ftz=false -prec-div=true -c a.cu") ==
        " lacks -prec-sqrt=true");
}
