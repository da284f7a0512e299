// The negative control of arithmetic_test.cpp: an object that does call libm. Never linked into anything.
#include <cmath>

double libm_caller(double x) { return std::exp(x); }
