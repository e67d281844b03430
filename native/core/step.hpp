// One training step: gradient of a batch, penalties, clipping, and the optimiser's update.
#pragma once

#include <functional>
#include <vector>

#include "members.hpp"
#include "pass.hpp"
#include "training.hpp"

namespace pellucid {

// Loss of a batch, before its update.
struct StepLoss {
    double mean = 0.0;  // of the rows, penalties included
    double penalty = 0.0;
};

template <class T>
class Step {
  public:
    // The pass is that of a member of the network. Everything passed must outlive the step.
    Step(const Network& network, const Training& training, const Kernels<T>& kernels, Pass<T>& pass, Team& team);

    // Told the member that a block just went through, the block's place in the batch, and its rows.
    using AfterBlock = std::function<void(std::size_t member, std::size_t first_row, std::size_t rows)>;

    // Loss and gradient, penalties included, into gradients(). False: interrupted, nothing of it counts.
    bool differentiate(const Objective<T>& objective, RowRange batch, Dropout dropout, const T* parameters,
                       const AfterBlock& after_block = {});

    StepLoss loss() const { return loss_; }
    T* gradients() const { return gradients_.data(); }

    // Changes the parameters by the gradient of the last batch. `step` counts from 1; the decay is times `decay`.
    void update(double learning_rate, double decay, std::size_t step, T* parameters, T* first, T* second);

    // The parameters' running mean takes in what they are after so many steps.
    void average(std::size_t step, const T* parameters, T* averaged);

  private:
    // A piece of the parameter vector, all of one group.
    struct Piece {
        std::size_t begin = 0, count = 0;
        std::size_t group = 0;
        bool is_weights() const { return group == static_cast<std::size_t>(Group::weights); }
    };

    std::optional<double> differentiate_member(std::size_t member, const Objective<T>& objective, RowRange batch,
                                               Dropout dropout, const T* parameters, const AfterBlock& after_block);
    void cut(std::size_t begin, std::size_t end, std::size_t group);
    void finish_gradients(const T* parameters);
    double penalty(double per_row) const;
    double clipping_scale() const;

    const Training& training_;
    const Kernels<T>& kernels_;
    Pass<T>& pass_;
    Team& team_;
    Members<T> members_;
    const std::size_t hidden_layers_;
    Buffer<T> gradients_;
    Buffer<T> of_member_;  // one member's gradient, where there is an ensemble
    std::vector<Piece> pieces_;
    std::vector<double> sizes_, squares_, lengths_;  // per piece: Σ|w|, Σ w², Σ g²
    double share_ = 1.0;
    StepLoss loss_;
};

}  // namespace pellucid
