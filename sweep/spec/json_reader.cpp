// Events of nlohmann-json → tree with marks; see json_reader.h. The parser tells what it read, not where: between two
// tokens stands nothing but white space, ',' and ':', so each token's place follows from the end of the one before.
#include "sweep/spec/json_reader.h"

#include <charconv>
#include <utility>

#include "sweep/spec/json_diagnosis.h"

namespace sweep {
namespace {

class TreeBuilder : public nlohmann::json_sax<core::Json> {
 public:
  explicit TreeBuilder(const SourceText& source) : source_(source), text_(source.text()), counter_(source) {}

  Node root;
  std::vector<core::Problem> problems;

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool number_float(number_float_t, const string_t& written) override {
    double value = 0;
    const auto result = std::from_chars(written.data(), written.data() + written.size(), value);
    if (written.find_first_of(".eE") == std::string::npos) {
      report("the integer " + written + " needs more than 64 bits", "write it as a float (" + written + ".0)");
    } else if (result.ec != std::errc{}) {
      report("the number " + written + " is too small for a double", "write 0.0 or a larger one");
    }
    return scalar(value);
  }

  bool key(string_t& name) override {
    const Mark mark = take_token();
    Node& object = *open_.back();
    if (const Member* earlier = object.find(name)) {
      problems.push_back(source_.problem_at(mark, "the key '" + name + "' is repeated",
                                            "it stands in line " + std::to_string(earlier->mark.line) + " already"));
    }
    object.members.push_back({name, mark, {}});
    state_.after = JsonState::After::kKey;
    return true;
  }

  bool start_object(std::size_t) override { return open(Node::Kind::kObject, JsonState::After::kObjectStart); }
  bool start_array(std::size_t) override { return open(Node::Kind::kList, JsonState::After::kListStart); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    if (!open_.empty()) state_.open = open_.back()->mark;
    problems.push_back(diagnose_json(source_, state_));
    return false;
  }

 private:
  // Moves over the next token; returns its place.
  Mark take_token() {
    const Mark mark = next_token();
    state_.cursor = json_token_end(text_, state_.last_start);
    return mark;
  }

  // The place of the next token.
  Mark next_token() {
    state_.last_start = text_.find_first_not_of(" \t\r\n,:", state_.cursor);
    return counter_.at(state_.last_start);
  }

  void report(std::string problem, std::string remedy) {
    problems.push_back(source_.problem_at(next_token(), std::move(problem), std::move(remedy)));
  }

  // Where the next value goes.
  Node& place() {
    if (open_.empty()) return root;
    Node& parent = *open_.back();
    return parent.is_list() ? parent.items.emplace_back() : parent.members.back().value;
  }

  void value_done() {
    using After = JsonState::After;
    state_.after = open_.empty() ? After::kDocument : open_.back()->is_list() ? After::kItem : After::kMember;
  }

  bool scalar(core::Json value) {
    Node& node = place();
    node.mark = take_token();
    node.scalar = std::move(value);
    value_done();
    return true;
  }

  bool open(Node::Kind kind, JsonState::After after) {
    Node& node = place();
    node.kind = kind;
    node.mark = take_token();
    open_.push_back(&node);
    state_.after = after;
    if (open_.size() <= static_cast<std::size_t>(kDeepest)) return true;
    problems.push_back(source_.problem_at(
        node.mark, "lists and objects stand more than " + std::to_string(kDeepest) + " levels deep"));
    return false;
  }

  bool close() {
    take_token();
    open_.pop_back();
    value_done();
    return true;
  }

  const SourceText& source_;
  const std::string& text_;
  std::vector<Node*> open_;  // the containers that have not ended, outermost first
  JsonState state_;
  MarkCounter counter_;
};

}  // namespace

Node read_json(const SourceText& source) {
  require_text(source, false);  // the parser skips a byte order mark and takes NUL for the end
  TreeBuilder builder(source);
  core::Json::sax_parse(source.text(), &builder);
  if (!builder.problems.empty()) throw core::UserError(std::move(builder.problems));
  return std::move(builder.root);
}

}  // namespace sweep
