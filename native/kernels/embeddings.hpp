// Embeddings: a column of numbers becomes weighted sums of functions of it, and itself; a code becomes a level's vector.
//
//     periodic            basis k of x is cos(2π x w_k + φ_k)
//     piecewise linear    basis k of x is its place between edges k and k + 1: 0 below, 1 above
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// Rows that go through the basis functions at a time; multiples of every panel's rows.
constexpr size_t forward_rows = 64;
constexpr size_t backward_rows = 256;
constexpr size_t bases_at_once = 32;

// Copies `count` rows of a column that lies in panels.
template <class T>
PELLUCID_INLINE void copy_column(Panels<const T> x, size_t first_panel, size_t count, T* to) {
    for (size_t row = 0; row < count; row += panel_rows<T>) {
        __builtin_memcpy(to + row, x[first_panel + row / panel_rows<T>], panel_rows<T> * sizeof(T));
    }
}

// values[row] = basis k of x[row]; slopes[row] = -sin(2π x w + φ), its derivative by the angle, where asked for
template <class T>
PELLUCID_INLINE void periodic_basis(const NumberColumn<T>& column, size_t k, size_t count, const T* x,
                                    T* __restrict values, T* __restrict slopes) {
    const T frequency = column.frequencies[k];
    const T phase = column.phases[k] * static_cast<T>(0.15915494309189535);  // in turns
    for (size_t i = 0; i < count; ++i) values[i] = cosine_of_turn(fraction_of_turn(x[i] * frequency + phase));
    if (!slopes) return;
    for (size_t i = 0; i < count; ++i) slopes[i] = -sine_of_turn(fraction_of_turn(x[i] * frequency + phase));
}

template <class T>
PELLUCID_INLINE void piecewise_basis(const NumberColumn<T>& column, size_t k, size_t count, const T* x,
                                     T* __restrict values) {
    const T low = column.edges[k], scale = 1 / (column.edges[k + 1] - low);
    const T infinity = static_cast<T>(__builtin_inf());
    const T least = k == 0 ? -infinity : T(0), most = k + 1 == column.bases ? infinity : T(1);
    for (size_t i = 0; i < count; ++i) {
        const T place = (x[i] - low) * scale;
        values[i] = place < least ? least : (place > most ? most : place);
    }
}

template <class T>
PELLUCID_INLINE void basis(const NumberColumn<T>& column, size_t k, size_t count, const T* x, T* values, T* slopes) {
    if (column.kind == NumberEmbedding::periodic) {
        periodic_basis(column, k, count, x, values, slopes);
    } else {
        piecewise_basis(column, k, count, x, values);
    }
}

// features = (basis(x) V + c, x)
template <class T>
void embed_number(const NumberColumn<T>& column, size_t panels, Panels<const T> x, Panels<T> features) {
    constexpr size_t width = panel_rows<T>;
    alignas(64) T rows[forward_rows], values[bases_at_once * forward_rows];
    for (size_t panel = 0; panel < panels; panel += forward_rows / width) {
        const size_t count = smaller(forward_rows, (panels - panel) * width);
        copy_column(x, panel, count, rows);
        for (size_t first = 0; first < column.bases; first += bases_at_once) {
            const size_t bases = smaller(bases_at_once, column.bases - first);
            for (size_t k = 0; k < bases; ++k) {
                basis<T>(column, first + k, count, rows, values + k * forward_rows, nullptr);
            }
            for (size_t row = 0; row < count; row += lanes<T>) {
                T* const to = features[panel + row / width] + row % width;
                for (size_t j = 0; j < column.width; ++j) {
                    Vector<T> sum = first == 0 ? Vector<T>{} + column.bias[j] : load(to + j * width);
                    const T* weight = column.weights + first * column.width + j;
                    for (size_t k = 0; k < bases; ++k) {
                        sum += weight[k * column.width] * load(values + k * forward_rows + row);
                    }
                    store(to + j * width, sum);
                }
            }
        }
        for (size_t row = 0; row < count; row += width) {
            __builtin_memcpy(features[panel + row / width] + column.width * width, rows + row, width * sizeof(T));
        }
    }
}

// Σ_row values[row] · d[row], for `count` features side by side, added to `sums`
template <class T, size_t count>
PELLUCID_INLINE void add_products(size_t rows, const T* values, Panels<const T> d, size_t first_panel, T* sums) {
    constexpr size_t width = panel_rows<T>;
    Vector<T> sum[count] = {};
    for (size_t row = 0; row < rows; row += lanes<T>) {
        const Vector<T> value = load(values + row);
        const T* const from = d[first_panel + row / width] + row % width;
#pragma GCC unroll 4
        for (size_t j = 0; j < count; ++j) sum[j] += value * load(from + j * width);
    }
    for (size_t j = 0; j < count; ++j) sums[j] += sum_lanes<T>(sum[j]);
}

template <class T>
PELLUCID_INLINE void add_all_products(size_t rows, size_t features, const T* values, Panels<const T> d,
                                      size_t first_panel, T* sums) {
    size_t j = 0;
    for (; j + 4 <= features; j += 4) {
        add_products<T, 4>(rows, values, {d.data + j * panel_rows<T>, d.stride}, first_panel, sums + j);
    }
    const Panels<const T> rest{d.data + j * panel_rows<T>, d.stride};
    if (features - j == 3) add_products<T, 3>(rows, values, rest, first_panel, sums + j);
    if (features - j == 2) add_products<T, 2>(rows, values, rest, first_panel, sums + j);
    if (features - j == 1) add_products<T, 1>(rows, values, rest, first_panel, sums + j);
}

// What the loss's derivative by the angles of basis k adds to those of its frequency and its phase.
template <class T>
PELLUCID_INLINE void periodic_backward(const NumberColumn<T>& column, size_t k, size_t rows, const T* x,
                                       const T* slopes, Panels<const T> d, size_t first_panel,
                                       const NumberGradients<T>& gradients) {
    constexpr size_t width = panel_rows<T>;
    const T* const weight = column.weights + k * column.width;
    Vector<T> by_phase = {}, by_frequency = {};
    for (size_t row = 0; row < rows; row += lanes<T>) {
        const T* const from = d[first_panel + row / width] + row % width;
        Vector<T> d_basis = {};
        for (size_t j = 0; j < column.width; ++j) d_basis += weight[j] * load(from + j * width);
        const Vector<T> d_angle = d_basis * load(slopes + row);
        by_phase += d_angle;
        by_frequency += d_angle * load(x + row);
    }
    gradients.phases[k] += sum_lanes<T>(by_phase);
    gradients.frequencies[k] += static_cast<T>(6.283185307179586) * sum_lanes<T>(by_frequency);
}

template <class T>
PELLUCID_INLINE void clear(size_t count, T* values) {
    if (values) __builtin_memset(values, 0, count * sizeof(T));
}

template <class T>
void embed_number_backward(const NumberColumn<T>& column, size_t panels, Panels<const T> x, Panels<const T> d,
                           bool add, NumberGradients<T> gradients) {
    constexpr size_t width = panel_rows<T>;
    alignas(64) T rows[backward_rows], values[backward_rows], slopes[backward_rows], ones[backward_rows];
    for (size_t i = 0; i < backward_rows; ++i) ones[i] = 1;
    if (!add) {
        clear(column.bases * column.width, gradients.weights);
        clear(column.width, gradients.bias);
        clear(column.bases, gradients.frequencies);
        clear(column.bases, gradients.phases);
    }
    for (size_t panel = 0; panel < panels; panel += backward_rows / width) {
        const size_t count = smaller(backward_rows, (panels - panel) * width);
        copy_column(x, panel, count, rows);
        for (size_t k = 0; k < column.bases; ++k) {
            basis<T>(column, k, count, rows, values, slopes);
            add_all_products<T>(count, column.width, values, d, panel, gradients.weights + k * column.width);
            if (column.kind == NumberEmbedding::periodic) {
                periodic_backward<T>(column, k, count, rows, slopes, d, panel, gradients);
            }
        }
        add_all_products<T>(count, column.width, ones, d, panel, gradients.bias);
    }
}

// The level that a code names, or `levels`: none.
template <class T>
PELLUCID_INLINE size_t level_of(T code, size_t levels) {
    if (!(code >= 0 && code < static_cast<T>(levels))) return levels;
    const size_t level = static_cast<size_t>(code);
    return static_cast<T>(level) == code ? level : levels;
}

template <class T>
void embed_category(const T* table, size_t levels, size_t width, size_t panels, Panels<const T> codes,
                    Panels<T> features) {
    for (size_t panel = 0; panel < panels; ++panel) {
        for (size_t r = 0; r < panel_rows<T>; ++r) {
            const size_t level = level_of(codes[panel][r], levels);
            T* const to = features[panel] + r;
            for (size_t j = 0; j < width; ++j) to[j * panel_rows<T>] = level < levels ? table[level * width + j] : T(0);
        }
    }
}

// Row by row, so that a sum's order is always the same.
template <class T>
void embed_category_backward(size_t levels, size_t width, size_t panels, Panels<const T> codes, Panels<const T> d,
                             bool add, T* d_table) {
    if (!add) clear(levels * width, d_table);
    for (size_t panel = 0; panel < panels; ++panel) {
        for (size_t r = 0; r < panel_rows<T>; ++r) {
            const size_t level = level_of(codes[panel][r], levels);
            if (level == levels) continue;
            const T* const from = d[panel] + r;
            for (size_t j = 0; j < width; ++j) d_table[level * width + j] += from[j * panel_rows<T>];
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
