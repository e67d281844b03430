// The first layer on sparse rows: only the numbers that are there are multiplied.
//
//     forward            z   = x W + b        (rows, outputs)
//     backward weights   d_W = xᵀ d_z         (inputs, outputs)
//
// Both run along the outputs, where the weights of an input lie side by side, a piece of `sparse_outputs` at a time; the
// panels are turned to rows and back. Sums go through a row's numbers in their order, and through rows in theirs.
#pragma once

#include "../core/kernels.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

constexpr size_t sparse_vectors = 4;

// Outputs whose sums are held in registers.
template <class T>
constexpr size_t sparse_outputs = sparse_vectors * lanes<T>;

// A piece of every row of a panel, row by row.
template <class T>
struct RowPiece {
    alignas(64) T numbers[panel_rows<T>][sparse_outputs<T>];
};

// Calls visit(value, column) for each number of a row.
template <class T, class Visit>
PELLUCID_INLINE void visit_row(const SparseAt<T>& rows, size_t i, Visit visit) {
    const size_t row = rows.order ? rows.order[i] : rows.first + i;
    const size_t end = static_cast<size_t>(rows.starts[row + 1]);
    if (rows.columns32) {
        for (size_t at = static_cast<size_t>(rows.starts[row]); at < end; ++at) {
            visit(rows.values[at], static_cast<size_t>(rows.columns32[at]));
        }
    } else {
        for (size_t at = static_cast<size_t>(rows.starts[row]); at < end; ++at) {
            visit(rows.values[at], static_cast<size_t>(rows.columns64[at]));
        }
    }
}

// The numbers from `from` on, of which `count` are there; the others are 0.
template <class T>
PELLUCID_INLINE Vector<T> load_some(const T* from, size_t count) {
    Vector<T> some{};
    for (size_t j = 0; j < count; ++j) some[j] = from[j];
    return some;
}

// A row's weighted sums of up to `vectors` vectors of outputs. What lies beyond the last output is never read by
// anybody: the next input's weights, or zeros where the weights end.
template <size_t vectors, class T>
PELLUCID_INLINE void sparse_sums(const SparseAt<T>& rows, size_t i, const Weights<T>& weights, size_t begin,
                                 const Vector<T>* start, T* to) {
    constexpr size_t last = (vectors - 1) * lanes<T>;
    const size_t outputs = weights.outputs, rest = outputs - begin - last;
    const T* const end = weights.data + weights.inputs * outputs;
    Vector<T> sums[vectors];
#pragma GCC unroll 4
    for (size_t v = 0; v < vectors; ++v) sums[v] = start[v];
    visit_row(rows, i, [&](T value, size_t column) {
        const T* const w = weights.data + column * outputs + begin;
#pragma GCC unroll 4
        for (size_t v = 0; v + 1 < vectors; ++v) sums[v] += value * load(w + v * lanes<T>);
        const bool is_inside = w + last + lanes<T> <= end;
        sums[vectors - 1] += value * (is_inside ? load(w + last) : load_some(w + last, rest));
    });
#pragma GCC unroll 4
    for (size_t v = 0; v < vectors; ++v) store(to + v * lanes<T>, sums[v]);
}

// Turns a piece of rows into `count` features of a panel.
template <class T>
PELLUCID_INLINE void rows_to_panel(const RowPiece<T>& piece, size_t count, T* panel) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    for (size_t row = 0; row < width; row += square) {
        for (size_t feature = 0; feature < count; feature += square) {
            Vector<T> values[square];
#pragma GCC unroll 16
            for (size_t r = 0; r < square; ++r) values[r] = load(piece.numbers[row + r] + feature);
            transpose<T>(values);
            const size_t present = smaller(square, count - feature);
            for (size_t j = 0; j < present; ++j) store(panel + (feature + j) * width + row, values[j]);
        }
    }
}

// Turns `count` features of a panel into a piece of rows.
template <class T>
PELLUCID_INLINE void panel_to_rows(const T* panel, size_t count, RowPiece<T>& piece) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    for (size_t row = 0; row < width; row += square) {
        for (size_t feature = 0; feature < count; feature += square) {
            const size_t present = smaller(square, count - feature);
            Vector<T> values[square];
#pragma GCC unroll 16
            for (size_t j = 0; j < square; ++j) {
                values[j] = j < present ? load(panel + (feature + j) * width + row) : Vector<T>{};
            }
            transpose<T>(values);
#pragma GCC unroll 16
            for (size_t r = 0; r < square; ++r) store(piece.numbers[row + r] + feature, values[r]);
        }
    }
}

// One panel of z. Its rows without a row of their own are the bias.
template <class T>
void sparse_forward(SparseAt<T> rows, size_t count, const Weights<T>& weights, const T* bias, T* z) {
    RowPiece<T> piece;
    for (size_t begin = 0; begin < weights.outputs; begin += sparse_outputs<T>) {
        const size_t width = smaller(sparse_outputs<T>, weights.outputs - begin);
        Vector<T> start[sparse_vectors];
        for (size_t v = 0; v < sparse_vectors; ++v) {
            const size_t first = v * lanes<T>, present = first < width ? smaller(lanes<T>, width - first) : 0;
            start[v] = present == lanes<T> ? load(bias + begin + first) : load_some(bias + begin + first, present);
        }
        for (size_t r = 0; r < panel_rows<T>; ++r) {
            T* const to = piece.numbers[r];
            if (r >= count) {
                for (size_t v = 0; v < sparse_vectors; ++v) store(to + v * lanes<T>, start[v]);
                continue;
            }
            switch (divided_up(width, lanes<T>)) {
                case 1: sparse_sums<1>(rows, r, weights, begin, start, to); break;
                case 2: sparse_sums<2>(rows, r, weights, begin, start, to); break;
                case 3: sparse_sums<3>(rows, r, weights, begin, start, to); break;
                default: sparse_sums<4>(rows, r, weights, begin, start, to); break;
            }
        }
        rows_to_panel(piece, width, z + begin * panel_rows<T>);
    }
}

// Adds value · d to the `count` numbers at `to`.
template <class T>
PELLUCID_INLINE void add_scaled(T value, const T* d, size_t count, T* __restrict to) {
    size_t j = 0;
    for (; j + lanes<T> <= count; j += lanes<T>) store(to + j, load(to + j) + value * load(d + j));
    for (; j < count; ++j) to[j] += value * d[j];
}

// The part of `count` rows in d_W, for outputs from `begin` to `end`; from nothing, or added to what is there.
template <class T>
void sparse_backward_weights(SparseAt<T> rows, size_t count, Panels<const T> d_z, size_t inputs, size_t outputs,
                             size_t begin, size_t end, bool add, T* d_weights) {
    constexpr size_t width = panel_rows<T>;
    if (!add) {
        const bool is_whole = begin == 0 && end == outputs;
        const size_t pieces = is_whole ? 1 : inputs, length = is_whole ? inputs * outputs : end - begin;
        for (size_t i = 0; i < pieces; ++i) __builtin_memset(d_weights + i * outputs + begin, 0, length * sizeof(T));
    }
    RowPiece<T> piece;
    for (size_t at = begin; at < end; at += sparse_outputs<T>) {
        const size_t across = smaller(sparse_outputs<T>, end - at);
        for (size_t first = 0; first < count; first += width) {
            panel_to_rows(d_z[first / width] + at * width, across, piece);
            for (size_t r = 0; r < smaller(width, count - first); ++r) {
                const T* const d = piece.numbers[r];
                T* const to = d_weights + at;
                visit_row(rows, first + r, [&](T value, size_t column) {
                    add_scaled(value, d, across, to + column * outputs);
                });
            }
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
