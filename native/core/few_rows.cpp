#include "few_rows.hpp"

#include <algorithm>

#include "embedder.hpp"

namespace pellucid {

namespace {

// With more, weights would be read so often that packing pays; and no panel has fewer.
constexpr std::size_t most_rows = 4;

// What the first layer sees of the rows, (rows, features) in one piece, of any kind of rows.
template <class T>
Buffer<T> features_of(const Network& network, const T* parameters, const Rows<T>& rows, const Kernels<T>& kernels) {
    const std::size_t width = kernels.panel_rows, count = rows.rows(), features = network.features();
    Buffer<T> panel(network.inputs() * width), result(count * features);
    rows.gather(kernels, RowRange{nullptr, 0, count}, panel.data());
    if (network.embedding) {
        const Panels<const T> columns{panel.data(), panel.size()};
        Buffer<T> embedded(features * width);
        Embedder<T>(*network.embedding, kernels).forward(parameters, 1, columns, {embedded.data(), embedded.size()});
        std::swap(panel, embedded);
    }
    for (std::size_t r = 0; r < count; ++r) {
        for (std::size_t j = 0; j < features; ++j) result[r * features + j] = panel[j * width + r];
    }
    return result;
}

}  // namespace

template <class T>
bool are_few_rows(const Network& network, const Rows<T>& rows) {
    if (rows.rows() > most_rows || rows.sparse() || network.ensemble || network.bfloat16) return false;
    return std::none_of(network.layers.begin(), network.layers.end(), [](const Layer& layer) { return layer.layer_norm; });
}

template <class T>
void predict_few_rows(const Network& network, const T* parameters, const Rows<T>& rows, const Kernels<T>& kernels, T* z) {
    const DenseRows<T>* const plain = network.embedding ? nullptr : rows.dense();
    const Buffer<T> features = plain ? Buffer<T>() : features_of(network, parameters, rows, kernels);
    const std::size_t widest = round_up(network.widest(), kernels.panel_rows);
    Buffer<T> inputs(widest), outputs(widest);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
        const T* x = plain ? plain->data + r * plain->stride : features.data() + r * network.features();
        for (std::size_t l = 0; l < network.layers.size(); ++l) {
            const Layer& layer = network.layers[l];
            T* const to = network.is_output(l) ? z + r * layer.outputs : outputs.data();
            kernels.dense_forward_row(x, layer.inputs, layer.outputs, static_cast<T>(layer.weight_factor),
                                      network.scale_of_inputs(l, parameters), parameters + layer.weights,
                                      parameters + layer.bias, to);
            if (network.is_output(l)) break;
            if (layer.parametric) std::copy_n(to, layer.outputs, inputs.data());
            kernels.activate(layer.activation, round_up(layer.outputs, kernels.panel_rows), to, nullptr);
            if (layer.parametric) kernels.bend_row(layer.outputs, parameters + layer.alpha, inputs.data(), to);
            std::swap(inputs, outputs);
            x = inputs.data();
        }
    }
}

template bool are_few_rows(const Network&, const Rows<float>&);
template bool are_few_rows(const Network&, const Rows<double>&);
template void predict_few_rows(const Network&, const float*, const Rows<float>&, const Kernels<float>&, float*);
template void predict_few_rows(const Network&, const double*, const Rows<double>&, const Kernels<double>&, double*);

}  // namespace pellucid
