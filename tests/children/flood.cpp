// Prints 100 MB, then one line of 1 MB, then its metric.
#include <cstdio>
#include <string>

int main() {
  const std::string line(1023, 'x');
  for (int i = 0; i < 100 * 1024; ++i) std::puts(line.c_str());
  std::puts(std::string(1 << 20, 'y').c_str());
  std::puts("val_loss=0.5");
}
