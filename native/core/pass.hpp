// One block of rows on its way through a network: forward, loss, backward.
//
//     per group of panels   gather → (dense → layer norm → activation → dropout) × layers → loss → and back to every d_z
//     per tile of weights   d_W = xᵀ d_z, d_b = Σ d_z, d_gain, d_shift
//
// Groups are independent of each other, and so are tiles: those are the tasks that a team shares. Every number is
// computed by one task in one order, whoever takes it.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "conductor.hpp"
#include "embedder.hpp"
#include "products.hpp"

namespace pellucid {

// The masks of one step; none where `on` is false, as in prediction.
struct Dropout {
    bool on = false;
    std::uint64_t key = 0;
    std::uint64_t step = 0;
    double factor = 1.0;          // times every layer's rate
    std::size_t first_layer = 0;  // layers of an ensemble's members count through
};

DropoutRule dropout_rule(double rate, const Dropout& dropout, std::size_t layer);

// What the backward pass needs to know beyond the network.
template <class T>
struct Objective {
    LossRule loss;
    const Data<T>* data = nullptr;
};

template <class T>
class Pass {
  public:
    // Everything passed must outlive the pass.
    Pass(const Network& network, const Kernels<T>& kernels, Workspace<T>& workspace, Team& team, Conductor& conductor);

    // The most rows of a block.
    std::size_t block_rows() const { return workspace_.most_rows; }

    // Reads the parameters once; call it whenever they have changed.
    void use(const T* parameters);

    // Runs a block forward; row i of it ends in predictions + i · outputs, as weighted sums z.
    void predict(const Rows<T>& rows, RowRange block, T* predictions);

    // Runs a block forward, without dropout, to predictions and losses. These return false when interrupted.
    bool evaluate(const Objective<T>& objective, RowRange block);

    // The same for weighted sums z (rows, outputs) that came from elsewhere.
    bool evaluate(const Objective<T>& objective, RowRange block, const T* z);

    // Runs a block forward and backward; first_row is its place in the batch. No block reaches beyond a stretch.
    bool run(const Objective<T>& objective, RowRange block, std::size_t first_row, Dropout dropout);

    // The gradient of the summed loss over the last block, written or added to `gradients`; complete where the block
    // is the last of its stretch, and of the batch: of batch_rows rows.
    bool gradients(std::size_t batch_rows, T* gradients);

    // The gradient of what the products saw becomes that of the parameters, once all blocks are in it.
    void finish(T* gradients) const { products_.finish(gradients); }

    // Sum of the losses of the rows of the stretch so far, times their weights.
    double weighted_losses() const;

  private:
    using Group = PanelRange;

    std::size_t panels_of(std::size_t rows) const { return divide_up(rows, kernels_.panel_rows); }
    std::size_t group_panels(std::size_t panels) const;
    bool is_worth_sharing(std::size_t rows) const;
    Panels<const T> inputs_of(std::size_t layer, std::size_t first_panel) const;
    const PanelBuffer<T>* d_inputs_of(std::size_t layer) const;

    // Whether the workspace's panels hold these rows already, as in full batches without shuffling; if not, they will.
    bool holds(const Data<T>* data, RowRange block);
    void look_at(const Rows<T>& rows, RowRange block);
    void gather_inputs(const Rows<T>& rows, RowRange block, Group group);
    void gather_targets(const Data<T>& data, RowRange block, Group group);
    void forward(Group group, std::size_t first_row, Dropout dropout);
    void after_dense(std::size_t layer, std::size_t panel, std::size_t first_row, Dropout dropout);
    void output_and_loss(const Objective<T>& objective, Group group);
    void delta(const Objective<T>& objective, Group group);
    void backward(Group group);
    void activation_backward(std::size_t layer, Group group);
    void gradient_tile(std::size_t task, std::size_t panels, RowSums<T> sums, T* gradients);
    void plan_tiles();

    // A part of a layer's weights, and of its biases where it begins at input 0.
    struct GradientTask {
        std::size_t layer = 0;
        Tile tile;
    };

    // Calls work(group) for every group of the block's panels.
    template <class Work>
    void run_groups(std::size_t rows, const Work& work) {
        rows_ = rows;
        const std::size_t panels = panels_of(rows), size = group_panels(panels);
        team_.run_if(is_worth_sharing(rows), divide_up(panels, size), [&](std::size_t task) {
            if (!conductor_.wants_to_stop()) work(Group{task * size, std::min(size, panels - task * size)});
        });
    }

    const Network& network_;
    const Kernels<T>& kernels_;
    Workspace<T>& workspace_;
    Team& team_;
    Conductor& conductor_;
    Products<T> products_;
    const T* parameters_ = nullptr;
    const SparseRows<T>* sparse_ = nullptr;  // the last block's rows, where the first layer reads them
    RowRange block_;
    std::size_t rows_ = 0;               // of the last block
    std::size_t first_row_ = 0;          // its place in the batch
    std::size_t panels_before_ = 0;      // in its stretch
    const Data<T>* held_ = nullptr;      // whose rows the panels hold, if they came in their own order
    std::size_t held_first_ = 0;
    std::vector<GradientTask> tasks_;  // after those come the embedder's
    std::optional<Embedder<T>> embedder_;
    std::size_t work_per_row_ = 0;
};

}  // namespace pellucid
