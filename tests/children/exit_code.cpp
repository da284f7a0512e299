// Ends with the exit code it is given, after a word on stderr.
#include <cstdlib>

#include <cstdio>

int main(int, char** argv) {
  std::fputs("first line\nthe last line\n\n", stderr);
  return std::atoi(argv[1]);
}
