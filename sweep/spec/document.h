// A sweep file as a tree that remembers where everything stood. read_spec() and check_hyperparameters() walk it; the
// format of the file ends here (json_reader.h is one such reader). It knows no key of the language.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "sweep/spec/source_text.h"

namespace sweep {

struct Member;

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

class Document {
 public:
  /// Reads `text`; the extension of `file` chooses the format, JSON where it says nothing. Errors: UserError with every
  /// problem up to the first that breaks the syntax.
  Document(std::string_view text, const std::filesystem::path& file);

  const Node& root() const { return root_; }
  core::Problem problem_at(Mark mark, std::string problem, std::string remedy = {}) const {
    return source_.problem_at(mark, std::move(problem), std::move(remedy));
  }

 private:
  SourceText source_;
  Node root_;
};

}  // namespace sweep
