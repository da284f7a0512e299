// Says each of its arguments as a line, and ends well.
#include "tests/children/say.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) SAY("%s", argv[i]);
}
