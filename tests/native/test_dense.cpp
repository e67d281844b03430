// The dense layer's four products against sums written out, over awkward shapes.
#include <type_traits>

#include "../../native/core/workspace.hpp"
#include "check.hpp"

using namespace pellucid;

namespace {

template <class T>
struct Case {
    Case(const Kernels<T>& kernels, std::size_t rows, std::size_t inputs, std::size_t outputs)
        : k(kernels), rows(rows), inputs(inputs), outputs(outputs), panels(divide_up(rows, k.panel_rows)),
          padded(panels * k.panel_rows), x(panels, inputs, k.panel_rows), d_z(panels, outputs, k.panel_rows),
          z(panels, outputs, k.panel_rows), d_x(panels, inputs, k.panel_rows), weights(inputs * outputs),
          bias(outputs), packed(k.packed_size(inputs, outputs)),
          turned(round_up(outputs, k.panel_rows) * padded), d_weights(inputs * outputs), d_bias(outputs) {
        fill(weights.data(), weights.size(), 1);
        fill(bias.data(), outputs, 2);
        for (std::size_t row = 0; row < rows; ++row) {
            fill_row(x, inputs, row, 3);
            fill_row(d_z, outputs, row, 4);
        }
    }

    void fill_row(PanelBuffer<T>& panels_of, std::size_t features, std::size_t row, unsigned seed) {
        std::vector<T> values(features);
        fill(values.data(), features, static_cast<unsigned>(seed * 1000 + row));
        for (std::size_t j = 0; j < features; ++j) at(panels_of, j, row) = values[j];
    }

    T& at(PanelBuffer<T>& of, std::size_t feature, std::size_t row) const {
        return of[row / k.panel_rows][feature * k.panel_rows + row % k.panel_rows];
    }

    void check_forward(bool is_packed) {
        const Weights<T> w{weights.data(), is_packed ? packed.data() : nullptr, inputs, outputs};
        const std::size_t middle = std::min(outputs, round_up(outputs / 2, k.tile_outputs));
        if (is_packed) k.pack_weights(w, middle, outputs, packed.data());  // in any order of parts
        if (is_packed) k.pack_weights(w, 0, middle, packed.data());
        k.dense_forward(panels, x, w, bias.data(), z);
        for (std::size_t row = 0; row < rows; ++row) {
            std::vector<T> alone(inputs), sums(outputs);
            for (std::size_t i = 0; i < inputs; ++i) alone[i] = at(x, i, row);
            k.dense_forward_row(alone.data(), inputs, outputs, T(1), nullptr, weights.data(), bias.data(), sums.data());
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = bias[j];
                for (std::size_t i = 0; i < inputs; ++i) sum += double(at(x, i, row)) * double(weights[i * outputs + j]);
                CHECK(is_near(at(z, j, row), sum, tolerance));
                CHECK(at(z, j, row) == sums[j]);
            }
        }
    }

    // A row alone scales the weights on its way; the numbers are those of weights that were scaled before.
    void check_scaled_row() {
        std::vector<T> scale(inputs), scaled(inputs * outputs), alone(inputs), sums(outputs);
        fill(scale.data(), inputs, 5);
        const T factor = T(0.3);
        for (const T* by : {static_cast<const T*>(nullptr), static_cast<const T*>(scale.data())}) {
            k.scale_weights(inputs, outputs, factor, by, weights.data(), scaled.data());
            k.dense_forward(panels, x, Weights<T>{scaled.data(), nullptr, inputs, outputs}, bias.data(), z);
            for (std::size_t i = 0; i < inputs; ++i) alone[i] = at(x, i, rows - 1);
            k.dense_forward_row(alone.data(), inputs, outputs, factor, by, weights.data(), bias.data(), sums.data());
            for (std::size_t j = 0; j < outputs; ++j) CHECK(at(z, j, rows - 1) == sums[j]);
        }
    }

    void check_backward_inputs(bool is_packed) {
        const Weights<T> w{weights.data(), is_packed ? packed.data() : nullptr, inputs, outputs};
        if (is_packed) k.pack_weights(w, 0, outputs, packed.data());
        k.dense_backward_inputs(panels, d_z, w, d_x);
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t i = 0; i < inputs; ++i) {
                double sum = 0;
                for (std::size_t j = 0; j < outputs; ++j) sum += double(at(d_z, j, row)) * double(weights[i * outputs + j]);
                CHECK(is_near(at(d_x, i, row), sum, tolerance));
            }
        }
    }

    // Twice, the second time added: all sums double.
    void check_backward_weights() {
        k.turn(panels, d_z, outputs, turned.data(), padded);
        for (const bool adds : {false, true}) {
            RowSums<T> sums;
            sums.adds = adds;
            for (std::size_t j = 0; j < outputs; j += 2 * k.panel_rows) {
                for (std::size_t i = 0; i < inputs; i += 17) {
                    const Tile tile{i, std::min(i + 17, inputs), j, std::min(j + 2 * k.panel_rows, outputs)};
                    k.dense_backward_weights(panels, x, d_z, turned.data(), padded, outputs, tile, sums, d_weights.data());
                }
            }
            k.dense_backward_bias(panels, d_z, outputs, sums, d_bias.data());
        }
        for (std::size_t j = 0; j < outputs; ++j) {
            double bias_sum = 0;
            for (std::size_t row = 0; row < rows; ++row) bias_sum += double(at(d_z, j, row));
            CHECK(is_near(d_bias[j], 2 * bias_sum, tolerance));
            for (std::size_t i = 0; i < inputs; ++i) {
                double sum = 0;
                for (std::size_t row = 0; row < rows; ++row) sum += double(at(x, i, row)) * double(at(d_z, j, row));
                CHECK(is_near(d_weights[i * outputs + j], 2 * sum, tolerance));
            }
        }
    }

    // Every third number of x, in compressed rows, of which the first is empty; rows in an order, the last of them first.
    void check_sparse() {
        std::vector<T> values;
        std::vector<std::int32_t> columns;
        std::vector<std::int64_t> starts{0};
        std::vector<std::uint32_t> order;
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t i = row % 3; row > 0 && i < inputs; i += 3) {
                values.push_back(at(x, i, row));
                columns.push_back(static_cast<std::int32_t>(i));
            }
            starts.push_back(static_cast<std::int64_t>(values.size()));
            order.insert(order.begin(), static_cast<std::uint32_t>(row));
        }
        const auto number = [&](std::size_t i, std::size_t row) { return row > 0 && i % 3 == row % 3 ? double(at(x, i, row)) : 0.0; };
        SparseRows<T> sparse;
        sparse.values = values.data();
        sparse.columns32 = columns.data();
        sparse.starts = starts.data();
        sparse.rows = rows;
        sparse.features = inputs;
        const RowRange all{order.data(), 0, rows};
        const Weights<T> w{weights.data(), nullptr, inputs, outputs};
        for (std::size_t panel = 0; panel < panels; ++panel) {
            const RowRange part = all.part(panel * k.panel_rows, k.panel_rows);
            k.sparse_forward(sparse.at(part), part.count, w, bias.data(), z[panel]);
        }
        for (const bool adds : {false, true}) {
            for (std::size_t j = 0; j < outputs; j += 50) {
                k.sparse_backward_weights(sparse.at(all), rows, d_z, inputs, outputs, j, std::min(j + 50, outputs), adds,
                                          d_weights.data());
            }
        }
        for (std::size_t j = 0; j < outputs; ++j) {
            for (std::size_t place = 0; place < rows; ++place) {
                double sum = bias[j];
                for (std::size_t i = 0; i < inputs; ++i) sum += number(i, order[place]) * double(weights[i * outputs + j]);
                CHECK(is_near(at(z, j, place), sum, tolerance));
            }
            for (std::size_t i = 0; i < inputs; ++i) {
                double sum = 0;
                for (std::size_t place = 0; place < rows; ++place) sum += number(i, order[place]) * double(at(d_z, j, place));
                CHECK(is_near(d_weights[i * outputs + j], 2 * sum, tolerance));
            }
        }
    }

    // The same products of numbers that are rounded to bfloat16 first.
    void check_pairs() requires std::is_same_v<T, float> {
        const PairKernels& pairs = *k.pairs;
        PanelBuffer<Pair> x_pairs(panels, divide_up(inputs, 2), k.panel_rows), d_pairs(panels, divide_up(outputs, 2), k.panel_rows);
        PanelBuffer<Pair> x_rows(panels, inputs, k.panel_rows / 2);
        Buffer<Pair> forward(pairs.packed_size(inputs, outputs)), backward(pairs.packed_size(outputs, inputs));
        Buffer<Pair> turned_pairs(round_up(outputs, k.panel_rows) * padded / 2);
        const Weights<float> full{weights.data(), nullptr, inputs, outputs};
        const PairedWeights w{forward.data(), backward.data(), inputs, outputs};
        const std::size_t middle = std::min(outputs, round_up(outputs / 2, k.tile_outputs));
        pairs.pack_forward(full, middle, outputs, forward.data());
        pairs.pack_forward(full, 0, middle, forward.data());
        pairs.pack_backward(full, 0, inputs, backward.data());
        pairs.pair_features(panels, inputs, x, x_pairs);
        pairs.pair_features(panels, outputs, d_z, d_pairs);
        pairs.pair_rows(panels, inputs, x, x_rows);
        pairs.turn(panels, d_z, outputs, turned_pairs.data(), padded / 2);
        pairs.dense_forward(panels, x_pairs, w, bias.data(), z);
        pairs.dense_backward_inputs(panels, d_pairs, w, d_x);
        for (const bool adds : {false, true}) {
            RowSums<float> sums;
            sums.adds = adds;
            const Tile whole{0, inputs, 0, outputs};
            pairs.dense_backward_weights(panels, x_rows, turned_pairs.data(), padded / 2, outputs, whole, sums, d_weights.data());
        }
        const double close = 2e-5;
        auto near = [&](double value, double sum, double sizes) { return std::abs(value - sum) <= close * (sizes + 1e-30); };
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = bias[j], sizes = std::abs(bias[j]);
                for (std::size_t i = 0; i < inputs; ++i) add(at(x, i, row), weights[i * outputs + j], sum, sizes);
                CHECK(near(at(z, j, row), sum, sizes));
            }
            for (std::size_t i = 0; i < inputs; ++i) {
                double sum = 0, sizes = 0;
                for (std::size_t j = 0; j < outputs; ++j) add(at(d_z, j, row), weights[i * outputs + j], sum, sizes);
                CHECK(near(at(d_x, i, row), sum, sizes));
            }
        }
        for (std::size_t i = 0; i < inputs; ++i) {
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = 0, sizes = 0;
                for (std::size_t row = 0; row < rows; ++row) add(at(x, i, row), at(d_z, j, row), sum, sizes);
                CHECK(near(d_weights[i * outputs + j], 2 * sum, 2 * sizes));
            }
        }
    }

    static void add(float a, float b, double& sum, double& sizes) {
        const double product = double(rounded(a)) * double(rounded(b));
        sum += product;
        sizes += std::abs(product);
    }

    // To eight significant bits, of two equally near ones the even one.
    static float rounded(float value) {
        int exponent;
        const double mantissa = std::frexp(double(value), &exponent);
        return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8));
    }

    // A stretch of rows in two blocks: the same sums to the last bit.
    void check_blocks() {
        k.turn(panels, d_z, outputs, turned.data(), padded);
        add_blocks(panels, d_weights.data(), d_bias.data());
        for (std::size_t first = 1; first < panels; first += 3) {
            Buffer<T> weights_again(inputs * outputs), bias_again(outputs);
            add_blocks(first, weights_again.data(), bias_again.data());
            for (std::size_t i = 0; i < inputs * outputs; ++i) CHECK(weights_again[i] == d_weights[i]);
            for (std::size_t j = 0; j < outputs; ++j) CHECK(bias_again[j] == d_bias[j]);
        }
    }

    void add_blocks(std::size_t first, T* to_weights, T* to_bias) {
        Buffer<T> weight_lanes(inputs * outputs * k.panel_rows), bias_lanes(outputs * k.panel_rows);
        const Tile whole{0, inputs, 0, outputs};
        for (std::size_t begin = 0, end = first; begin < panels; begin = end, end = panels) {
            RowSums<T> of_weights{begin == 0, end == panels, false, weight_lanes.data()};
            RowSums<T> of_bias{begin == 0, end == panels, false, bias_lanes.data()};
            const Panels<const T> block_x{x[begin], Panels<const T>(x).stride};
            const Panels<const T> block_d{d_z[begin], Panels<const T>(d_z).stride};
            k.dense_backward_weights(end - begin, block_x, block_d, turned.data() + begin * k.panel_rows * k.panel_rows,
                                     padded, outputs, whole, of_weights, to_weights);
            k.dense_backward_bias(end - begin, block_d, outputs, of_bias, to_bias);
        }
    }

    const double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
    const Kernels<T>& k;
    std::size_t rows, inputs, outputs, panels, padded;
    PanelBuffer<T> x, d_z, z, d_x;
    Buffer<T> weights, bias, packed, turned, d_weights, d_bias;
};

template <class T>
void check_all(const KernelSet& set) {
    for (std::size_t rows : {1, 16, 33}) {
        for (std::size_t inputs : {1, 2, 7, 13, 100, 401}) {
            for (std::size_t outputs : {1, 3, 6, 10, 15, 16, 17, 97, 131}) {
                Case<T> test(kernels_of<T>(set), rows, inputs, outputs);
                test.check_forward(false);
                test.check_forward(true);
                test.check_scaled_row();
                test.check_backward_inputs(false);
                test.check_backward_inputs(true);
                test.check_backward_weights();
                test.check_sparse();
                if constexpr (sizeof(T) == sizeof(float)) test.check_pairs();
            }
        }
    }
    for (std::size_t outputs : {1, 10, 40}) {
        Case<T> many_rows(kernels_of<T>(set), 900, 5, outputs);
        many_rows.check_backward_weights();
        many_rows.check_blocks();
    }
}

}  // namespace

int main() {
    for (const KernelSet* set : all_kernel_sets()) {
        check_all<float>(*set);
        check_all<double>(*set);
    }
}
