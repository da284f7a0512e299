// A sweep file as a tree that remembers where everything stood. read_spec() walks it; the
// format of the file ends here (json_reader.h and yaml_reader.h are its readers). It knows no key of the language.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "sweep/spec/source_text.h"

namespace sweep {

struct Member;

/// A sweep file needs a handful of levels; a limit keeps hostile ones off the stack.
inline constexpr int kDeepest = 100;

/// One value with its place. A scalar lies in `scalar`; lists and objects keep their children with their own places.
struct Node {
  enum class Kind { kScalar, kList, kObject };

  Kind kind = Kind::kScalar;
  Mark mark;                    ///< of the value's first character
  core::Json scalar;            ///< null, boolean, number or string; integers and doubles stay apart
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of an object, in the order of the file; no key stands twice

  bool is_object() const { return kind == Kind::kObject; }
  bool is_list() const { return kind == Kind::kList; }
  /// Null where the object has no such key.
  const Member* find(std::string_view key) const;
  /// The value without its places.
  core::Json json() const;
  /// What it is, for messages: "a list", "an object", "'x'", "3.5", "null".
  std::string describe() const;
};

struct Member {
  std::string key;
  Mark mark;  ///< of the key's first character
  Node value;
};

/// A problem together with its place, so that those of several readers can be put in order.
struct Finding {
  Mark mark;
  core::Problem problem;
};

class Document {
 public:
  /// Reads `text`. The extension of `file` chooses the format: .json, or .yaml and .yml; with any other, or none, a
  /// text that begins with '{' is JSON and everything else YAML. Errors: UserError with every problem up to the first
  /// that breaks the syntax.
  Document(std::string_view text, const std::filesystem::path& file);

  const Node& root() const { return root_; }
  /// What the reader let pass: repeated keys of YAML and text whose meaning differs between readers.
  const std::vector<Finding>& warnings() const { return warnings_; }
  core::Problem problem_at(Mark mark, std::string problem, std::string remedy = {}) const {
    return source_.problem_at(mark, std::move(problem), std::move(remedy));
  }

 private:
  SourceText source_;
  std::vector<Finding> warnings_;
  Node root_;
};

}  // namespace sweep
