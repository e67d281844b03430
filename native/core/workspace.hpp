// All the memory that a network's passes need, taken once.
//
// A batch runs through the network in stretches of at most `stretch_rows` rows, and these in blocks; of a block, and
// only of it, the layers' activations are kept. So memory does not grow with the batch.
#pragma once

#include <algorithm>
#include <vector>

#include "arena.hpp"
#include "network.hpp"
#include "rows.hpp"

namespace pellucid {

// Rows of a stretch. A constant of the engine: the gradient's sums are cut at it, so it may not depend on the threads.
constexpr std::size_t stretch_rows = 1024;

// Rows of a block for each thread, where a whole stretch would take much memory. A multiple of the rows at which
// kernels cut their sums, so that those of a stretch do not depend on its blocks.
constexpr std::size_t block_rows = 256;
constexpr std::size_t much_memory = 2 * 1024 * 1024;

// Whether the first layer reads rows as they are: sparse ones, of which so few numbers are there that multiplying only
// these takes less time than whole panels do.
template <class T>
bool reads_sparse(const Network& network, const Rows<T>& rows) {
    constexpr double thin = 0.2;
    const SparseRows<T>* const sparse = rows.sparse();
    return sparse && !network.bfloat16 && sparse->stored_per_row() <= thin * static_cast<double>(sparse->features);
}

enum class Purpose { predict, train, show };  // show: train, and keep every number

// Panels that own their memory. Successive panels lie an odd number of cache lines apart: the same feature of
// different panels then falls into different sets of the cache. Panels of one feature lie side by side.
template <class T>
class PanelBuffer {
  public:
    PanelBuffer() = default;
    PanelBuffer(std::size_t panels, std::size_t features, std::size_t panel_rows)
        : stride_(features == 1 ? panel_rows : odd_lines(times(features, panel_rows))), memory_(times(panels, stride_)) {}

    operator Panels<T>() const { return {memory_.data(), stride_}; }
    operator Panels<const T>() const { return {memory_.data(), stride_}; }
    T* operator[](std::size_t panel) const { return memory_.data() + panel * stride_; }
    T* data() const { return memory_.data(); }
    bool empty() const { return memory_.size() == 0; }

  private:
    static std::size_t odd_lines(std::size_t numbers) {
        constexpr std::size_t line = 64 / sizeof(T);
        const std::size_t lines = divide_up(numbers, line);
        return times(lines % 2 == 1 ? lines : plus(lines, 1), line);
    }

    std::size_t stride_ = 0;
    Buffer<T> memory_;
};

// What one layer keeps of a block, in panels of shape (outputs, panel_rows) each.
template <class T>
struct LayerBuffers {
    PanelBuffer<T> a;            // what the next layer sees; the output layer: the prediction
    PanelBuffer<T> slope;        // g'(z), times the mask; if the layer keeps it
    PanelBuffer<T> d_z;          // ∂L/∂z of the weighted sums
    PanelBuffer<T> normalised;   // ẑ, with layer normalisation
    PanelBuffer<T> inverse_std;  // (1, panel_rows)
    PanelBuffer<T> d_norm;       // ∂L/∂(gain ẑ + shift)
    PanelBuffer<T> z;            // what the activation saw; of the output layer, and to show
    PanelBuffer<T> activation;   // a before dropout, to show
    PanelBuffer<T> mask;         // dropout's, to show
    PanelBuffer<T> bend;         // g(z) - z of a parametric activation; then that times ∂L/∂a
    Buffer<T> scaled;            // weights as the products see them, where they are not those of the parameters
    Buffer<T> packed;            // weights, as the products with them read them
    Buffer<T> turned;            // d_z, as dense_backward_weights reads it

    // Of a network whose products are of bfloat16 numbers, in place of the packed weights and d_z.
    struct Pairs {
        Buffer<Pair> forward, backward;  // weights
        PanelBuffer<Pair> rows;          // what the layer sees, paired along the rows
        Buffer<Pair> turned;             // d_z, likewise
    } pairs;

    // Where a stretch comes in several blocks: panel_rows numbers for each sum over its rows.
    struct Lanes {
        Buffer<T> weights, bias, norm, alpha;
    } lanes;
};

template <class T>
struct Workspace {
    // For batches of so many rows, which as many threads share; sparse where the first layer reads them as they are.
    Workspace(const Network& network, const Kernels<T>& kernels, std::size_t rows, Purpose purpose,
              std::size_t threads = 1, bool sparse = false)
        : is_sparse(sparse),
          most_rows(rows_of_block(network, kernels, std::min(rows, stretch_rows), purpose, threads)),
          panels(divide_up(std::max<std::size_t>(most_rows, 1), kernels.panel_rows)),
          inputs(sparse ? PanelBuffer<T>() : PanelBuffer<T>(panels, network.inputs(), kernels.panel_rows)) {
        for (std::size_t l = 0; l < network.layers.size(); ++l) {
            layers.push_back(make(network.layers[l], network, kernels, purpose));
            const Layer& layer = network.layers[l];
            if (network.scales_weights(l)) layers[l].scaled = Buffer<T>(times(layer.inputs, layer.outputs));
        }
        if (network.embedding) features = PanelBuffer<T>(panels, network.features(), kernels.panel_rows);
        if (network.bfloat16) pairs = PanelBuffer<Pair>(panels, divide_up(network.widest(), 2), kernels.panel_rows);
        if (purpose == Purpose::predict) return;
        if (network.trains_embedding()) d_features = PanelBuffer<T>(panels, network.features(), kernels.panel_rows);
        targets = PanelBuffer<T>(panels, network.outputs(), kernels.panel_rows);
        mask = make_mask(network, kernels, purpose);
        const std::size_t of_stretch = divide_up(std::min(rows, stretch_rows), kernels.panel_rows);
        row_weight = PanelBuffer<T>(of_stretch, 1, kernels.panel_rows);
        losses = PanelBuffer<T>(of_stretch, 1, kernels.panel_rows);
        if (most_rows < std::min(rows, stretch_rows)) make_lanes(network, kernels);
    }

    bool is_sparse;
    std::size_t most_rows;
    std::size_t panels;
    PanelBuffer<T> inputs;
    PanelBuffer<T> features;    // what an embedding makes of the inputs
    PanelBuffer<T> d_features;  // ∂L/∂ of them
    PanelBuffer<T> targets;
    PanelBuffer<T> mask;        // dropout's, of one layer after another, where it is not to be shown
    PanelBuffer<Pair> pairs;    // an operand of products, paired along the features, one after another
    PanelBuffer<T> row_weight;  // of a stretch; 0 for the unused rows of a panel
    PanelBuffer<T> losses;      // of a stretch
    std::vector<LayerBuffers<T>> layers;

  private:
    std::size_t rows_of_block(const Network& network, const Kernels<T>& kernels, std::size_t rows, Purpose purpose,
                              std::size_t threads) const {
        const std::size_t block = times(block_rows, threads);
        if (purpose != Purpose::train || rows <= block) return rows;
        std::size_t of_row = is_sparse ? 0 : network.inputs() + 2 * network.features(), of_lanes = 0;
        for (const Layer& layer : network.layers) {
            of_row += 6 * layer.outputs;
            if (kernels.is_narrow(layer.outputs) && !is_sparse_layer(layer, network)) of_lanes += times(layer.inputs, layer.outputs);
        }
        const std::size_t saved = times(rows - block, of_row), lanes = times(of_lanes, kernels.panel_rows);
        return saved <= much_memory / sizeof(T) || saved <= 2 * lanes ? rows : block;
    }

    PanelBuffer<T> make_mask(const Network& network, const Kernels<T>& kernels, Purpose purpose) const {
        std::size_t widest = 0;
        for (const Layer& layer : network.layers) widest = std::max(widest, layer.dropout > 0 ? layer.outputs : 0);
        if (widest == 0 || purpose == Purpose::show) return {};
        return PanelBuffer<T>(panels, widest, kernels.panel_rows);
    }

    void make_lanes(const Network& network, const Kernels<T>& kernels) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const Layer& layer = network.layers[l];
            const std::size_t count = times(layer.outputs, kernels.panel_rows);
            auto& lanes = layers[l].lanes;
            lanes.bias = Buffer<T>(count);
            if (layer.layer_norm) lanes.norm = Buffer<T>(times(2, count));
            if (layer.parametric) lanes.alpha = Buffer<T>(count);
            if (kernels.is_narrow(layer.outputs) && !is_sparse_layer(layer, network)) lanes.weights = Buffer<T>(times(layer.inputs, count));
        }
    }

    LayerBuffers<T> make(const Layer& layer, const Network& network, const Kernels<T>& kernels, Purpose purpose) const {
        const bool is_output = &layer == &network.layers.back();
        const bool trains = purpose != Purpose::predict, shows = purpose == Purpose::show;
        auto panel_buffer = [&](bool wanted, std::size_t features) {
            return wanted ? PanelBuffer<T>(panels, features, kernels.panel_rows) : PanelBuffer<T>();
        };
        LayerBuffers<T> buffers;
        buffers.a = panel_buffer(true, layer.outputs);
        buffers.slope = panel_buffer(trains && layer.keeps_slope(), layer.outputs);
        buffers.d_z = panel_buffer(trains, layer.outputs);
        buffers.normalised = panel_buffer(layer.layer_norm, layer.outputs);
        buffers.inverse_std = panel_buffer(layer.layer_norm, 1);
        buffers.d_norm = panel_buffer(trains && layer.layer_norm, layer.outputs);
        buffers.z = panel_buffer(shows || (is_output && trains), layer.outputs);
        buffers.activation = panel_buffer(shows, layer.outputs);
        buffers.bend = panel_buffer(layer.parametric, layer.outputs);
        buffers.mask = panel_buffer(shows && layer.dropout > 0, layer.outputs);
        const std::size_t turned = trains ? times(round_up(layer.outputs, kernels.panel_rows), panels * kernels.panel_rows) : 0;
        if (network.bfloat16) {
            buffers.pairs.forward = Buffer<Pair>(kernels.pairs->packed_size(layer.inputs, layer.outputs));
            if (!trains) return buffers;
            buffers.pairs.backward = Buffer<Pair>(kernels.pairs->packed_size(layer.outputs, layer.inputs));
            buffers.pairs.rows = PanelBuffer<Pair>(panels, layer.inputs, kernels.panel_rows / 2);
            buffers.pairs.turned = Buffer<Pair>(turned / 2);
            return buffers;
        }
        if (is_sparse_layer(layer, network)) return buffers;
        if (packs(layer)) buffers.packed = Buffer<T>(kernels.packed_size(layer.inputs, layer.outputs));
        buffers.turned = Buffer<T>(turned);
        return buffers;
    }

    bool is_sparse_layer(const Layer& layer, const Network& network) const {
        return is_sparse && &layer == &network.layers.front();
    }

    // Packing pays where the weights outgrow the first-level cache and enough rows pass by them.
    bool packs(const Layer& layer) const {
        return layer.inputs * layer.outputs * sizeof(T) > 16 * 1024 && most_rows >= 32;
    }
};

}  // namespace pellucid
