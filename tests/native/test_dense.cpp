// The dense layer's four products against sums written out, over awkward shapes.
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
          bias(outputs), packed(round_up(outputs, k.tile_outputs) * inputs),
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
            k.dense_forward_row(alone.data(), w, bias.data(), sums.data());
            for (std::size_t j = 0; j < outputs; ++j) {
                double sum = bias[j];
                for (std::size_t i = 0; i < inputs; ++i) sum += double(at(x, i, row)) * double(weights[i * outputs + j]);
                CHECK(is_near(at(z, j, row), sum, tolerance));
                CHECK(at(z, j, row) == sums[j]);
            }
        }
    }

    void check_backward_inputs() {
        k.dense_backward_inputs(panels, d_z, Weights<T>{weights.data(), nullptr, inputs, outputs}, d_x);
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
        for (const bool add : {false, true}) {
            for (std::size_t j = 0; j < outputs; j += 2 * k.panel_rows) {
                for (std::size_t i = 0; i < inputs; i += 17) {
                    const Tile tile{i, std::min(i + 17, inputs), j, std::min(j + 2 * k.panel_rows, outputs)};
                    k.dense_backward_weights(panels, x, d_z, turned.data(), padded, outputs, tile, add, d_weights.data());
                }
            }
            k.dense_backward_bias(panels, d_z, outputs, add, d_bias.data());
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
                test.check_backward_inputs();
                test.check_backward_weights();
            }
        }
    }
    Case<T> many_rows(kernels_of<T>(set), 900, 5, 40);
    many_rows.check_backward_weights();
}

}  // namespace

int main() {
    for (const KernelSet* set : all_kernel_sets()) {
        check_all<float>(*set);
        check_all<double>(*set);
    }
}
