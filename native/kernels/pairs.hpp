// The dense layer's products on bfloat16 numbers.
//
//     a · b ≈ round(a) · round(b), summed in float32
#pragma once

#include "dense.hpp"

namespace pellucid::PELLUCID_ISA {

inline void pair_features(size_t panels, size_t features, Panels<const float> from, Panels<Pair> to) {
    constexpr size_t width = panel_rows<float>;
    for (size_t panel = 0; panel < panels; ++panel) {
        for (size_t j = 0; j < features; j += 2) {
            const float* const first = from[panel] + j * width;
            for (size_t v = 0; v < width; v += lanes<float>) {
                const Vector<float> second = j + 1 < features ? load(first + width + v) : Vector<float>{};
                store(to[panel] + j / 2 * width + v, paired(as_words(load(first + v)), as_words(second)));
            }
        }
    }
}

inline void pair_rows(size_t panels, size_t features, Panels<const float> from, Panels<Pair> to) {
    constexpr size_t width = panel_rows<float>;
    for (size_t panel = 0; panel < panels; ++panel) {
        const float* __restrict values = from[panel];
        Pair* __restrict pairs = to[panel];
        for (size_t i = 0; i < features * width / 2; ++i) pairs[i] = paired(values[2 * i], values[2 * i + 1]);
    }
}

inline void turn_pairs(size_t panels, Panels<const float> d_z, size_t outputs, Pair* turned, size_t turned_pairs) {
    constexpr size_t width = panel_rows<float>, square = lanes<float>;
    turn_squares(panels, d_z, outputs, [&](size_t panel, size_t output, size_t row, const Vector<float>(&rows)[square]) {
        const size_t first = (panel * width + row) / 2;
        Pair* const to = turned + (output / width * turned_pairs + first) * width + output % width;
#pragma GCC unroll 8
        for (size_t r = 0; r < square; r += 2) store(to + r / 2 * width, paired(as_words(rows[r]), as_words(rows[r + 1])));
    });
}

inline size_t packed_pairs_size(size_t along, size_t across) {
    return packed_size<Pair>(divided_up(along, 2), across);
}

// A whole row, the usual case, is copied by a few instructions.
template <size_t most>
PELLUCID_INLINE void copy_numbers(size_t count, const float* from, float (&to)[most]) {
    if (count == most) {
        __builtin_memcpy(to, from, most * sizeof(float));
    } else {
        __builtin_memcpy(to, from, count * sizeof(float));
    }
}

// packed[tile of outputs][pair of inputs][most_tile_rows]
inline void pack_pairs_forward(const Weights<float>& weights, size_t begin, size_t end, Pair* packed) {
    const size_t inputs = weights.inputs, outputs = weights.outputs, pairs = divided_up(inputs, 2);
    for (size_t output = begin; output < end; output += most_tile_rows) {
        const size_t count = smaller(most_tile_rows, outputs - output);
        Pair* __restrict to = packed + output / most_tile_rows * packed_tile<Pair>(pairs);
        for (size_t input = 0; input < inputs; input += 2, to += most_tile_rows) {
            const float* const first = weights.data + input * outputs + output;
            const bool has_second = input + 1 < inputs;
            if (count == most_tile_rows && has_second) {
                for (size_t m = 0; m < most_tile_rows; ++m) to[m] = paired(first[m], first[outputs + m]);
                continue;
            }
            for (size_t m = 0; m < count; ++m) to[m] = paired(first[m], has_second ? first[outputs + m] : 0.0f);
            for (size_t m = count; m < most_tile_rows; ++m) to[m] = {};
        }
    }
}

// packed[tile of inputs][pair of outputs][most_tile_rows]
inline void pack_pairs_backward(const Weights<float>& weights, size_t begin, size_t end, Pair* packed) {
    constexpr size_t stretch = lanes<float>;  // pairs of a row at a time
    const size_t inputs = weights.inputs, outputs = weights.outputs, pairs = divided_up(outputs, 2);
    for (size_t input = begin; input < end; input += most_tile_rows) {
        const size_t count = smaller(most_tile_rows, inputs - input);
        Pair* const to = packed + input / most_tile_rows * packed_tile<Pair>(pairs);
        for (size_t pair = 0; pair < pairs; pair += stretch) {
            const size_t numbers = smaller(2 * stretch, outputs - 2 * pair);
            Pair side_by_side[most_tile_rows][stretch];
            for (size_t m = 0; m < most_tile_rows; ++m) {
                float row[2 * stretch] = {};
                if (m < count) copy_numbers(numbers, weights.data + (input + m) * outputs + 2 * pair, row);
                for (size_t k = 0; k < stretch; ++k) side_by_side[m][k] = paired(row[2 * k], row[2 * k + 1]);
            }
            for (size_t k = 0; k < smaller(stretch, pairs - pair); ++k) {
                for (size_t m = 0; m < most_tile_rows; ++m) to[(pair + k) * most_tile_rows + m] = side_by_side[m][k];
            }
        }
    }
}

// c(m, rows of the panel) = start + Σ over `along`, from weights packed in tiles of `across`.
PELLUCID_INLINE void multiply_packed_pairs(size_t panels, size_t across, size_t along, const Pair* packed,
                                           const float* bias, Panels<const Pair> b, Panels<float> c) {
    constexpr size_t tile = most_tile_rows;
    const size_t pairs = divided_up(along, 2);
    auto at = [&](size_t m, size_t k) { return packed + m / tile * packed_tile<Pair>(pairs) + k * tile; };
    multiply_panels<Order::columns>(panels, across, pairs, Operand{at, tile}, bias, b, c);
}

inline void dense_forward_pairs(size_t panels, Panels<const Pair> x, const PairedWeights& weights, const float* bias,
                                Panels<float> z) {
    multiply_packed_pairs(panels, weights.outputs, weights.inputs, weights.forward, bias, x, z);
}

inline void dense_backward_inputs_pairs(size_t panels, Panels<const Pair> d_z, const PairedWeights& weights,
                                        Panels<float> d_x) {
    multiply_packed_pairs(panels, weights.inputs, weights.outputs, weights.backward, nullptr, d_z, d_x);
}

inline void dense_backward_weights_pairs(size_t panels, Panels<const Pair> x, const Pair* turned, size_t turned_pairs,
                                         size_t outputs, Tile tile, RowSums<float> sums, float* d_weights) {
    multiply_rows(panels, panel_rows<float> / 2, x, turned, turned_pairs, outputs, tile, sums, d_weights);
}

}  // namespace pellucid::PELLUCID_ISA
