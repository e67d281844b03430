// The Mersenne Twister's words, whole vectors at a time, and NumPy's shuffle.
#pragma once

#include <bit>

#include "../core/random.hpp"
#include "vector.hpp"

namespace pellucid::PELLUCID_ISA {

PELLUCID_INLINE std::uint32_t twisted(std::uint32_t upper, std::uint32_t lower) {
    const std::uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
    return (y >> 1) ^ ((0u - (y & 1u)) & 0x9908b0dfu);
}

inline void temper(MersenneTwister& random) {
    const std::uint32_t* __restrict key = random.key;
    std::uint32_t* __restrict words = random.words.data();
    for (size_t i = 0; i < MersenneTwister::length; ++i) {
        std::uint32_t y = key[i];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        words[i] = y ^ (y >> 18);
    }
    random.is_tempered = true;
}

inline void refill(MersenneTwister& random) {
    constexpr size_t length = MersenneTwister::length, middle = 397;
    std::uint32_t* const key = random.key;
    size_t i = 0;
    for (; i < length - middle; ++i) key[i] = key[i + middle] ^ twisted(key[i], key[i + 1]);
    for (; i < length - 1; ++i) key[i] = key[i + middle - length] ^ twisted(key[i], key[i + 1]);
    key[length - 1] = key[middle - 1] ^ twisted(key[length - 1], key[0]);
    random.position = 0;
    temper(random);
}

PELLUCID_INLINE std::uint32_t next_word(MersenneTwister& random) {
    if (random.position >= MersenneTwister::length) refill(random);
    return random.words[random.position++];
}

// What RandomState.shuffle makes of so many numbers, fewer than 2³².
//
// Fisher and Yates: for i from the last down to 1, swap i with a random j <= i. NumPy draws j by masking a word to the
// bits of i and rejecting what is larger. Rejection is a coin toss that no processor predicts, so a rejected word here
// swaps i with itself and i stays.
inline void shuffle(MersenneTwister& random, std::uint32_t* numbers, size_t count) {
    if (count < 2) return;
    if (!random.is_tempered) temper(random);
    for (size_t i = count - 1; i > 0;) {
        const size_t mask = std::bit_ceil(i + 1) - 1;
        const size_t same_mask_above = mask / 2;
        while (i > same_mask_above) {
            const size_t drawn = next_word(random) & mask;
            const bool is_accepted = drawn <= i;
            const size_t j = is_accepted ? drawn : i;
            const std::uint32_t moved = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = moved;
            i -= is_accepted;
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
