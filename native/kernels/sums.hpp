// Sums over a piece of the parameter vector. Float64 throughout, eight running sums: always in the same order.
#pragma once

#include "elementary.hpp"

namespace pellucid::PELLUCID_ISA {

// term(0) + term(1) + …
template <class Term>
PELLUCID_INLINE double sum_of(size_t count, Term term) {
    constexpr size_t side_by_side = 8;
    double sums[side_by_side] = {};
    size_t i = 0;
    for (; i + side_by_side <= count; i += side_by_side) {
        for (size_t k = 0; k < side_by_side; ++k) sums[k] += term(i + k);
    }
    for (size_t k = 0; i < count; ++i, ++k) sums[k] += term(i);
    double sum = 0;
    for (size_t k = 0; k < side_by_side; ++k) sum += sums[k];
    return sum;
}

template <class T>
double sum_of_squares(size_t count, const T* values) {
    return sum_of(count, [values](size_t i) { return static_cast<double>(values[i]) * values[i]; });
}

template <class T>
double sum_of_sizes(size_t count, const T* values) {
    return sum_of(count, [values](size_t i) { return size_of(static_cast<double>(values[i])); });
}

template <class T>
double dot_product(size_t count, const T* values, const T* others) {
    return sum_of(count, [=](size_t i) { return static_cast<double>(values[i]) * others[i]; });
}

// Whether no value is infinite or NaN: x · 0 is 0 for finite numbers only.
template <class T>
bool all_finite(size_t count, const T* values) {
    return sum_of(count, [values](size_t i) { return static_cast<double>(values[i] * 0); }) == 0;
}

}  // namespace pellucid::PELLUCID_ISA
