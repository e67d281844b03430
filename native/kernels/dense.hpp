// The fully connected layer on panels.
//
//     forward            z   = x W + b        (rows, outputs)
//     backward inputs    d_x = d_z Wᵀ         (rows, inputs)
//     backward weights   d_W = xᵀ d_z         (inputs, outputs)
//     backward bias      d_b = Σ_rows d_z     (outputs,)
//
// The first three are the same tiled product. Sums are cut into pieces of `piece` and the results into blocks, so that
// what a tile reads again and again stays in the first two caches.
#pragma once

#include "../core/kernels.hpp"
#include "sums.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// Numbers of b that a tile runs along at a time: 24 KiB of panels, to stay in the first-level cache.
template <class T>
constexpr size_t longest_piece = 24 * 1024 / (tile_width<T> * sizeof(T));

// Rows of c worked on at a time: 192 KiB of a, to stay in the second-level cache.
template <class T>
constexpr size_t block_rows = 192 * 1024 / (longest_piece<T> * sizeof(T)) / most_tile_rows * most_tile_rows;

// The length of equal pieces, none longer than `longest`.
PELLUCID_INLINE size_t even_piece(size_t whole, size_t longest) {
    return whole == 0 ? 1 : divided_up(whole, divided_up(whole, longest));
}

// Panels that a tile passes at a time: those it spans, or more where all they need fits into the first-level cache.
template <class T>
PELLUCID_INLINE size_t panels_at_a_time(size_t rows, size_t length) {
    constexpr size_t numbers = 16 * 1024 / sizeof(T);
    const size_t weights = rows * length, panels = (rows + length) * tile_width<T>;
    return tile_panels * (weights + panels > numbers ? 1 : (numbers - weights) / panels);
}

// How the a of a whole product lies in memory: a(m, k) at at(m, k), for m where a tile begins. Either all of a row of k
// follows one stride, or `chunk` of them do, and the next chunk begins `a_chunk` numbers after.
template <class At>
struct Operand {
    At at;
    size_t stride = 0;
    size_t chunk = 0;
    size_t a_chunk = 0;
};
template <class At>
Operand(At, size_t, size_t = 0, size_t = 0) -> Operand<At>;

// c(m, rows of the panels) = start + Σₖ a(m, k) b(k, rows of the panels), for a tile's m and for k from `begin` to `end`.
template <size_t vectors, Order order, class T, class U, class At>
PELLUCID_INLINE void multiply_piece(Product<T, U>& product, size_t rows, size_t m, size_t begin, size_t end,
                                    Operand<At> a) {
    const auto run = tile_function<T, U, vectors, order>(rows);
    const size_t chunk = a.chunk > 0 ? a.chunk : end - begin, rest = (end - begin) % chunk;
    product.chunks = (end - begin) / chunk;
    product.length = chunk;
    product.a = a.at(m, begin);
    run(product);
    if (rest == 0) return;
    Product<T, U> last = product;
    last.start = Start::present;
    last.chunks = 1;
    last.length = rest;
    last.a = a.at(m, end - rest);
    last.b += (end - rest - begin) * panel_rows<T>;
    run(last);
}

// c(m, rows of the panel) = start + Σₖ a(m, k) b(k, rows of the panel), for every panel.
template <Order order, class T, class U, class At>
PELLUCID_INLINE void multiply_panels(size_t panels, size_t rows, size_t length, Operand<At> a, const T* bias,
                                     Panels<const U> b, Panels<T> c) {
    constexpr size_t width = panel_rows<T>;
    size_t piece = even_piece(length, longest_piece<T>);
    if (a.chunk > 0) piece = divided_up(piece, a.chunk) * a.chunk;
    const size_t at_a_time = panels_at_a_time<T>(rows, length);
    Product<T, U> product;
    product.a_stride = a.stride;
    product.a_chunk = a.a_chunk;
    product.c_stride = width;
    product.b_vector = b.stride;
    product.c_vector = c.stride;
    product.b_next = tile_panels * b.stride;
    product.c_next = tile_panels * c.stride;
    for (size_t k = 0; k < length; k += piece) {
        const size_t end = smaller(length, k + piece);
        product.start = k > 0 ? Start::present : (bias ? Start::bias : Start::zero);
        for (size_t block = 0; block < rows; block += block_rows<T>) {
            const size_t block_end = smaller(rows, block + block_rows<T>);
            for (size_t panel = 0; panel < panels; panel += at_a_time) {
                const size_t count = smaller(at_a_time, panels - panel), single = count % tile_panels;
                for (size_t m = block; m < block_end; m += most_tile_rows) {
                    const size_t tile_rows = smaller(most_tile_rows, block_end - m);
                    product.b = b[panel] + k * width;
                    product.c = c[panel] + m * width;
                    product.bias = bias + (bias ? m : 0);
                    product.repeats = count / tile_panels;
                    if (count >= tile_panels) multiply_piece<tile_vectors, order>(product, tile_rows, m, k, end, a);
                    if (single == 0) continue;
                    product.b = b[panel + count - 1] + k * width;
                    product.c = c[panel + count - 1] + m * width;
                    product.repeats = 1;
                    multiply_piece<panel_vectors, order>(product, tile_rows, m, k, end, a);
                }
            }
        }
    }
}

// Numbers from a tile of packed weights to the next: an odd number of cache lines, so that tiles which are read side by
// side do not drive each other out of the caches.
template <class T>
PELLUCID_INLINE size_t packed_tile(size_t inputs) {
    constexpr size_t line = 64 / sizeof(T);
    return (divided_up(inputs * most_tile_rows, line) | 1) * line;
}

template <class T>
size_t packed_size(size_t inputs, size_t outputs) {
    return divided_up(outputs, most_tile_rows) * packed_tile<T>(inputs);
}

// Tile after tile of outputs: packed[tile][input][most_tile_rows], the last tile filled up with zeros. Here those from
// `begin` on, the first of a tile, to `end`.
template <class T>
void pack_weights(const Weights<T>& weights, size_t begin, size_t end, T* packed) {
    const size_t inputs = weights.inputs, outputs = weights.outputs;
    for (size_t output = begin; output < end; output += most_tile_rows) {
        const size_t count = smaller(most_tile_rows, outputs - output);
        const T* from = weights.data + output;
        T* to = packed + output / most_tile_rows * packed_tile<T>(inputs);
        for (size_t input = 0; input < inputs; ++input, from += outputs, to += most_tile_rows) {
            if (count == most_tile_rows) {
                __builtin_memcpy(to, from, most_tile_rows * sizeof(T));
            } else {
                for (size_t m = 0; m < most_tile_rows; ++m) to[m] = m < count ? from[m] : T(0);
            }
        }
    }
}

// to[i][j] = factor · scale[i] · weights[i][j]
template <class T>
void scale_weights(size_t inputs, size_t outputs, T factor, const T* scale, const T* weights, T* __restrict to) {
    for (size_t i = 0; i < inputs; ++i) {
        const T by = scale ? factor * scale[i] : factor;
        for (size_t j = i * outputs; j < (i + 1) * outputs; ++j) to[j] = by * weights[j];
    }
}

// The gradient of the scaled weights becomes that of the weights, and gives that of the scale.
template <class T>
void unscale_gradient(size_t inputs, size_t outputs, T factor, const T* scale, const T* weights, T* __restrict d_weights,
                      T* __restrict d_scale) {
    for (size_t i = 0; i < inputs; ++i) {
        const T by = scale ? factor * scale[i] : factor;
        const T* const w = weights + i * outputs;
        T* const d = d_weights + i * outputs;
        if (d_scale) d_scale[i] = static_cast<T>(factor * dot_product(outputs, w, d));
        for (size_t j = 0; j < outputs; ++j) d[j] *= by;
    }
}

// to[i][j] = r[i] · weights[i][j] · s[j]; a null r or s is all ones
template <class T>
void adapt_weights(size_t inputs, size_t outputs, const T* r, const T* s, const T* weights, T* __restrict to) {
    for (size_t i = 0; i < inputs; ++i, weights += outputs, to += outputs) {
        const T by = r ? r[i] : T(1);
        if (s) {
            for (size_t j = 0; j < outputs; ++j) to[j] = by * weights[j] * s[j];
        } else {
            for (size_t j = 0; j < outputs; ++j) to[j] = by * weights[j];
        }
    }
}

// Adds a share of what the gradient of adapted weights, which is overwritten, says of weights, r and s.
template <class T>
void adapt_gradient(size_t inputs, size_t outputs, T share, const T* r, const T* s, const T* weights, T* __restrict d,
                    T* __restrict d_weights, T* __restrict d_r, T* __restrict d_s) {
    for (size_t i = 0; i < inputs; ++i, weights += outputs, d += outputs, d_weights += outputs) {
        const T by = share * (r ? r[i] : T(1));
        if (!s) {
            if (d_r) d_r[i] += static_cast<T>(share * dot_product(outputs, weights, d));
            for (size_t j = 0; j < outputs; ++j) d_weights[j] += by * d[j];
            continue;
        }
        for (size_t j = 0; j < outputs; ++j) {
            d_weights[j] += by * s[j] * d[j];
            d[j] *= weights[j];
        }
        for (size_t j = 0; j < outputs; ++j) d_s[j] += by * d[j];
        if (d_r) d_r[i] += static_cast<T>(share * dot_product(outputs, d, s));
    }
}

template <class T>
void dense_forward(size_t panels, Panels<const T> x, const Weights<T>& weights, const T* bias, Panels<T> z) {
    const size_t inputs = weights.inputs, outputs = weights.outputs;
    if (weights.packed) {
        constexpr size_t tile = most_tile_rows;
        auto at = [&](size_t m, size_t k) { return weights.packed + m / tile * packed_tile<T>(inputs) + k * tile; };
        multiply_panels<Order::columns>(panels, outputs, inputs, Operand{at, tile}, bias, x, z);
    } else {
        auto at = [&](size_t m, size_t k) { return weights.data + k * outputs + m; };
        multiply_panels<Order::columns>(panels, outputs, inputs, Operand{at, outputs}, bias, x, z);
    }
}

// One row, not in a panel: the same sums in the same order, along the outputs, of weights that are scaled on the way.
template <class T>
void dense_forward_row(const T* x, size_t inputs, size_t outputs, T factor, const T* scale, const T* weights,
                       const T* bias, T* __restrict z) {
    for (size_t j = 0; j < outputs; ++j) z[j] = bias[j];
    for (size_t i = 0; i < inputs; ++i) {
        const T* const w = weights + i * outputs;
        const T value = x[i], by = scale ? factor * scale[i] : factor;
        for (size_t j = 0; j < outputs; ++j) z[j] += value * (by * w[j]);
    }
}

template <class T>
void dense_backward_inputs(size_t panels, Panels<const T> d_z, const Weights<T>& weights, Panels<T> d_x) {
    const size_t inputs = weights.inputs, outputs = weights.outputs;
    const T* const none = nullptr;
    if (weights.packed) {
        constexpr size_t tile = most_tile_rows;
        const size_t stride = packed_tile<T>(inputs);
        auto at = [&](size_t m, size_t k) { return weights.packed + k / tile * stride + m * tile + k % tile; };
        multiply_panels<Order::rows>(panels, inputs, outputs, Operand{at, tile, tile, stride}, none, d_z, d_x);
    } else {
        auto at = [&](size_t m, size_t k) { return weights.data + m * outputs + k; };
        multiply_panels<Order::rows>(panels, inputs, outputs, Operand{at, outputs}, none, d_z, d_x);
    }
}

// Whether the weights' gradient is made of dot products: where a tile would be mostly empty.
template <class T>
bool is_narrow(size_t outputs) {
    return outputs * 3 <= divided_up(outputs, panel_rows<T>) * panel_rows<T> * 2;
}

// Turns panels on their side, square by square: keep(panel, output, row, values) gets vectors of outputs, one for each of
// the rows from `row` on; those beyond the last output are 0.
template <class T, class Keep>
PELLUCID_INLINE void turn_squares(size_t panels, Panels<const T> d_z, size_t outputs, Keep keep) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    for (size_t panel = 0; panel < panels; ++panel) {
        for (size_t output = 0; output < divided_up(outputs, width) * width; output += square) {
            const size_t count = output < outputs ? smaller(square, outputs - output) : 0;
            for (size_t row = 0; row < width; row += square) {
                Vector<T> values[square];
#pragma GCC unroll 16
                for (size_t j = 0; j < square; ++j) {
                    values[j] = j < count ? load(d_z[panel] + (output + j) * width + row) : Vector<T>{};
                }
                transpose<T>(values);
                keep(panel, output, row, values);
            }
        }
    }
}

// For dense_backward_weights: turned[output / panel_rows][row][output % panel_rows]. `turned` points to the first of the
// panels' rows within a block of `turned_rows` rows.
template <class T>
void turn(size_t panels, Panels<const T> d_z, size_t outputs, T* turned, size_t turned_rows) {
    constexpr size_t width = panel_rows<T>, square = lanes<T>;
    if (is_narrow<T>(outputs)) return;
    turn_squares(panels, d_z, outputs, [&](size_t panel, size_t output, size_t row, const Vector<T>(&values)[square]) {
        T* const to = turned + (output / width * turned_rows + panel * width + row) * width + output % width;
#pragma GCC unroll 16
        for (size_t r = 0; r < square; ++r) store(to + r * width, values[r]);
    });
}

// Copies a full tile of sums to or from a matrix that is narrower than a tile.
template <class T>
PELLUCID_INLINE void copy_narrow(size_t rows, size_t count, const T* from, size_t from_stride, T* to, size_t to_stride) {
    for (size_t m = 0; m < rows; ++m) {
        for (size_t j = 0; j < count; ++j) to[m * to_stride + j] = from[m * from_stride + j];
    }
}

template <class T, class U>
PELLUCID_INLINE void weights_tile(Product<T, U> product, size_t rows, size_t count) {
    constexpr size_t width = tile_width<T>;
    alignas(64) T edge[most_tile_rows * width];
    T* const c = product.c;
    const size_t c_stride = product.c_stride;
    if (count < width) {
        product.c = edge;
        product.c_stride = width;
        if (product.start == Start::present) copy_narrow(rows, count, c, c_stride, edge, width);
    }
    const auto run = count > lanes<T> ? tile_function<T, U, tile_vectors, Order::rows>(rows)
                                      : tile_function<T, U, 1, Order::rows>(rows);
    run(product);
    if (count < width) copy_narrow<T>(rows, count, edge, width, c, c_stride);
}

template <class T>
PELLUCID_INLINE void dense_backward_weights_narrow(size_t panels, Panels<const T> x, Panels<const T> d_z,
                                                   size_t outputs, Tile tile, RowSums<T> sums, T* d_weights) {
    constexpr size_t width = panel_rows<T>;
    for (size_t i = tile.input_begin; i < tile.input_end; i += most_dot_xs) {
        for (size_t j = tile.output_begin; j < tile.output_end; j += most_dot_ds) {
            const auto run = dot_function<T>(smaller(most_dot_xs, tile.input_end - i),
                                             smaller(most_dot_ds, tile.output_end - j));
            const size_t place = i * outputs + j;
            RowSums<T> these = sums;
            if (sums.lanes) these.lanes += place * width;
            run(panels, x.data + i * width, x.stride, d_z.data + j * width, d_z.stride, these, d_weights + place,
                outputs);
        }
    }
}

// The tile's part of d_W (+)= xᵀ d_z, where a panel's rows are `length` steps of the sum: its rows, or pairs of them.
// tile.output_begin is a multiple of panel_rows.
template <class T, class U>
PELLUCID_INLINE void multiply_rows(size_t panels, size_t length, Panels<const U> x, const U* turned,
                                   size_t turned_length, size_t outputs, Tile tile, RowSums<T> sums, T* d_weights) {
    constexpr size_t width = panel_rows<T>;
    const size_t piece = even_piece(panels, longest_piece<T> / length);
    for (size_t panel = 0; panel < panels; panel += piece) {
        for (size_t j = tile.output_begin; j < tile.output_end; j += tile_width<T>) {
            for (size_t i = tile.input_begin; i < tile.input_end; i += most_tile_rows) {
                Product<T, U> product;
                product.chunks = smaller(piece, panels - panel);
                product.length = length;
                product.a = x[panel] + i * length;
                product.a_stride = length;
                product.a_chunk = x.stride;
                product.b = turned + (j / width * turned_length + panel * length) * width;
                product.b_vector = turned_length * width;
                product.c = d_weights + i * outputs + j;
                product.c_stride = outputs;
                product.start = sums.adds || !sums.begins || panel > 0 ? Start::present : Start::zero;
                weights_tile(product, smaller(most_tile_rows, tile.input_end - i),
                             smaller(tile_width<T>, tile.output_end - j));
            }
        }
    }
}

template <class T>
void dense_backward_weights(size_t panels, Panels<const T> x, Panels<const T> d_z, const T* turned, size_t turned_rows,
                            size_t outputs, Tile tile, RowSums<T> sums, T* d_weights) {
    if (is_narrow<T>(outputs)) {
        dense_backward_weights_narrow(panels, x, d_z, outputs, tile, sums, d_weights);
    } else {
        multiply_rows(panels, panel_rows<T>, x, turned, turned_rows, outputs, tile, sums, d_weights);
    }
}

// Sums of `count` features side by side, so that no addition waits for the one before.
template <class T, size_t count>
PELLUCID_INLINE void sum_rows(size_t panels, Panels<const T> d_z, size_t first, const RowSums<T>& of_rows, T* d_bias) {
    constexpr size_t width = panel_rows<T>;
    Vector<T> sums[count][panel_vectors];
    for (size_t j = 0; j < count; ++j) {
        for (size_t v = 0; v < panel_vectors; ++v) sums[j][v] = begin_sum(of_rows, (first + j) * width + v * lanes<T>);
    }
    for (size_t panel = 0; panel < panels; ++panel) {
        const T* d = d_z[panel] + first * width;
#pragma GCC unroll 4
        for (size_t j = 0; j < count; ++j) {
#pragma GCC unroll 4
            for (size_t v = 0; v < panel_vectors; ++v) sums[j][v] += load(d + j * width + v * lanes<T>);
        }
    }
#pragma GCC unroll 4
    for (size_t j = 0; j < count; ++j) {
        if (!of_rows.ends) {
            for (size_t v = 0; v < panel_vectors; ++v) store(of_rows.lanes + (first + j) * width + v * lanes<T>, sums[j][v]);
            continue;
        }
        Vector<T> sum = sums[j][0];
        for (size_t v = 1; v < panel_vectors; ++v) sum += sums[j][v];
        end_sum(of_rows, 0, sum, d_bias[first + j]);
    }
}

template <class T>
void dense_backward_bias(size_t panels, Panels<const T> d_z, size_t outputs, RowSums<T> sums, T* d_bias) {
    size_t j = 0;
    for (; j + 4 <= outputs; j += 4) sum_rows<T, 4>(panels, d_z, j, sums, d_bias);
    for (; j < outputs; ++j) sum_rows<T, 1>(panels, d_z, j, sums, d_bias);
}

}  // namespace pellucid::PELLUCID_ISA
