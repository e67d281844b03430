// One vector of numbers, as wide as the instruction set that this file is compiled for.
//
// Everything under kernels/ is compiled once per instruction set, each time into a namespace of its own, so that no
// function compiled for a newer processor can be linked into the code for an older one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "../core/kernels.hpp"

#ifndef PELLUCID_ISA
#define PELLUCID_ISA baseline
#endif

#if !defined(PELLUCID_VECTOR_BYTES)
#if defined(__AVX512F__)
#define PELLUCID_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define PELLUCID_VECTOR_BYTES 32
#else
#define PELLUCID_VECTOR_BYTES 16
#endif
#endif

#define PELLUCID_INLINE inline __attribute__((always_inline))
#define PELLUCID_ALONE __attribute__((noinline))

namespace pellucid::PELLUCID_ISA {

using std::size_t;

PELLUCID_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
PELLUCID_INLINE size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

constexpr size_t vector_bytes = PELLUCID_VECTOR_BYTES;

template <class T>
constexpr size_t lanes = vector_bytes / sizeof(T);

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
    typedef float Type __attribute__((vector_size(PELLUCID_VECTOR_BYTES)));
    typedef float Unaligned __attribute__((vector_size(PELLUCID_VECTOR_BYTES), aligned(4), may_alias));
};
template <>
struct VectorOf<double> {
    typedef double Type __attribute__((vector_size(PELLUCID_VECTOR_BYTES)));
    typedef double Unaligned __attribute__((vector_size(PELLUCID_VECTOR_BYTES), aligned(8), may_alias));
};

template <>
struct VectorOf<std::uint32_t> {
    typedef std::uint32_t Type __attribute__((vector_size(PELLUCID_VECTOR_BYTES)));
    typedef std::uint32_t Unaligned __attribute__((vector_size(PELLUCID_VECTOR_BYTES), aligned(4), may_alias));
};
template <>
struct VectorOf<Pair> : VectorOf<std::uint32_t> {};

template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
PELLUCID_INLINE Vector<T> load(const T* from) {
    return *reinterpret_cast<const typename VectorOf<T>::Unaligned*>(from);
}

template <class T>
PELLUCID_INLINE void store(T* to, Vector<T> value) {
    *reinterpret_cast<typename VectorOf<T>::Unaligned*>(to) = value;
}

// Lanes of `a` and `b`, numbered one after the other, in the given order.
template <class V, size_t... order>
PELLUCID_INLINE V shuffled(V a, V b, std::index_sequence<order...>) {
    return __builtin_shufflevector(a, b, static_cast<int>(order)...);
}

template <size_t count, size_t... i>
constexpr auto zip_order_low(std::index_sequence<i...>) {
    return std::index_sequence<((i % 2) * count + i / 2)...>{};
}

template <size_t count, size_t... i>
constexpr auto zip_order_high(std::index_sequence<i...>) {
    return std::index_sequence<((i % 2) * count + count / 2 + i / 2)...>{};
}

// a0 b0 a1 b1 …, the lower half of both.
template <class T>
PELLUCID_INLINE Vector<T> zip_low(Vector<T> a, Vector<T> b) {
    constexpr size_t count = lanes<T>;
    return shuffled(a, b, decltype(zip_order_low<count>(std::make_index_sequence<count>{})){});
}

// The same of the upper half.
template <class T>
PELLUCID_INLINE Vector<T> zip_high(Vector<T> a, Vector<T> b) {
    constexpr size_t count = lanes<T>;
    return shuffled(a, b, decltype(zip_order_high<count>(std::make_index_sequence<count>{})){});
}

// Transposes a square of lanes × lanes numbers: a perfect shuffle of the rows, as often as halving takes.
template <class T>
PELLUCID_INLINE void transpose(Vector<T> (&rows)[lanes<T>]) {
    constexpr size_t count = lanes<T>;
#pragma GCC unroll 8
    for (size_t done = 1; done < count; done *= 2) {
        Vector<T> next[count];
#pragma GCC unroll 16
        for (size_t i = 0; i < count / 2; ++i) {
            next[2 * i] = zip_low<T>(rows[i], rows[i + count / 2]);
            next[2 * i + 1] = zip_high<T>(rows[i], rows[i + count / 2]);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < count; ++i) rows[i] = next[i];
    }
}

template <size_t half, size_t... i>
constexpr auto half_order(std::index_sequence<i...>) {
    return std::index_sequence<((i + half) % sizeof...(i))...>{};
}

// The sum of a vector's lanes, by halves: always in the same order.
template <class T, size_t half = lanes<T> / 2>
PELLUCID_INLINE T sum_lanes(Vector<T> v) {
    if constexpr (half == 0) {
        return v[0];
    } else {
        const Vector<T> other = shuffled(v, v, decltype(half_order<half>(std::make_index_sequence<lanes<T>>{})){});
        return sum_lanes<T, half / 2>(v + other);
    }
}

}  // namespace pellucid::PELLUCID_ISA
