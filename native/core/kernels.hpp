// The kernels: every inner loop of a training step, behind one table of functions per instruction set and number type.
//
// Batches are kept in panels. A panel holds `panel_rows` rows, feature by feature:
//
//     panel[feature * panel_rows + row]
//
// so that every kernel runs along the rows in whole vectors, whatever the width of a layer. A batch is a sequence of
// panels, `stride` numbers apart; unused rows of its last panel are zero. All panels are aligned to 64 bytes.
#pragma once

#include "random.hpp"
#include "rules.hpp"

namespace pellucid {

// A batch of any width. (panels, features, panel_rows)
template <class T>
struct Panels {
    T* data = nullptr;
    std::size_t stride = 0;
    T* operator[](std::size_t panel) const { return data + panel * stride; }
};

// A layer's weights, of shape (inputs, outputs), as they lie in the parameter vector; `packed`, if any, holds them
// once more in the order in which the products with them read them.
template <class T>
struct Weights {
    const T* data = nullptr;
    const T* packed = nullptr;
    std::size_t inputs = 0;
    std::size_t outputs = 0;
};

// Two bfloat16 numbers that follow each other in a sum, the first in the lower half.
struct Pair {
    std::uint32_t bits = 0;
};

// The weights of a layer as pairs, in the order in which the products read them: along the inputs for the forward pass,
// along the outputs for the way back.
struct PairedWeights {
    const Pair* forward = nullptr;
    const Pair* backward = nullptr;
    std::size_t inputs = 0;
    std::size_t outputs = 0;
};

// A rectangle of a weight matrix.
struct Tile {
    std::size_t input_begin = 0, input_end = 0;
    std::size_t output_begin = 0, output_end = 0;
};

// What turns gradients into a step, for one piece of the parameter vector; the optimiser's numbers are ready to use.
struct UpdateRule {
    OptimizerRule optimizer;
    double learning_rate = 0.0;   // η
    double step_size = 0.0;       // Adam: η √(1 - β₂ᵗ) / (1 - β₁ᵗ)
    double gradient_scale = 1.0;  // clipping
};

// What becomes of a raw gradient: g ← share · g + l2 · θ + l1 · sign(θ).
struct GradientRule {
    double share = 1.0;
    double l1 = 0.0;
    double l2 = 0.0;
};

// A layer's dropout mask in one step: word(i) < threshold drops element i; the others are multiplied by `kept`.
struct DropoutRule {
    std::uint64_t seed = 0;
    std::uint64_t threshold = 0;
    double kept = 1.0;
};

// How sums over the rows of panels become a gradient. They run side by side, one a lane, and are summed up where a
// stretch of rows ends; where a stretch comes in several blocks, `lanes` keeps them in between.
template <class T>
struct RowSums {
    bool begins = true;  // the panels are the first of their stretch
    bool ends = true;    // and the last
    bool adds = false;   // the sums are added to what is there
    T* lanes = nullptr;  // panel_rows numbers for each sum; may be null where the panels are a whole stretch
};

// Rows `stride` numbers apart: row order[i], or simply row i, begins at data + that · stride.
template <class T>
struct RowsAt {
    const T* data = nullptr;
    std::size_t stride = 0;
    const std::uint32_t* order = nullptr;
};

// Rows in compressed form: row order[i], or first + i, has values[starts[row]] … values[starts[row + 1] - 1], in columns
// of 32 or 64 bits.
template <class T>
struct SparseAt {
    const T* values = nullptr;
    const std::int32_t* columns32 = nullptr;  // one of the two
    const std::int64_t* columns64 = nullptr;
    const std::int64_t* starts = nullptr;
    const std::uint32_t* order = nullptr;
    std::size_t first = 0;
};

// How one column of numbers is embedded: weights (bases, width), bias (width); frequencies and phases, or edges.
template <class T>
struct NumberColumn {
    NumberEmbedding kind = NumberEmbedding::none;
    std::size_t bases = 0;
    std::size_t width = 0;
    const T* weights = nullptr;
    const T* bias = nullptr;
    const T* frequencies = nullptr;
    const T* phases = nullptr;
    const T* edges = nullptr;  // bases + 1
};

// Where the gradients of a NumberColumn go.
template <class T>
struct NumberGradients {
    T* weights = nullptr;
    T* bias = nullptr;
    T* frequencies = nullptr;
    T* phases = nullptr;
};

// The dense layer on bfloat16 numbers: both operands of each product are rounded, the sums are float32's.
struct PairKernels {
    // Panels of n features become panels of ⌈n / 2⌉ pairs of them.
    void (*pair_features)(std::size_t panels, std::size_t features, Panels<const float> from, Panels<Pair> to);
    // Panels of rows become panels of half as many pairs of rows.
    void (*pair_rows)(std::size_t panels, std::size_t features, Panels<const float> from, Panels<Pair> to);
    // The same, turned on their side: turned[output / panel_rows][pair of rows][output % panel_rows].
    void (*turn)(std::size_t panels, Panels<const float> d_z, std::size_t outputs, Pair* turned,
                 std::size_t turned_pairs);
    // Numbers that packed weights take: tiles of so many `across`, each along `along`.
    std::size_t (*packed_size)(std::size_t along, std::size_t across);
    // Packs outputs, or inputs, from `begin`, the first of a tile, to `end`.
    void (*pack_forward)(const Weights<float>& weights, std::size_t begin, std::size_t end, Pair* packed);
    void (*pack_backward)(const Weights<float>& weights, std::size_t begin, std::size_t end, Pair* packed);
    void (*dense_forward)(std::size_t panels, Panels<const Pair> x, const PairedWeights& weights, const float* bias,
                          Panels<float> z);
    void (*dense_backward_inputs)(std::size_t panels, Panels<const Pair> d_z, const PairedWeights& weights,
                                  Panels<float> d_x);
    void (*dense_backward_weights)(std::size_t panels, Panels<const Pair> x, const Pair* turned,
                                   std::size_t turned_pairs, std::size_t outputs, Tile tile, RowSums<float> sums,
                                   float* d_weights);
};

template <class T>
struct Kernels {
    std::size_t panel_rows;    // rows of a panel
    std::size_t tile_outputs;  // outputs of a tile of packed weights
    std::size_t (*packed_size)(std::size_t inputs, std::size_t outputs);  // numbers that packed weights take

    // --- rows in, rows out
    void (*shuffle)(MersenneTwister& random, std::uint32_t* numbers, std::size_t count);
    void (*gather)(RowsAt<T> rows, std::size_t count, std::size_t features, T* panel);
    void (*scatter)(const T* panel, std::size_t count, std::size_t features, T* const* rows);

    // --- the dense layer: z = x W + b, and its derivatives
    void (*pack_weights)(const Weights<T>& weights, std::size_t begin, std::size_t end, T* packed);
    void (*dense_forward)(std::size_t panels, Panels<const T> x, const Weights<T>& weights, const T* bias, Panels<T> z);
    // z = b + Σᵢ xᵢ (factor · scale[i] · W[i]) of one row that is in no panel; a null scale is all ones
    void (*dense_forward_row)(const T* x, std::size_t inputs, std::size_t outputs, T factor, const T* scale,
                              const T* weights, const T* bias, T* z);
    void (*dense_backward_inputs)(std::size_t panels, Panels<const T> d_z, const Weights<T>& weights, Panels<T> d_x);
    void (*turn)(std::size_t panels, Panels<const T> d_z, std::size_t outputs, T* turned, std::size_t turned_rows);
    void (*dense_backward_weights)(std::size_t panels, Panels<const T> x, Panels<const T> d_z, const T* turned,
                                   std::size_t turned_rows, std::size_t outputs, Tile tile, RowSums<T> sums, T* d_weights);
    void (*sparse_forward)(SparseAt<T> rows, std::size_t count, const Weights<T>& weights, const T* bias, T* z);
    void (*sparse_backward_weights)(SparseAt<T> rows, std::size_t count, Panels<const T> d_z, std::size_t inputs,
                                    std::size_t outputs, std::size_t begin, std::size_t end, bool add, T* d_weights);
    const PairKernels* pairs;  // the same products of bfloat16 numbers; null for double
    bool (*is_narrow)(std::size_t outputs);  // the weights' gradient is sums along the rows, one a lane
    void (*dense_backward_bias)(std::size_t panels, Panels<const T> d_z, std::size_t outputs, RowSums<T> sums,
                                T* d_bias);

    // --- element by element; counts are multiples of panel_rows
    void (*activate)(ActivationRule rule, std::size_t count, T* z_to_a, T* slope);  // slope may be null
    void (*activate_backward)(ActivationRule rule, std::size_t count, const T* a, T* d);
    void (*multiply)(std::size_t count, const T* factor, T* values);
    void (*dropout_mask)(DropoutRule rule, std::size_t first_row, std::size_t features, T* panel_mask);

    // --- layer normalisation of one panel
    void (*layer_norm_forward)(std::size_t features, const T* gain, const T* shift, T* z, T* normalised, T* inverse_std);
    void (*layer_norm_backward)(std::size_t features, const T* gain, const T* normalised, const T* inverse_std,
                                const T* d_out, T* d_z);
    void (*layer_norm_gradients)(std::size_t panels, std::size_t features, Panels<const T> d_out,
                                 Panels<const T> normalised, RowSums<T> sums, T* d_gain, T* d_shift);

    // α of each feature: with z in `bend`, a ← z + (a - z) α, bend ← a - z, slope (if any) ← 1 + (slope - 1) α
    void (*bend_activation)(std::size_t features, const T* alpha, T* bend, T* a, T* slope);
    // The same a of one row that is in no panel.
    void (*bend_row)(std::size_t features, const T* alpha, const T* z, T* a);

    // --- embeddings: a column of panels in, its features out
    void (*embed_number)(const NumberColumn<T>& column, std::size_t panels, Panels<const T> x, Panels<T> features);
    void (*embed_number_backward)(const NumberColumn<T>& column, std::size_t panels, Panels<const T> x,
                                  Panels<const T> d_features, bool add, NumberGradients<T> gradients);
    void (*embed_category)(const T* table, std::size_t levels, std::size_t width, std::size_t panels,
                           Panels<const T> codes, Panels<T> features);
    void (*embed_category_backward)(std::size_t levels, std::size_t width, std::size_t panels, Panels<const T> codes,
                                    Panels<const T> d_features, bool add, T* d_table);

    // --- weights as the products see them: factor · scale[input] · W (a null scale is all ones), and back
    void (*scale_weights)(std::size_t inputs, std::size_t outputs, T factor, const T* scale, const T* weights, T* to);
    void (*unscale_gradient)(std::size_t inputs, std::size_t outputs, T factor, const T* scale, const T* weights,
                             T* d_weights, T* d_scale);

    // --- weights of an ensemble's member, r[input] · W · s[output] (null: ones); back, a share of it is added
    void (*adapt_weights)(std::size_t inputs, std::size_t outputs, const T* r, const T* s, const T* weights, T* to);
    void (*adapt_gradient)(std::size_t inputs, std::size_t outputs, T share, const T* r, const T* s, const T* weights,
                           T* d_adapted, T* d_weights, T* d_r, T* d_s);

    // --- the output layer
    void (*output_activate)(Output output, std::size_t panels, std::size_t features, Panels<const T> z,
                            Panels<T> prediction);
    void (*loss_rows)(LossRule loss, Output output, std::size_t panels, std::size_t features, Panels<const T> z,
                      Panels<const T> prediction, Panels<const T> targets, Panels<T> losses);
    void (*loss_delta)(LossRule loss, Output output, std::size_t panels, std::size_t features,
                       Panels<const T> prediction, Panels<const T> targets, Panels<const T> row_weight, Panels<T> delta);

    // --- the parameter vector, piece by piece
    void (*finish_gradient)(GradientRule rule, std::size_t count, const T* parameters, T* gradients);
    void (*update)(const UpdateRule& rule, std::size_t count, T* parameters, const T* gradients, T* first, T* second);
    void (*average)(std::size_t count, double kept, const T* parameters, T* averaged);
    double (*sum_of_squares)(std::size_t count, const T* values);
    double (*sum_of_sizes)(std::size_t count, const T* values);
    double (*dot_product)(std::size_t count, const T* values, const T* others);
    bool (*all_finite)(std::size_t count, const T* values);

    // --- what the processor and its memory can do at most; counts are multiples of 128
    std::size_t multiply_add_flops;  // operations of one repeat of multiply_adds
    T (*multiply_adds)(std::size_t repeats, T factor, T addend);
    T (*read_all)(std::size_t count, const T* values);
    void (*triad)(std::size_t count, const T* a, const T* b, T factor, T* to);
};

}  // namespace pellucid
