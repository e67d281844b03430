// The Mersenne Twister as NumPy keeps it, from which rows are shuffled in the order that NumPy would draw.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pellucid {

// MT19937 (Matsumoto & Nishimura, 1998) on a state that belongs to somebody else.
struct MersenneTwister {
    static constexpr std::size_t length = 624;

    std::uint32_t* key;    // `length` words
    std::size_t position;  // from 0 to `length`: the next word to hand out
    bool is_tempered = false;
    std::array<std::uint32_t, length> words = {};  // all of the key's, as they are handed out, once it is tempered
};

}  // namespace pellucid
