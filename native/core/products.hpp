// The three products of the dense layers, on weights as the products see them: scaled and packed once a step.
//
//     forward    z   = x W + b
//     backward   d_x = d_z Wᵀ
//     rows       d_W = xᵀ d_z
//
// Where the network says so, both operands of each are rounded to bfloat16.
#pragma once

#include <vector>

#include "team.hpp"
#include "workspace.hpp"

namespace pellucid {

// Panels that follow each other in a block.
struct PanelRange {
    std::size_t first = 0, count = 0;
};

template <class T>
Panels<T> from_panel(const PanelBuffer<T>& buffer, std::size_t first) {
    Panels<T> panels = buffer;
    panels.data += first * panels.stride;
    return panels;
}

template <class T>
Panels<const T> read_panels(const PanelBuffer<T>& buffer, std::size_t first) {
    const Panels<T> panels = from_panel(buffer, first);
    return {panels.data, panels.stride};
}

template <class T>
class Products {
  public:
    // Everything passed must outlive the products.
    Products(const Network& network, const Kernels<T>& kernels, Workspace<T>& workspace);

    // Reads the parameters once; call it whenever they have changed.
    void use(const T* parameters, Team& team);

    // x and z begin with the range's first panel.
    void forward(std::size_t layer, PanelRange range, Panels<const T> x, Panels<T> z);

    // The same of the first layer on sparse rows, of which the block has those of all panels.
    void forward(const SparseRows<T>& rows, RowRange block, PanelRange range, Panels<T> z);

    // d_x, if it is wanted, from the layer's d_z; and the operands of `rows` are made ready.
    void backward(std::size_t layer, PanelRange range, Panels<const T> x, const PanelBuffer<T>* d_x);

    // The tile's part of d_W (+)= xᵀ d_z over the block's first panels.
    void rows(std::size_t layer, std::size_t panels, Panels<const T> x, Tile tile, RowSums<T> sums, T* d_weights);

    // The same of the first layer on sparse rows, for the outputs of the tile and all inputs.
    void rows(const SparseRows<T>& rows, RowRange block, Tile tile, RowSums<T> sums, T* d_weights);

    // The gradient of the weights that the products saw becomes that of the parameters.
    void finish(T* gradients) const;

  private:
    // Outputs of a layer whose weights are packed together; or inputs, for the way back, where that reads others.
    struct Packing {
        std::size_t layer = 0, begin = 0, end = 0;
        bool is_backward = false;
    };

    void plan(std::size_t layer, std::size_t along, std::size_t across, bool is_backward);
    void pack(const Packing& packing);
    Weights<T> weights_of(std::size_t layer) const;
    PairedWeights paired_weights_of(std::size_t layer) const;

    const Network& network_;
    const Kernels<T>& kernels_;
    Workspace<T>& workspace_;
    const T* parameters_ = nullptr;
    std::vector<Packing> packings_;
};

}  // namespace pellucid
