// Prints dots without a line end, a hundred of them in half a second, and then its metric.
#include <unistd.h>

#include <cstdio>

int main() {
  for (int i = 0; i < 100; ++i) {
    if (::write(1, ".", 1) != 1) return 9;
    ::usleep(5'000);
  }
  std::puts("\nval_loss=0.5");
}
