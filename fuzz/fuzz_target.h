// The entry of a fuzz target: called by libFuzzer with inputs that it makes up, and by tests/fuzz/corpus_test.cpp with
// those of the corpus.
#pragma once

#include <cstddef>
#include <cstdint>

/// Runs one input. A finding aborts the process, by core::check() or a sanitizer. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
