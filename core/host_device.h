// Marks a function that is compiled for the host and, by nvcc, for the device as well.
// A formula that both back ends use is written once, behind these marks.
#pragma once

#if defined(__CUDACC__)
#define SWEEP_HOST_DEVICE __host__ __device__
#else
#define SWEEP_HOST_DEVICE
#endif

// Header formulas live in `inline namespace SWEEP_ISA`. A source that is compiled for a wider instruction set defines
// SWEEP_ISA (on the command line) before any include, so that the linker can never hand its code to the others.
#if !defined(SWEEP_ISA)
#define SWEEP_ISA baseline
#endif
