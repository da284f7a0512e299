// A library as others build theirs: with -Ofast, whose start-up code makes the thread that loads it flush denormals.
extern "C" double fast_math_sum(const double* values, int count);

double fast_math_sum(const double* values, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];
  return sum;
}
