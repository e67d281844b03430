#include "products.hpp"

#include <algorithm>
#include <type_traits>

namespace pellucid {

namespace {

// Weights of a packing task: some 10 µs of copying.
constexpr std::size_t packing_weights = 16 * 1024;
constexpr std::size_t least_shared_packings = 4;

}  // namespace

template <class T>
Products<T>::Products(const Network& network, const Kernels<T>& kernels, Workspace<T>& workspace)
    : network_(network), kernels_(kernels), workspace_(workspace) {
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
        const Layer& layer = network.layers[l];
        const LayerBuffers<T>& buffers = workspace.layers[l];
        const bool packs_forward = buffers.packed.size() > 0 || buffers.pairs.forward.size() > 0;
        if (packs_forward) plan(l, layer.inputs, layer.outputs, false);
        if (buffers.pairs.backward.size() > 0) plan(l, layer.outputs, layer.inputs, true);
    }
}

template <class T>
void Products<T>::plan(std::size_t layer, std::size_t along, std::size_t across, bool is_backward) {
    const std::size_t size = round_up(divide_up(packing_weights, along), kernels_.tile_outputs);
    for (std::size_t begin = 0; begin < across; begin += size) {
        packings_.push_back({layer, begin, std::min(begin + size, across), is_backward});
    }
}

template <class T>
void Products<T>::use(const T* parameters, Team& team) {
    parameters_ = parameters;
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        const Layer& layer = network_.layers[l];
        if (network_.scales_weights(l)) {
            kernels_.scale_weights(layer.inputs, layer.outputs, static_cast<T>(layer.weight_factor),
                                   network_.scale_of_inputs(l, parameters), parameters + layer.weights,
                                   workspace_.layers[l].scaled.data());
        }
    }
    team.run_if(packings_.size() >= least_shared_packings, packings_.size(),
                [&](std::size_t task) { pack(packings_[task]); });
}

template <class T>
void Products<T>::pack(const Packing& packing) {
    const auto& [l, begin, end, is_backward] = packing;
    const LayerBuffers<T>& buffers = workspace_.layers[l];
    if constexpr (std::is_same_v<T, float>) {
        if (network_.bfloat16) {
            const auto pack = is_backward ? kernels_.pairs->pack_backward : kernels_.pairs->pack_forward;
            pack(weights_of(l), begin, end, (is_backward ? buffers.pairs.backward : buffers.pairs.forward).data());
            return;
        }
    }
    kernels_.pack_weights(weights_of(l), begin, end, buffers.packed.data());
}

template <class T>
Weights<T> Products<T>::weights_of(std::size_t l) const {
    const Layer& layer = network_.layers[l];
    const T* const scaled = workspace_.layers[l].scaled.data();
    return {scaled ? scaled : parameters_ + layer.weights, workspace_.layers[l].packed.data(), layer.inputs,
            layer.outputs};
}

template <class T>
PairedWeights Products<T>::paired_weights_of(std::size_t l) const {
    const Layer& layer = network_.layers[l];
    const auto& pairs = workspace_.layers[l].pairs;
    return {pairs.forward.data(), pairs.backward.data(), layer.inputs, layer.outputs};
}

template <class T>
void Products<T>::forward(std::size_t l, PanelRange range, Panels<const T> x, Panels<T> z) {
    const Layer& layer = network_.layers[l];
    const T* const bias = parameters_ + layer.bias;
    if constexpr (std::is_same_v<T, float>) {
        if (network_.bfloat16) {
            const PairKernels& pairs = *kernels_.pairs;
            pairs.pair_features(range.count, layer.inputs, x, from_panel(workspace_.pairs, range.first));
            pairs.dense_forward(range.count, read_panels(workspace_.pairs, range.first), paired_weights_of(l), bias, z);
            return;
        }
    }
    kernels_.dense_forward(range.count, x, weights_of(l), bias, z);
}

template <class T>
void Products<T>::forward(const SparseRows<T>& rows, RowRange block, PanelRange range, Panels<T> z) {
    const std::size_t width = kernels_.panel_rows;
    for (std::size_t panel = 0; panel < range.count; ++panel) {
        const RowRange part = block.part((range.first + panel) * width, width);
        kernels_.sparse_forward(rows.at(part), part.count, weights_of(0), parameters_ + network_.layers[0].bias, z[panel]);
    }
}

template <class T>
void Products<T>::backward(std::size_t l, PanelRange range, Panels<const T> x, const PanelBuffer<T>* d_x) {
    const Layer& layer = network_.layers[l];
    const LayerBuffers<T>& buffers = workspace_.layers[l];
    const std::size_t width = kernels_.panel_rows, rows = workspace_.panels * width;
    const Panels<const T> d_z = read_panels(buffers.d_z, range.first);
    if constexpr (std::is_same_v<T, float>) {
        if (network_.bfloat16) {
            const PairKernels& pairs = *kernels_.pairs;
            Pair* const turned = buffers.pairs.turned.data() + range.first * (width / 2) * width;
            pairs.turn(range.count, d_z, layer.outputs, turned, rows / 2);
            pairs.pair_rows(range.count, layer.inputs, x, from_panel(buffers.pairs.rows, range.first));
            if (!d_x) return;
            pairs.pair_features(range.count, layer.outputs, d_z, from_panel(workspace_.pairs, range.first));
            pairs.dense_backward_inputs(range.count, read_panels(workspace_.pairs, range.first), paired_weights_of(l),
                                        from_panel(*d_x, range.first));
            return;
        }
    }
    if (workspace_.is_sparse && l == 0) return;
    kernels_.turn(range.count, d_z, layer.outputs, buffers.turned.data() + range.first * width * width, rows);
    if (d_x) kernels_.dense_backward_inputs(range.count, d_z, weights_of(l), from_panel(*d_x, range.first));
}

template <class T>
void Products<T>::rows(std::size_t l, std::size_t panels, Panels<const T> x, Tile tile, RowSums<T> sums,
                       T* d_weights) {
    const LayerBuffers<T>& buffers = workspace_.layers[l];
    const std::size_t outputs = network_.layers[l].outputs, rows = workspace_.panels * kernels_.panel_rows;
    if constexpr (std::is_same_v<T, float>) {
        if (network_.bfloat16) {
            kernels_.pairs->dense_backward_weights(panels, buffers.pairs.rows, buffers.pairs.turned.data(), rows / 2,
                                                   outputs, tile, sums, d_weights);
            return;
        }
    }
    kernels_.dense_backward_weights(panels, x, buffers.d_z, buffers.turned.data(), rows, outputs, tile, sums,
                                    d_weights);
}

template <class T>
void Products<T>::rows(const SparseRows<T>& rows, RowRange block, Tile tile, RowSums<T> sums, T* d_weights) {
    const Layer& layer = network_.layers[0];
    kernels_.sparse_backward_weights(rows.at(block), block.count, workspace_.layers[0].d_z, layer.inputs, layer.outputs,
                                     tile.output_begin, tile.output_end, sums.adds || !sums.begins, d_weights);
}

template <class T>
void Products<T>::finish(T* gradients) const {
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        if (!network_.scales_weights(l)) continue;
        const Layer& layer = network_.layers[l];
        const T* const scale = network_.scale_of_inputs(l, parameters_);
        kernels_.unscale_gradient(layer.inputs, layer.outputs, static_cast<T>(layer.weight_factor), scale,
                                  parameters_ + layer.weights, gradients + layer.weights,
                                  scale ? gradients + network_.scale : nullptr);
    }
}

template class Products<float>;
template class Products<double>;

}  // namespace pellucid
