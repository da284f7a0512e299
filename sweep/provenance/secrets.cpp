// See secrets.h.
#include "sweep/provenance/secrets.h"

#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <sstream>

extern char** environ;

namespace sweep {
namespace {

using core::Json;

constexpr std::size_t kShortestValue = 6;  // of a variable: a shorter one stands in every second line
constexpr std::size_t kShortestLine = 12;  // of a value of several lines, a key for example

// A name with one of these words is that of a secret.
constexpr char kSecretName[] =
    "(?i)(secret|token|passw|passphrase|passwd|(?:^|_)pass$|api_?key|_key$|^key$|key_|credential|auth(?:_|$|orization)|"
    "cookie|bearer)";
// Names that look so and hold paths or numbers.
constexpr std::array<std::string_view, 3> kHarmless = {"SSH_AUTH_SOCK", "XAUTHORITY", "GPG_AGENT_INFO"};

// Shapes that nobody writes for anything else; the group is what stays.
constexpr std::array<const char*, 15> kShapes = {
    "()gh[pousr]_[A-Za-z0-9]{20,}", "()github_pat_[A-Za-z0-9_]{20,}", "()glpat-[A-Za-z0-9_-]{16,}",
    "()(?:AKIA|ASIA)[A-Z0-9]{16}", "()\\bsk-[A-Za-z0-9_-]{20,}", "()\\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "()\\bxox[abeposr]-[A-Za-z0-9-]{10,}", "()\\bhf_[A-Za-z0-9]{20,}", "()AIza[A-Za-z0-9_-]{30,}",
    "()\\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,})",
    "()eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}[A-Za-z0-9_.-]*", "(?i)(\\bbearer\\s+)[A-Za-z0-9._~+/-]{12,}=*",
    "(\\b[A-Za-z][A-Za-z0-9+.-]*://)[^/\\s\"']+@",
    // A private key: to the text's end where its last line is missing,
    // from its first full line where the first is.
    "(?s)()-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?"
    "(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\\z)",
    "(?m)()(?:^[ \\t]*[A-Za-z0-9+/=]+\\s*\n)*[ \\t]*"
    "-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"};

const std::deque<RE2>& shapes() {
  static const std::deque<RE2> compiled(kShapes.begin(), kShapes.end());
  return compiled;
}

constexpr char kTelling[] =
    "(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential)";
constexpr char kTellingCapital[] =
    "(?:SECRET|TOKEN|PASSWO?R?D|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL)";
// A name that ends with "pass": not compass, and not forward_pass.
constexpr char kPass[] = "(?:db|user|smtp|mail|ftp|https?|proxy|root|admin|login|auth|mysql|pg|redis)[_-]?pass";
// Between a name and the quotes of what it is given: the end of its own quotes or of an index, its type.
constexpr char kGiven[] = R"(["']?\]?(?:\s*:\s*[\w.\[\]| ]+)?\s*[:=]+\s*[bruf]?)";
constexpr char kWord[] = R"(([^\s"'$][^\s"']{5,}))";

// What is given to a name that tells: `api_key = "…"`, `TOKEN=…` of a shell or an .env file, `--password …`, `password:
// …` with the rest of its line. The first group stays, the second is the value.
const std::deque<RE2>& assignments() {
  static const std::deque<RE2> compiled = [] {
    const std::string telling = kTelling, pass = kPass, given = kGiven, word = kWord;
    std::deque<RE2> all;
    for (const std::string quote : {"\"", "'"}) {
      const std::string quoted = given + quote + ")((?:[^\\\\\\n" + quote + "]|\\\\.){6,})";
      all.emplace_back("(?i)([\\w.-]*" + telling + "[\\w.-]*" + quoted);
      all.emplace_back("(?i)((?:(?:\\b|_)" + pass + "|[\"']pass)" + quoted);
      all.emplace_back("((?:\\b|_)PASS" + quoted);
    }
    all.emplace_back(std::string("([A-Z0-9_]*") + kTellingCapital + "[A-Z0-9_]*=)" + word);
    all.emplace_back("((?:\\b|_)PASS=)" + word);
    all.emplace_back("(?i)((?:\\b|_)" + pass + "=)" + word);
    all.emplace_back(R"((?i)(--?[\w-]*(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key)(?:=|\s+)))"
                     R"(([^\s"'$-][^\s"']{5,}))");
    // Without quotes and in small letters: of a file of settings, not of a program, where such a word is a variable.
    const std::string bare = R"([^\s"'$(){}\[\],.<>;])";
    all.emplace_back("(?i)((?:\\b|_)" + telling + "=)(" + bare + "{6,})(?:[\\s;&]|$)");
    all.emplace_back("(?im)(^[+\\-\\s]*[\\w.-]*" + telling + "[ \\t]+=[ \\t]*)(" + bare + "{5,}[0-9]" + bare + "*|" +
                     bare + "{0,5}[0-9]" + bare + "{5,})[ \\t]*$");
    all.emplace_back(
        R"((?im)(^[+\-\s]*["']?(?:[\w-]*(?:secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key)[\w-]*|pass|)"
        R"((?:[\w-]*_)?)" +
        pass + R"()["']?:[ \t]+)([^\s"'][^\n]{5,}))");
    return all;
  }();
  return compiled;
}

// Values that are no secrets though the name tells: a count, a word for none, the type of a parameter.
bool is_harmless(std::string_view name, std::string_view value) {
  static const RE2 number(R"([+-]?[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?[,;]?\s*)");
  static const RE2 other(R"((?i)(?:(?:true|false|null|none)[,;]?\s*|)"
                         R"((?:typing\.)?(?:str|bytes|bool|int|float|any|(?:optional|union)\[.*)\s*(?:[|=,)].*)?))");
  static const RE2 of_digits("(?i)passw|passphrase|secret|key");  // may be digits alone; tokens and passes are counted
  return RE2::FullMatch(value, other) || (RE2::FullMatch(value, number) && !RE2::PartialMatch(name, of_digits));
}

std::string redact_values(const std::string& text, const RE2& assignment) {
  std::string redacted;
  std::size_t at = 0;
  re2::StringPiece groups[3];
  while (assignment.Match(text, at, text.size(), RE2::UNANCHORED, groups, 3)) {
    const std::string_view name(groups[1].data(), groups[1].size()), value(groups[2].data(), groups[2].size());
    const auto begin = static_cast<std::size_t>(value.data() - text.data());
    redacted.append(text, at, begin - at);
    redacted += is_harmless(name, value) ? value : std::string_view(kRedacted);
    at = begin + value.size();
  }
  return redacted.append(text, at);
}

bool is_secret_name(const std::string& name) {
  static const RE2 pattern(kSecretName);
  return std::find(kHarmless.begin(), kHarmless.end(), name) == kHarmless.end() && RE2::PartialMatch(name, pattern);
}

void replace_all(std::string& text, const std::string& from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

Secrets::Secrets(const std::map<std::string, std::string>& variables, const std::vector<std::string>& named) {
  static const RE2 in_address("://[^/\\s@:]*:([^/\\s]+)@");
  for (const auto& [name, value] : variables) {
    if (is_secret_name(name) || std::find(named.begin(), named.end(), name) != named.end()) add(value);
    std::string password;
    if (RE2::PartialMatch(value, in_address, &password)) add(password);
  }
  std::sort(values_.begin(), values_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

Secrets Secrets::of_environment(const std::vector<std::string>& named) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Secrets(variables, named);
}

void Secrets::add(std::string_view value) {
  if (value.size() < kShortestValue) return;
  values_.emplace_back(value);
  if (value.find('\n') == std::string_view::npos) return;
  std::istringstream lines{std::string(value)};
  for (std::string line; std::getline(lines, line);)
    if (line.size() >= kShortestLine) values_.push_back(line);
}

std::string Secrets::redact(std::string_view text) const {
  std::string redacted(text);
  for (const std::string& value : values_) replace_all(redacted, value, kRedacted);
  for (const RE2& shape : shapes()) RE2::GlobalReplace(&redacted, shape, std::string("\\1") + kRedacted);
  for (const RE2& assignment : assignments()) redacted = redact_values(redacted, assignment);
  return redacted;
}

Json Secrets::redact_json(const Json& value) const {
  if (value.is_string()) return redact(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(redact_json(item));
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, inner] : value.items()) object[redact(key)] = redact_json(inner);
  return object;
}

std::string redacted_address(std::string_view address, const Secrets& secrets) {
  static const RE2 user("^(?:([A-Za-z][A-Za-z0-9+.-]*://)[^/]*@|[^/@]*@)"), query("[?#].*$");
  std::string text(address);
  RE2::Replace(&text, user, "\\1");
  RE2::Replace(&text, query, "");
  return secrets.redact(text);
}

}  // namespace sweep
