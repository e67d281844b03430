#include "single.hpp"

#include "few_rows.hpp"
#include "mixture.hpp"
#include "step.hpp"

namespace pellucid {

namespace {

// Rows of a block of predictions: all layers' activations of so many rows stay in the cache.
constexpr std::size_t prediction_rows = 256;

template <class T>
class Show {
  public:
    Show(const Network& network, const Kernels<T>& kernels, const Workspace<T>& workspace,
         const std::vector<ShownLayer<T>>& layers, T* features)
        : network_(network), kernels_(kernels), workspace_(workspace), layers_(layers), features_(features) {}

    // Copies what a member's layers did with rows first, first + 1, … of the batch.
    void block(std::size_t member, std::size_t first, std::size_t rows) const {
        copy(workspace_.features, network_.features(), first, rows, features_);
        if (layers_.empty()) return;
        const std::size_t layers = network_.layers.size();
        for (std::size_t l = 0; l < layers; ++l) {
            const LayerBuffers<T>& buffers = workspace_.layers[l];
            const ShownLayer<T>& to = layers_[member * layers + l];
            const std::size_t width = network_.layers[l].outputs;
            const bool is_output = network_.is_output(l);
            copy(buffers.z, width, first, rows, to.pre_activation);
            copy(is_output ? buffers.a : buffers.activation, width, first, rows, to.activation);
            copy(buffers.a, width, first, rows, to.outputs);
            copy(buffers.mask, width, first, rows, to.mask);
            copy(buffers.normalised, width, first, rows, to.normalised);
            copy(buffers.inverse_std, 1, first, rows, to.inverse_std);
            copy(network_.layers[l].layer_norm ? buffers.d_norm : buffers.d_z, width, first, rows, to.delta);
        }
    }

  private:
    void copy(const PanelBuffer<T>& panels, std::size_t features, std::size_t first, std::size_t rows, T* to) const {
        if (!to) return;
        const std::size_t width = kernels_.panel_rows;
        for (std::size_t row = 0; row < rows; row += width) {
            std::array<T*, largest_panel> pointers;
            const std::size_t count = std::min(width, rows - row);
            for (std::size_t r = 0; r < count; ++r) pointers[r] = to + (first + row + r) * features;
            kernels_.scatter(panels[row / width], count, features, pointers.data());
        }
    }

    const Network& network_;
    const Kernels<T>& kernels_;
    const Workspace<T>& workspace_;
    const std::vector<ShownLayer<T>>& layers_;
    T* const features_;
};

}  // namespace

template <class T>
bool predict(const Network& network, const T* parameters, const Rows<T>& rows, const KernelSet& set,
             std::size_t threads, Conductor& conductor, T* z) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    if (are_few_rows(network, rows)) {
        predict_few_rows(network, parameters, rows, kernels, z);
        return true;
    }
    const std::size_t most_rows = std::min(rows.rows(), prediction_rows * threads);
    Workspace<T> workspace(network.member(), kernels, most_rows, Purpose::predict, 1, reads_sparse(network, rows));
    Team team(rows.rows() > prediction_rows ? threads : 1);
    Pass<T> pass(network.member(), kernels, workspace, team, conductor);
    Mixture<T> mixture(network, kernels, pass.block_rows());
    mixture.use(pass, parameters);
    const RowRange all{nullptr, 0, rows.rows()};
    for (std::size_t first = 0; first < all.count; first += pass.block_rows()) {
        if (conductor.wants_to_stop()) return false;
        mixture.predict(pass, rows, all.part(first, pass.block_rows()), z + first * network.outputs());
    }
    return !conductor.wants_to_stop();
}

template <class T>
ShownLoss loss_and_gradients(const Network& network, const Training& training, const T* parameters, const Data<T>& data,
                             Dropout dropout, const KernelSet& set, std::size_t threads, Conductor& conductor,
                             T* gradients, const std::vector<ShownLayer<T>>& layers, T* features) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    const Network& member = network.member();
    const Purpose purpose = layers.empty() ? Purpose::train : Purpose::show;
    const bool is_sparse = purpose == Purpose::train && reads_sparse(member, data.inputs);
    Workspace<T> workspace(member, kernels, data.rows(), purpose, threads, is_sparse);
    Team team(threads);
    Pass<T> pass(member, kernels, workspace, team, conductor);
    Step<T> step(network, training, kernels, pass, team);
    const Show<T> show(member, kernels, workspace, layers, features);
    step.differentiate(Objective<T>{training.loss, &data}, data.all(), dropout, parameters,
                       [&](std::size_t m, std::size_t first, std::size_t rows) { show.block(m, first, rows); });
    std::copy_n(step.gradients(), network.parameters, gradients);
    return {step.loss().mean, step.loss().penalty};
}

template bool predict(const Network&, const float*, const Rows<float>&, const KernelSet&, std::size_t, Conductor&, float*);
template bool predict(const Network&, const double*, const Rows<double>&, const KernelSet&, std::size_t, Conductor&,
                      double*);
template ShownLoss loss_and_gradients(const Network&, const Training&, const float*, const Data<float>&, Dropout,
                                      const KernelSet&, std::size_t, Conductor&, float*,
                                      const std::vector<ShownLayer<float>>&, float*);
template ShownLoss loss_and_gradients(const Network&, const Training&, const double*, const Data<double>&, Dropout,
                                      const KernelSet&, std::size_t, Conductor&, double*,
                                      const std::vector<ShownLayer<double>>&, double*);

}  // namespace pellucid
