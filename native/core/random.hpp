// The Mersenne Twister and NumPy's shuffle, so that rows come in the order in which NumPy would draw it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pellucid {

// MT19937 (Matsumoto & Nishimura, 1998) on a state that belongs to somebody else.
class MersenneTwister {
  public:
    static constexpr std::size_t length = 624;

    // `key` has 624 words; `position`, from 0 to 624, is the next word to hand out.
    MersenneTwister(std::uint32_t* key, int position) : key_(key), position_(static_cast<std::size_t>(position)) {
        temper();
    }

    int position() const { return static_cast<int>(position_); }

    std::uint32_t next() {
        if (position_ >= length) {
            refill();
            temper();
        }
        return words_[position_++];
    }

  private:
    static std::uint32_t mix(std::uint32_t upper, std::uint32_t lower) {
        const std::uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
        return (y >> 1) ^ ((0u - (y & 1u)) & 0x9908b0dfu);
    }

    void refill() {
        constexpr std::size_t middle = 397;
        std::size_t i = 0;
        for (; i < length - middle; ++i) key_[i] = key_[i + middle] ^ mix(key_[i], key_[i + 1]);
        for (; i < length - 1; ++i) key_[i] = key_[i + middle - length] ^ mix(key_[i], key_[i + 1]);
        key_[length - 1] = key_[middle - 1] ^ mix(key_[length - 1], key_[0]);
        position_ = 0;
    }

    // All words of the state as they are handed out: whole vectors at a time, not one by one.
    void temper() {
        const std::uint32_t* __restrict key = key_;
        for (std::size_t i = 0; i < length; ++i) {
            std::uint32_t y = key[i];
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c5680u;
            y ^= (y << 15) & 0xefc60000u;
            words_[i] = y ^ (y >> 18);
        }
    }

    std::uint32_t* key_;
    std::size_t position_;
    std::array<std::uint32_t, length> words_;
};

// What RandomState.shuffle makes of so many numbers, fewer than 2³².
//
// Fisher and Yates: for i from the last down to 1, swap i with a random j <= i. NumPy draws j by masking a word to the
// bits of i and rejecting what is larger. Rejection is a coin toss that no processor predicts, so a rejected word here
// swaps i with itself and i stays.
inline void shuffle(MersenneTwister& random, std::uint32_t* numbers, std::size_t count) {
    if (count < 2) return;
    for (std::size_t i = count - 1; i > 0;) {
        const std::size_t mask = std::bit_ceil(i + 1) - 1;
        const std::size_t same_mask_above = mask / 2;
        while (i > same_mask_above) {
            const std::size_t drawn = random.next() & mask;
            const bool is_accepted = drawn <= i;
            const std::size_t j = is_accepted ? drawn : i;
            const std::uint32_t moved = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = moved;
            i -= is_accepted;
        }
    }
}

}  // namespace pellucid
