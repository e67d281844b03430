// bfloat16: the upper half of a float32, eight bits of its mantissa and all of its exponent.
//
// Two numbers that follow each other in a sum lie side by side in 32 bits, a Pair: one instruction of processors with
// AVX512_BF16 multiplies and adds both, for as many sums as it does with float32. Elsewhere the halves become float32
// again, and the sums are the same to rounding.
#pragma once

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include "vector.hpp"

namespace pellucid::PELLUCID_ISA {

using Words = Vector<std::uint32_t>;

PELLUCID_INLINE Vector<float> as_floats(Words bits) { return reinterpret_cast<Vector<float>>(bits); }
PELLUCID_INLINE Words as_words(Vector<float> values) { return reinterpret_cast<Words>(values); }

PELLUCID_INLINE Vector<float> multiply_add(Vector<float> sum, Pair down, Words across) {
#if defined(__AVX512BF16__)
    const Words spread = Words{} + down.bits;
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(spread), reinterpret_cast<__m512bh>(across));
#else
    const Words first = Words{} + (down.bits << 16), second = Words{} + (down.bits & 0xffff0000u);
    sum += as_floats(first) * as_floats(across << 16);
    return sum + as_floats(second) * as_floats(across & 0xffff0000u);
#endif
}

// To the nearest bfloat16, of two equally near ones the even one, in the upper half of the word. NaN stays NaN.
template <class W>
PELLUCID_INLINE W rounded(W bits) {
    const W nearest = bits + 0x7fffu + ((bits >> 16) & 1u);
    const W quiet_nan = bits | 0x00400000u;
    return (bits & 0x7fffffffu) > 0x7f800000u ? quiet_nan : nearest;
}

template <class W>
PELLUCID_INLINE W paired(W first, W second) {
    return (rounded(first) >> 16) | (rounded(second) & 0xffff0000u);
}

PELLUCID_INLINE Pair paired(float first, float second) {
    return {paired(__builtin_bit_cast(std::uint32_t, first), __builtin_bit_cast(std::uint32_t, second))};
}

}  // namespace pellucid::PELLUCID_ISA
