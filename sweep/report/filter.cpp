// See filter.h.
#include "sweep/report/filter.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "sweep/report/display.h"
#include "sweep/report/filter_words.h"

namespace sweep {

struct Filter::Node {
  enum class Kind { kAnd, kOr, kNot, kIn, kLess, kLessEqual, kGreater, kGreaterEqual };
  Kind kind = Kind::kAnd;
  std::vector<std::unique_ptr<const Node>> parts;  // of kAnd, kOr, kNot
  std::size_t column = 0;                          // of the others
  std::vector<FilterValue> values;                 // of kIn: = is one of one
  double bound = 0;                                // of comparisons
};

namespace {

using Node = Filter::Node;
using Kind = Node::Kind;
using Part = std::unique_ptr<const Node>;

constexpr int kMaxDepth = 100;
constexpr std::size_t kNoColumn = SIZE_MAX;

bool compare(Kind kind, double value, double bound) {
  switch (kind) {
    case Kind::kLess:
      return value < bound;
    case Kind::kLessEqual:
      return value <= bound;
    case Kind::kGreater:
      return value > bound;
    case Kind::kGreaterEqual:
      return value >= bound;
    default:
      core::check(false, "a comparison of another kind");
      return false;
  }
}

bool test(const Node& node, const std::optional<core::Json>& cell) {
  if (!cell) return false;
  if (node.kind == Kind::kIn)
    return std::any_of(node.values.begin(), node.values.end(), [&](const FilterValue& v) { return v.equals(*cell); });
  return cell->is_number() && compare(node.kind, cell->get<double>(), node.bound);
}

bool evaluate(const Node& node, const Filter::Cell& cell) {
  const auto holds = [&](const Part& part) { return evaluate(*part, cell); };
  switch (node.kind) {
    case Kind::kAnd:
      return std::all_of(node.parts.begin(), node.parts.end(), holds);
    case Kind::kOr:
      return std::any_of(node.parts.begin(), node.parts.end(), holds);
    case Kind::kNot:
      return !holds(node.parts.front());
    default:
      return test(node, node.column == kNoColumn ? std::nullopt : cell(node.column));
  }
}

// Reads one condition; a function a rule of the grammar.
class Reader {
 public:
  Reader(const SourceText& source, const std::vector<FilterColumn>& columns, bool is_open)
      : source_(source), columns_(columns), is_open_(is_open), words_(filter_words(source)) {}

  Part read() {
    Part whole = read_chain(Kind::kOr);
    if (here().kind != FilterWord::Kind::kEnd) refuse("'" + shown(here()) + "' joins nothing", "write and, or or )");
    return whole;
  }

 private:
  const FilterWord& here() const { return words_[next_]; }
  bool is_sign(const char* sign) const { return here().kind == FilterWord::Kind::kSign && here().text == sign; }
  bool is_key(std::string_view key) const { return here().kind == FilterWord::Kind::kWord && here().text == key; }
  bool take(bool is_it) {
    next_ += is_it;
    return is_it;
  }
  static std::string shown(const FilterWord& word) { return printable(word.text, kCellColumns); }
  [[noreturn]] void refuse(std::string problem, std::string remedy = {}) const {
    refuse_filter(source_, here().at, std::move(problem), std::move(remedy));
  }

  Part read_chain(Kind kind) {
    std::vector<Part> parts;
    do {
      parts.push_back(kind == Kind::kOr ? read_chain(Kind::kAnd) : read_not());
    } while (take(is_key(kind == Kind::kOr ? "or" : "and")));
    if (parts.size() == 1) return std::move(parts.front());
    return join(kind, std::move(parts));
  }

  Part read_not() {
    if (depth_ == kMaxDepth) refuse("conditions inside one another go deeper than 100");
    ++depth_;
    Part part;
    if (take(is_key("not"))) {
      part = negated(read_not());
    } else if (take(is_sign("("))) {
      part = read_chain(Kind::kOr);
      if (!take(is_sign(")"))) refuse("a ) is missing");
    } else {
      part = read_test();
    }
    --depth_;
    return part;
  }

  Part read_test() {
    auto node = std::make_unique<Node>();
    const FilterWord name = take_text("a column's name");
    node->column = column(name);
    const bool negates = take(is_key("not"));
    if (negates && !is_key("in")) refuse("'not' behind a name takes in", "write NAME not in (A, B)");
    if (take(is_key("in"))) {
      read_list(*node);
      return negates ? negated(std::move(node)) : std::move(node);
    }
    if (here().kind != FilterWord::Kind::kSign || is_sign("(") || is_sign(")") || is_sign(","))
      refuse("a comparison is missing behind '" + shown(name) + "'", "write =, !=, <, <=, >, >= or in");
    const std::string sign = here().text;
    ++next_;
    if (sign == "=" || sign == "!=") {
      node->kind = Kind::kIn;
      node->values.push_back(take_value(node->column));
      return sign == "=" ? std::move(node) : negated(std::move(node));
    }
    node->kind = sign == "<"    ? Kind::kLess
                 : sign == "<=" ? Kind::kLessEqual
                 : sign == ">"  ? Kind::kGreater
                                : Kind::kGreaterEqual;
    node->bound = take_bound(sign);
    return node;
  }

  void read_list(Node& node) {
    node.kind = Kind::kIn;
    if (!take(is_sign("("))) refuse("a ( is missing behind in", "write in (A, B)");
    do node.values.push_back(take_value(node.column));
    while (take(is_sign(",")));
    if (!take(is_sign(")"))) refuse("a ) is missing");
  }

  FilterWord take_text(const char* what) {
    const bool is_text = here().kind == FilterWord::Kind::kWord || here().kind == FilterWord::Kind::kQuoted;
    const bool is_reserved = is_key("and") || is_key("or") || is_key("not") || is_key("in");
    if (here().kind == FilterWord::Kind::kEnd)
      refuse(std::string("the condition ends where ") + what + " should stand");
    if (!is_text || is_reserved)
      refuse("'" + shown(here()) + "' stands where " + what + " should",
             is_reserved ? "quote it where it is meant" : "");
    return words_[next_++];
  }

  FilterValue take_value(std::size_t column) {
    const FilterWord& word = here();
    const FilterValue value(take_text("a value"));
    if (column == kNoColumn || columns_[column].words.empty()) return value;
    const std::vector<std::string>& known = columns_[column].words;
    if (std::find(known.begin(), known.end(), value.text) == known.end())
      refuse_filter(source_, word.at, "no " + columns_[column].name + " '" + shown(word) + "'",
                    nearest_or_all(value.text, known));
    return value;
  }

  double take_bound(const std::string& sign) {
    const FilterWord& word = here();
    const FilterValue value(take_text("a value"));
    if (!value.json || !value.json->is_number())
      refuse_filter(source_, word.at, "'" + sign + "' compares numbers, and '" + shown(word) + "' is none",
                    "write =, != or in");
    return value.json->get<double>();
  }

  std::size_t column(const FilterWord& name) const {
    const auto found = std::find_if(columns_.begin(), columns_.end(),
                                    [&](const FilterColumn& column) { return column.name == name.text; });
    if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
    if (is_open_) return kNoColumn;
    std::vector<std::string> names;
    for (const FilterColumn& one : columns_) names.push_back(one.name);
    refuse_filter(source_, name.at, "no column '" + shown(name) + "'", nearest_or_all(name.text, names));
  }

  static Part join(Kind kind, std::vector<Part> parts) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->parts = std::move(parts);
    return node;
  }
  static Part negated(Part part) {
    std::vector<Part> one;
    one.push_back(std::move(part));
    return join(Kind::kNot, std::move(one));
  }

  const SourceText& source_;
  const std::vector<FilterColumn>& columns_;
  bool is_open_;
  std::vector<FilterWord> words_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

Filter::Filter(const std::string& text, const std::vector<FilterColumn>& columns, bool is_open) {
  const SourceText source(text, "--filter");
  require_text(source, true);
  root_ = Reader(source, columns, is_open).read();
}

Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;

bool Filter::matches(const Cell& cell) const { return evaluate(*root_, cell); }

}  // namespace sweep
