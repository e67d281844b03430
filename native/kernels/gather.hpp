// Rows into panels, and panels back into rows.
#pragma once

#include "../core/kernels.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// A square of lanes × lanes numbers: `from` rows in memory to `to` columns.
template <class T>
PELLUCID_INLINE void turn_square(const T* const* from, size_t column, T* to, size_t to_stride) {
    Vector<T> values[lanes<T>];
#pragma GCC unroll 16
    for (size_t r = 0; r < lanes<T>; ++r) values[r] = load(from[r] + column);
    transpose<T>(values);
#pragma GCC unroll 16
    for (size_t j = 0; j < lanes<T>; ++j) store(to + j * to_stride, values[j]);
}

// Row by row, for rows too short for squares, and few rows.
template <class T>
PELLUCID_INLINE void gather_numbers(RowsAt<T> rows, size_t first, size_t count, size_t features, T* panel) {
    for (size_t r = first; r < count; ++r) {
        const T* row = rows.data + (rows.order ? rows.order[r] : r) * rows.stride;
        for (size_t j = 0; j < features; ++j) panel[j * panel_rows<T> + r] = row[j];
    }
}

// As many rows as a vector has lanes, square by square; the last square begins so early that it ends with the features.
// Rows too short for a square go feature by feature.
template <class T>
PELLUCID_INLINE void gather_squares(RowsAt<T> rows, size_t first, size_t features, T* panel) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    const T* from[square];
    for (size_t r = 0; r < square; ++r) {
        from[r] = rows.data + (rows.order ? rows.order[first + r] : first + r) * rows.stride;
    }
    for (size_t feature = 0; features >= square && feature < features; feature += square) {
        const size_t begin = smaller(feature, features - square);
        turn_square(from, begin, panel + begin * width + first, width);
    }
    for (size_t feature = 0; features < square && feature < features; ++feature) {
#pragma GCC unroll 16
        for (size_t r = 0; r < square; ++r) panel[feature * width + first + r] = from[r][feature];
    }
}

// A function of its own: its vectors would cost short rows their registers.
template <class T>
PELLUCID_ALONE void gather_wide(RowsAt<T> rows, size_t count, size_t features, T* panel) {
    constexpr size_t square = lanes<T>;
    size_t row = 0;
    for (; row + square <= count; row += square) gather_squares(rows, row, features, panel);
    gather_numbers(rows, row, count, features, panel);
}

// panel[feature][row] = row `row` of rows, for `count` rows; the other rows of the panel become 0.
template <class T>
void gather(RowsAt<T> rows, size_t count, size_t features, T* panel) {
    constexpr size_t width = panel_rows<T>;
    if (count < width) {
        for (size_t i = 0; i < features * width; ++i) panel[i] = 0;
    }
    if (features == 1) return gather_numbers(rows, 0, count, 1, panel);
    if (features == 2) return gather_numbers(rows, 0, count, 2, panel);
    gather_wide(rows, count, features, panel);
}

// rows[row][feature] = panel[feature][row], for `count` rows.
template <class T>
void scatter(const T* panel, size_t count, size_t features, T* const* rows) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    for (size_t row = 0; row < count; row += square) {
        const size_t present = count - row < square ? count - row : square;
        size_t feature = 0;
        if (present == square) {
            for (; feature + square <= features; feature += square) {
                Vector<T> values[square];
                for (size_t j = 0; j < square; ++j) values[j] = load(panel + (feature + j) * width + row);
                transpose<T>(values);
                for (size_t r = 0; r < square; ++r) store(rows[row + r] + feature, values[r]);
            }
        }
        for (size_t j = feature; j < features; ++j) {
            for (size_t r = 0; r < present; ++r) rows[row + r][j] = panel[j * width + row + r];
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
