// Checks that stay in release builds, and the kernel sets that a test runs through.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "../../native/core/isa.hpp"

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                             \
        }                                                                             \
    } while (false)

namespace pellucid {

// The kernels of AVX-512's shape (64-byte vectors, 14 × 2 tiles), compiled for the baseline: any processor runs them.
namespace wide {
extern const KernelSet kernel_set;
}

inline std::vector<const KernelSet*> all_kernel_sets() {
    std::vector<const KernelSet*> sets{&wide::kernel_set};
    for (const std::string& name : possible_isas()) sets.push_back(&kernel_set(name));
    return sets;
}

template <class T>
void fill(T* values, std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(uniform(random));
}

template <class T>
bool is_near(T got, double wanted, double tolerance) {
    return std::abs(static_cast<double>(got) - wanted) <= tolerance * std::fmax(1.0, std::abs(wanted));
}

}  // namespace pellucid
