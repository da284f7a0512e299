// Words and command lines for a shell.
#include "core/shell.h"

#include "tests/catch.h"

using core::shell_quoted;
using Words = std::vector<std::string>;

TEST_CASE("a word is quoted for a shell only where it has to be") {
  CHECK(shell_quoted("runs/a-b_1.0") == "runs/a-b_1.0");
  CHECK(shell_quoted("my runs") == "'my runs'");
  CHECK(shell_quoted("it's; rm -rf $HOME") == "'it'\\''s; rm -rf $HOME'");
  CHECK(shell_quoted("") == "''");
}

TEST_CASE("a command is shown as a person would type it, and its first word sets no variable") {
  CHECK(shell_quoted(Words{"python3", "train.py", "--lr=1e-05"}) == "python3 train.py --lr=1e-05");
  CHECK(shell_quoted(Words{"p", "a b", "", "it's", "$x", "~", "*"}) == R"(p 'a b' '' 'it'\''s' '$x' '~' '*')");
  CHECK(shell_quoted(Words{"A=1", "A=1"}) == "'A=1' A=1");
}
