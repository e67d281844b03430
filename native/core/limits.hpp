// What one thread can do at most on this machine, measured: benchmarks compare with it.
#pragma once

#include <cstddef>

#include "kernel_set.hpp"

namespace pellucid {

// Multiplications and additions a second, in 10⁹, in registers only. It takes about so many seconds.
template <class T>
double fma_peak(const Kernels<T>& kernels, double seconds);

struct Bandwidth {
    double read = 0.0;   // bytes read a second, in 10⁹
    double triad = 0.0;  // bytes read and written a second, in 10⁹: a ← b + factor · c
};

// Of the memory behind these numbers, which should outgrow the last cache; the triad runs in three parts of it and
// changes them. Each figure takes about half the seconds, and at least one pass. `count` is at least 384.
Bandwidth memory_bandwidth(const Kernels<double>& kernels, double* values, std::size_t count, double seconds);

}  // namespace pellucid
