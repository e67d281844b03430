// Sizes that cannot overflow unnoticed.
#pragma once

#include <cstddef>
#include <limits>
#include <new>

namespace pellucid {

// a · b, or std::bad_alloc: what does not fit into a size does not fit into memory.
inline std::size_t times(std::size_t a, std::size_t b) {
    if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b) throw std::bad_alloc();
    return a * b;
}

inline std::size_t plus(std::size_t a, std::size_t b) {
    if (a > std::numeric_limits<std::size_t>::max() - b) throw std::bad_alloc();
    return a + b;
}

inline std::size_t divide_up(std::size_t a, std::size_t b) { return a / b + (a % b != 0); }

inline std::size_t round_up(std::size_t a, std::size_t b) { return times(divide_up(a, b), b); }

}  // namespace pellucid
