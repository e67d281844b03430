// Dropout masks: no stream of draws but a function of a counter, as pellucid.textbook.dropout explains.
#pragma once

#include "../core/kernels.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

PELLUCID_INLINE std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

// mask[column][r] for the panel whose first row is `first_row` of the batch; element i = row · features + column.
template <class T>
void dropout_mask(DropoutRule rule, size_t first_row, size_t features, T* mask) {
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15u;
    const T kept = static_cast<T>(rule.kept);
    for (size_t column = 0; column < features; ++column, mask += panel_rows<T>) {
        for (size_t r = 0; r < panel_rows<T>; ++r) {
            const std::uint64_t i = (first_row + r) * features + column;
            mask[r] = mixed(rule.seed + (i + 1) * golden) < rule.threshold ? T(0) : kept;
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
