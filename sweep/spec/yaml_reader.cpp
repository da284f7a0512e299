// Events of yaml-cpp → tree with marks; see yaml_reader.h. yaml-cpp tells the byte at which each value begins; what it
// takes although it is no YAML (a quote that never closes) is looked for here.
#include "sweep/spec/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "sweep/spec/yaml_diagnosis.h"
#include "sweep/spec/yaml_scalar.h"

namespace sweep {
namespace {

constexpr std::string_view kStandardTag = "tag:yaml.org,2002:";

// An object or list that has not ended.
struct Open {
  Node node;
  YAML::anchor_t anchor = 0;
  std::optional<Member> key;  // whose value comes next
  bool merges = false;        // the key is '<<'
  std::vector<Node> merged;   // objects whose members fill up this one
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, std::vector<Finding>& warnings)
      : source_(source), text_(source.text()), counter_(source), warnings_(warnings) {}

  Node root;
  std::vector<core::Problem> problems;
  YamlState state;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse_second_document(offset(mark));
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = offset(mark);
    // Where no ':' follows a key the parser gives its own place for that of its value.
    const bool behind_key = open_.empty() || !open_.back().key || at > key_offset_;
    const bool written = behind_key && is_written_null(at);
    if (expects_key()) {
      const std::string word = null_word(at);
      if (word.empty()) stop(at, "a key is missing here", "");
      return key(at, word);
    }
    if (!written && anchor == 0) refuse_lost_value(at);
    Node node;
    node.mark = written ? counter_.at(at) : place_of_nothing(at);
    place(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const std::size_t at = offset(mark);
    state.last_scalar = at;
    if (expects_key()) {
      anchored_key_ = anchor;
      is_merge_ = tag == "?" && value == "<<";
      return key(at, value);
    }
    Node node;
    node.mark = counter_.at(at);
    node.scalar = scalar(node.mark, tag, value);
    if (tag == "?") warn_of_swallowed_item(at, value);
    place(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = offset(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(at, "this alias lies inside the value that it repeats", "write the value out");
    const Node& node = found->second;
    if (expects_key()) {
      if (node.kind != Node::Kind::kScalar || !node.scalar.is_string())
        stop(at, "an alias that is no string stands as a key", "write the key out");
      is_merge_ = false;
      return key(at, node.scalar.get<std::string>());
    }
    aliased_ += measure(node, at, open_.size());
    if (aliased_ > kMostAliased)
      stop(at, "aliases repeat more than " + std::to_string(kMostAliased) + " values up to here",
           "write fewer of them");
    place(Node(node), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::kList, mark, tag, anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::kObject, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  bool has_document() const { return documents_ > 0; }

 private:
  static std::size_t offset(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.pos); }

  bool expects_key() const { return !open_.empty() && open_.back().node.is_object() && !open_.back().key; }

  void report(Mark mark, std::string problem, std::string remedy) {
    problems.push_back(source_.problem_at(mark, std::move(problem), std::move(remedy)));
  }

  [[noreturn]] void stop(std::size_t at, std::string problem, std::string remedy) {
    report(counter_.at(at), std::move(problem), std::move(remedy));
    throw core::UserError(problems);
  }

  void refuse_second_document(std::size_t at) {
    if (text_.compare(at, 3, "---") == 0 || text_.rfind("\n...", at) != std::string::npos)
      stop(at, "a second document begins here", "a sweep file holds one");
    if (text_[at] == ':') stop(at + 1, "a space is missing behind the ':'", "");
    stop(at, "this does not belong to what stands above", "indent it, or write it as what is above is written");
  }

  // The null that is written at `at`, empty where none is.
  std::string null_word(std::size_t at) const {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n:,]}#", at), text_.size());
    const std::string word = text_.substr(at, end - at);
    return plain_yaml_scalar(word).value.is_null() ? word : "";
  }

  // As opposed to nothing, behind which the next key may happen to be `null`.
  bool is_written_null(std::size_t at) const {
    if (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) return true;
    const std::string word = null_word(at);
    const std::size_t next = std::min(text_.find_first_not_of(" \t", at + word.size()), text_.size());
    return !word.empty() && (next >= text_.size() || text_[next] != ':');
  }

  // The parser takes `b` alone below `a: 1`, and `{a:1}`, for keys without a value, and `[1,,2]` for three items.
  void refuse_lost_value(std::size_t at) {
    if (open_.empty()) return;
    const Open& parent = open_.back();
    const bool in_flow = state.open.back() != YamlState::kNone;
    if (parent.node.is_list() && in_flow) stop(at, "a value is missing here", "write null for none");
    if (!parent.key) return;
    const std::string& key = parent.key->key;
    const bool plain = text_.compare(key_offset_, key.size(), key) == 0;
    const std::size_t colon = plain ? key.find(':') : std::string::npos;
    if (colon != std::string::npos && colon + 1 < key.size())
      stop(key_offset_ + colon + 1, "a space is missing behind the ':'", "");
    const std::size_t end = plain ? key_offset_ + key.size() : std::min(text_.find('\n', key_offset_), text_.size());
    const std::size_t next = std::min(text_.find_first_not_of(" \t", end), text_.size());
    const bool has_colon = plain ? next < text_.size() && text_[next] == ':' : text_.find(':', key_offset_) < end;
    if (!in_flow && !has_colon) stop(key_offset_, "a ':' is missing in this line", "");
  }

  // Of a value that is left out: the key's, or the list's.
  Mark place_of_nothing(std::size_t at) {
    if (open_.empty()) return counter_.at(at);
    return open_.back().key ? open_.back().key->mark : open_.back().node.mark;
  }

  core::Json scalar(Mark mark, const std::string& tag, const std::string& text) {
    if (tag == "!") return text;
    YamlScalar read;
    if (tag == "?") {
      read = plain_yaml_scalar(text);
    } else {
      const std::string_view word =
          std::string_view(tag).substr(tag.starts_with(kStandardTag) ? kStandardTag.size() : 0);
      const bool known = word.size() < tag.size() &&
                         (word == "str" || word == "int" || word == "float" || word == "bool" || word == "null");
      if (known) {
        read = tagged_yaml_scalar(word, text);
      } else {
        read.problem = "the tag " + written_tag(tag) + " has no meaning in a sweep file";
        read.remedy = "use !!str, !!int, !!float, !!bool or !!null, or none";
      }
    }
    if (!read.problem.empty()) report(mark, read.problem, read.remedy);
    if (!read.warning.empty()) warnings_.push_back({mark, source_.problem_at(mark, read.warning, read.advice)});
    return read.value;
  }

  static std::string written_tag(const std::string& tag) {
    if (tag.starts_with(kStandardTag)) return "!!" + tag.substr(kStandardTag.size());
    return tag.starts_with('!') ? tag : "!<" + tag + ">";
  }

  // `- 2` indented by one more than `- 1` above it continues that value: YAML says so, and nobody means it.
  void warn_of_swallowed_item(std::size_t at, const std::string& value) {
    if (value.find(" - ") == std::string::npos) return;
    const std::size_t line = text_.find('\n', at);
    const std::size_t next = line == std::string::npos ? line : text_.find_first_not_of(" \t\r\n", line);
    if (next == std::string::npos || text_.compare(next, 2, "- ") != 0) return;
    const Mark mark = source_.mark_at(next);
    warnings_.push_back({mark, source_.problem_at(mark, "this line continues the value above it",
                                                  "indent it as the first item is, to make it an item")});
  }

  void key(std::size_t at, std::string name) {
    const Mark mark = counter_.at(at);
    key_offset_ = at;
    Open& object = open_.back();
    object.key = Member{std::move(name), mark, {}};
    object.merges = std::exchange(is_merge_, false);
    const YAML::anchor_t anchor = std::exchange(anchored_key_, 0);
    if (anchor == 0) return;
    Node node;
    node.mark = mark;
    node.scalar = object.key->key;
    anchors_[anchor] = std::move(node);
  }

  // A finished value goes where it belongs.
  void place(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root = std::move(node);
    } else if (open_.back().node.is_list()) {
      open_.back().node.items.push_back(std::move(node));
    } else {
      member(open_.back(), std::move(node));
    }
  }

  void member(Open& object, Node value) {
    Member added = std::move(*object.key);
    object.key.reset();
    if (object.merges) return merge(object, added, std::move(value));
    auto& members = object.node.members;
    if (const Member* earlier = object.node.find(added.key)) {
      const std::string line = std::to_string(earlier->mark.line);
      warnings_.push_back(
          {added.mark, source_.problem_at(added.mark, "the key '" + added.key + "' is repeated",
                                          "this one counts and the one in line " + line + " does not")});
      members.erase(members.begin() + (earlier - members.data()));
    }
    added.value = std::move(value);
    members.push_back(std::move(added));
  }

  void merge(Open& object, const Member& key, Node value) {
    std::vector<Node> sources;
    if (value.is_list()) {
      sources = std::move(value.items);
    } else {
      sources.push_back(std::move(value));
    }
    for (Node& source : sources) {
      if (source.is_object()) {
        object.merged.push_back(std::move(source));
      } else {
        report(key.mark, "'<<' merges an object into this one, here stands " + source.describe(),
               "write an alias of an object behind it");
      }
    }
  }

  // The bracket within which a value stands that begins at `at`: its own, the list's for the object in [a: 1], or none.
  std::size_t bracket(std::size_t at, YAML::EmitterStyle::value style) const {
    if (style != YAML::EmitterStyle::Flow) return YamlState::kNone;
    const std::size_t begin = behind_properties(text_, at);
    const bool own = begin < text_.size() && (text_[begin] == '[' || text_[begin] == '{');
    return own || state.open.empty() ? begin : state.open.back();
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    const std::size_t at = offset(mark);
    const std::string_view own_tag = kind == Node::Kind::kList ? "seq" : "map";
    if (expects_key()) stop(at, "a list or an object stands as a key", "write the key as a word");
    Open container;
    container.node.kind = kind;
    container.node.mark = counter_.at(at);
    container.anchor = anchor;
    if (tag != "?" && tag != "!" && tag != std::string(kStandardTag) + std::string(own_tag))
      report(container.node.mark, "the tag " + written_tag(tag) + " has no meaning in a sweep file", "remove it");
    open_.push_back(std::move(container));
    state.open.push_back(bracket(at, style));
    refuse_depth(at, open_.size());
  }

  void refuse_depth(std::size_t at, std::size_t depth) {
    if (depth > static_cast<std::size_t>(kDeepest))
      stop(at, "lists and objects stand more than " + std::to_string(kDeepest) + " levels deep", "");
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    state.open.pop_back();
    for (Node& merged : done.merged)
      for (Member& member : merged.members)
        if (!done.node.find(member.key)) done.node.members.push_back(std::move(member));
    place(std::move(done.node), done.anchor);
  }

  // How many values a node holds; a long string counts for more than one. Stops where it would stand too deep.
  std::size_t measure(const Node& node, std::size_t at, std::size_t depth) {
    if (node.kind != Node::Kind::kScalar) refuse_depth(at, depth + 1);
    std::size_t size = 1;
    if (node.scalar.is_string()) size += node.scalar.get_ref<const std::string&>().size() / 64;
    for (const Node& item : node.items) size += measure(item, at, depth + 1);
    for (const Member& member : node.members) size += 1 + member.key.size() / 64 + measure(member.value, at, depth + 1);
    return size;
  }

  const SourceText& source_;
  const std::string& text_;
  MarkCounter counter_;
  std::vector<Finding>& warnings_;
  std::vector<Open> open_;  // outermost first
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t aliased_ = 0;
  int documents_ = 0;
  std::size_t key_offset_ = 0;       // of the last key
  bool is_merge_ = false;            // of the key that is being read
  YAML::anchor_t anchored_key_ = 0;  // likewise
};

}  // namespace

Node read_yaml(const SourceText& source, std::vector<Finding>& warnings) {
  require_text(source, true);
  TreeBuilder builder(source, warnings);
  std::istringstream stream(source.text());
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.problems.push_back(
        diagnose_yaml(source, builder.state, static_cast<std::size_t>(std::max(error.mark.pos, 0))));
    throw core::UserError(std::move(builder.problems));
  }
  if (!builder.has_document()) {
    builder.problems.push_back(source.problem_at({}, "the file is empty", "write 'method' and 'parameters'"));
  } else if (const auto open = open_quote(source, builder.state)) {
    builder.problems.push_back(*open);
  }
  if (!builder.problems.empty()) throw core::UserError(std::move(builder.problems));
  return std::move(builder.root);
}

}  // namespace sweep
