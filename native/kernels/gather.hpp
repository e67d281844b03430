// Rows into panels, and panels back into rows.
#pragma once

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

// The features from `first` on, for as many rows as a vector has lanes.
template <class T>
PELLUCID_INLINE void gather_rest(const T* const* rows, size_t first, size_t features, T* panel) {
    for (size_t j = first; j < features; ++j) {
#pragma GCC unroll 16
        for (size_t r = 0; r < lanes<T>; ++r) panel[j * panel_rows<T> + r] = rows[r][j];
    }
}

// panel[feature][row] = rows[row][feature], for `count` rows; the other rows of the panel become 0.
template <class T>
void gather(const T* const* rows, size_t count, size_t features, T* panel) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    if (count < width) {
        for (size_t i = 0; i < features * width; ++i) panel[i] = 0;
    }
    size_t row = 0;
    for (; row + square <= count; row += square) {
        size_t feature = 0;
        for (; feature + square <= features; feature += square) {
            turn_square(rows + row, feature, panel + feature * width + row, width);
        }
        gather_rest(rows + row, feature, features, panel + row);
    }
    for (; row < count; ++row) {
        for (size_t j = 0; j < features; ++j) panel[j * width + row] = rows[row][j];
    }
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
