// The one product in which training spends its time: a small tile of sums held in registers.
//
//     c[m][n] ← start + Σₖ a(m, k) · b[k][n],   m < rows of the tile, n < tile_width
//
// Each number of a is spread over a vector, each vector of b is used for every m. The sum over k runs in ascending
// order for every element by itself, so that a result depends neither on the tile it fell into nor on who computed it.
#pragma once

#include "../core/kernels.hpp"
#include "bfloat16.hpp"
#include "vector.hpp"

namespace pellucid::PELLUCID_ISA {

// Vectors in a tile's row, and most rows: with 16 registers 6 × 2 sums, with 32 registers 14 × 2.
constexpr size_t tile_vectors = 2;
constexpr size_t most_tile_rows = vector_bytes == 64 ? 14 : 6;

// Vectors in a panel's row. A panel of two of the longest would often be half empty: there a tile spans two panels.
constexpr size_t panel_vectors = vector_bytes == 64 ? 1 : 2;
constexpr size_t tile_panels = tile_vectors / panel_vectors;

template <class T>
constexpr size_t panel_rows = panel_vectors * lanes<T>;

template <class T>
constexpr size_t tile_width = tile_vectors * lanes<T>;

// What the sums start from.
enum class Start { zero, bias, present };

// How the a of a product lies in memory: a(m, k) = data[m · stride + k] (rows of k), or data[k · stride + m] (columns).
enum class Order { rows, columns };

// The operands of a tile: T, or pairs of halves that sum in T. The k-sum runs over `chunks` pieces of `length`; the a of
// successive pieces are `a_chunk` numbers apart, b is contiguous throughout.
template <class T, class U = T>
struct Product {
    size_t chunks = 1;
    size_t length = 0;
    const U* a = nullptr;
    size_t a_stride = 0;
    size_t a_chunk = 0;
    const U* b = nullptr;  // (k, panel_rows); where a tile spans two panels, the second begins `b_vector` numbers after
    size_t b_vector = lanes<T>;
    T* c = nullptr;        // (rows, tile_width), rows `c_stride` and vectors `c_vector` apart
    size_t c_stride = 0;
    size_t c_vector = lanes<T>;
    Start start = Start::zero;
    const T* bias = nullptr;  // (rows,)
    // The same a times so many such b, so far apart; their c likewise.
    size_t repeats = 1;
    size_t b_next = 0;
    size_t c_next = 0;
};

template <class T>
PELLUCID_INLINE Vector<T> multiply_add(Vector<T> sum, T down, Vector<T> across) {
    return sum + down * across;
}

template <class T, class U, size_t rows, size_t vectors, Order order>
PELLUCID_INLINE void multiply_once(const Product<T, U>& product, const U* b, T* c) {
    const size_t b_vector = tile_panels > 1 ? product.b_vector : lanes<T>;
    const size_t c_vector = tile_panels > 1 ? product.c_vector : lanes<T>;
    Vector<T> sum[rows][vectors];
#pragma GCC unroll 16
    for (size_t m = 0; m < rows; ++m) {
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; ++v) {
            if (product.start == Start::present) {
                sum[m][v] = load(c + m * product.c_stride + v * c_vector);
            } else {
                sum[m][v] = Vector<T>{} + (product.start == Start::bias ? product.bias[m] : T(0));
            }
        }
    }
    const size_t stride = product.a_stride;
    for (size_t chunk = 0; chunk < product.chunks; ++chunk) {
        const U* a = product.a + chunk * product.a_chunk;
        for (size_t k = 0; k < product.length; ++k) {
            Vector<U> across[vectors];
#pragma GCC unroll 4
            for (size_t v = 0; v < vectors; ++v) across[v] = load(b + v * b_vector);
#pragma GCC unroll 16
            for (size_t m = 0; m < rows; ++m) {
                const U down = order == Order::rows ? a[m * stride] : a[m];
#pragma GCC unroll 4
                for (size_t v = 0; v < vectors; ++v) sum[m][v] = multiply_add(sum[m][v], down, across[v]);
            }
            a += order == Order::rows ? 1 : stride;
            b += panel_rows<T>;
        }
    }
#pragma GCC unroll 16
    for (size_t m = 0; m < rows; ++m) {
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; ++v) store(c + m * product.c_stride + v * c_vector, sum[m][v]);
    }
}

template <class T, class U, size_t rows, size_t vectors, Order order>
void multiply_tile(const Product<T, U>& product) {
    for (size_t i = 0; i < product.repeats; ++i) {
        multiply_once<T, U, rows, vectors, order>(product, product.b + i * product.b_next,
                                                  product.c + i * product.c_next);
    }
}

template <class T, class U>
using TileFunction = void (*)(const Product<T, U>&);

template <class T, class U, size_t vectors, Order order, size_t... rows>
constexpr auto tile_functions(std::index_sequence<rows...>) {
    struct Table {
        TileFunction<T, U> of_rows[sizeof...(rows)];
    };
    return Table{{multiply_tile<T, U, rows + 1, vectors, order>...}};
}

// The tile function for 1 <= rows <= most_tile_rows.
template <class T, class U, size_t vectors, Order order>
PELLUCID_INLINE TileFunction<T, U> tile_function(size_t rows) {
    static constexpr auto table = tile_functions<T, U, vectors, order>(std::make_index_sequence<most_tile_rows>{});
    return table.of_rows[rows - 1];
}

// Where a sum over rows stands: before the first panel of a block, and after its last.
template <class T>
PELLUCID_INLINE Vector<T> begin_sum(const RowSums<T>& sums, size_t lane) {
    return sums.begins ? Vector<T>{} : load(sums.lanes + lane);
}

template <class T>
PELLUCID_INLINE void end_sum(const RowSums<T>& sums, size_t lane, Vector<T> sum, T& to) {
    if (sums.ends) {
        to = sum_lanes<T>(sum) + (sums.adds ? to : T(0));
    } else {
        store(sums.lanes + lane, sum);
    }
}

// Dot products along the rows of panels, for layers too narrow to fill a tile:
//
//     c[i][j] (+)= Σ_row x[i][row] · d[j][row]
//
// The lanes of sum c[i][j] are those of its place in c.
template <class T, size_t xs, size_t ds>
void dot_tile(size_t panels, const T* x, size_t x_stride, const T* d, size_t d_stride, RowSums<T> sums, T* c,
              size_t c_stride) {
    constexpr size_t width = panel_rows<T>;
    Vector<T> sum[xs][ds];
#pragma GCC unroll 4
    for (size_t i = 0; i < xs; ++i) {
#pragma GCC unroll 4
        for (size_t j = 0; j < ds; ++j) sum[i][j] = begin_sum(sums, (i * c_stride + j) * width);
    }
    for (size_t panel = 0; panel < panels; ++panel) {
#pragma GCC unroll 4
        for (size_t v = 0; v < panel_vectors; ++v) {
            Vector<T> along[ds];
#pragma GCC unroll 4
            for (size_t j = 0; j < ds; ++j) along[j] = load(d + j * width + v * lanes<T>);
#pragma GCC unroll 4
            for (size_t i = 0; i < xs; ++i) {
                const Vector<T> value = load(x + i * width + v * lanes<T>);
#pragma GCC unroll 4
                for (size_t j = 0; j < ds; ++j) sum[i][j] += value * along[j];
            }
        }
        x += x_stride;
        d += d_stride;
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < xs; ++i) {
#pragma GCC unroll 4
        for (size_t j = 0; j < ds; ++j) end_sum(sums, (i * c_stride + j) * width, sum[i][j], c[i * c_stride + j]);
    }
}

constexpr size_t most_dot_xs = 4;
constexpr size_t most_dot_ds = 3;

template <class T>
using DotFunction = void (*)(size_t, const T*, size_t, const T*, size_t, RowSums<T>, T*, size_t);

// The dot function for 1 <= xs <= most_dot_xs and 1 <= ds <= most_dot_ds.
template <class T>
PELLUCID_INLINE DotFunction<T> dot_function(size_t xs, size_t ds) {
    static constexpr DotFunction<T> table[most_dot_xs][most_dot_ds] = {
        {dot_tile<T, 1, 1>, dot_tile<T, 1, 2>, dot_tile<T, 1, 3>},
        {dot_tile<T, 2, 1>, dot_tile<T, 2, 2>, dot_tile<T, 2, 3>},
        {dot_tile<T, 3, 1>, dot_tile<T, 3, 2>, dot_tile<T, 3, 3>},
        {dot_tile<T, 4, 1>, dot_tile<T, 4, 2>, dot_tile<T, 4, 3>},
    };
    return table[xs - 1][ds - 1];
}

}  // namespace pellucid::PELLUCID_ISA
