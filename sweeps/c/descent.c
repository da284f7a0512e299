/* Gradient descent with momentum in a long valley, from a start that follows the trial's seed. Arguments are
   name=value; the metric is a line on standard output: val_loss=0.25 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  double rate = 0.001, momentum = 0;
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "rate=", 5) == 0) rate = strtod(argv[i] + 5, NULL);
    if (strncmp(argv[i], "momentum=", 9) == 0) momentum = strtod(argv[i] + 9, NULL);
  }
  const char *seed = getenv("SWEEP_SEED");
  double x = -1.5 + (double)(strtoul(seed ? seed : "0", NULL, 10) % 1000) / 1000, y = 0, vx = 0, vy = 0;
  for (int step = 1; step <= 200; ++step) {
    vx = momentum * vx - rate * (2 * (x - 1) + 20 * (x - y));
    vy = momentum * vy - rate * 20 * (y - x);
    x += vx;
    y += vy;
    if (step % 20 == 0) printf("val_loss=%.17g\n", (x - 1) * (x - 1) + 10 * (y - x) * (y - x));
  }
  return 0;
}
