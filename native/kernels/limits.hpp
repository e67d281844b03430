// What the processor and its memory can do at most: loops that do nothing but multiply and add, read, or read and write.
// Benchmarks compare with them.
#pragma once

#include "vector.hpp"

namespace pellucid::PELLUCID_ISA {

// Sums that wait for no other, in registers: more than a processor's multipliers have in flight.
constexpr size_t independent_sums = 12;

// Operations of one repeat of multiply_adds: a multiplication and an addition in every lane.
template <class T>
constexpr size_t multiply_add_flops = 2 * independent_sums * lanes<T>;

// x ← factor · x + addend, `repeats` times, in every lane of every sum. Returns the total, so that all of it is needed.
template <class T>
T multiply_adds(size_t repeats, T factor, T addend) {
    const Vector<T> factors = Vector<T>{} + factor, addends = Vector<T>{} + addend;
    Vector<T> x[independent_sums];
#pragma GCC unroll 16
    for (size_t i = 0; i < independent_sums; ++i) x[i] = Vector<T>{} + static_cast<T>(i);
    for (size_t repeat = 0; repeat < repeats; ++repeat) {
#pragma GCC unroll 16
        for (size_t i = 0; i < independent_sums; ++i) x[i] = x[i] * factors + addends;
    }
    Vector<T> total = {};
#pragma GCC unroll 16
    for (size_t i = 0; i < independent_sums; ++i) total += x[i];
    return sum_lanes<T>(total);
}

// The sum of the values, read once. count: a multiple of 128.
template <class T>
T read_all(size_t count, const T* values) {
    constexpr size_t sums = 8;
    Vector<T> x[sums] = {};
    for (size_t i = 0; i < count; i += sums * lanes<T>) {
#pragma GCC unroll 8
        for (size_t s = 0; s < sums; ++s) x[s] += load(values + i + s * lanes<T>);
    }
    Vector<T> total = {};
#pragma GCC unroll 8
    for (size_t s = 0; s < sums; ++s) total += x[s];
    return sum_lanes<T>(total);
}

// to ← a + factor · b. count: a multiple of 128.
template <class T>
void triad(size_t count, const T* a, const T* b, T factor, T* to) {
    const Vector<T> factors = Vector<T>{} + factor;
    for (size_t i = 0; i < count; i += lanes<T>) store(to + i, load(a + i) + factors * load(b + i));
}

}  // namespace pellucid::PELLUCID_ISA
