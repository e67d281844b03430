#include "pass.hpp"

namespace pellucid {

namespace {

std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

// Multiplications below which waking other threads costs more than it brings.
constexpr std::size_t least_shared_work = 200'000;

// Rows of a group: enough that weights fetched from far away serve many rows, few enough to stay in the cache.
constexpr std::size_t group_rows = 256;

// Weights of a gradient task: the x of `tile_inputs` columns stay in the second-level cache for all its outputs.
constexpr std::size_t tile_inputs = 84;
constexpr std::size_t tile_outputs = 256;

// Where the inputs are sparse, a task goes through all of them.
constexpr std::size_t sparse_tile_outputs = 64;

}  // namespace

DropoutRule dropout_rule(double rate, const Dropout& dropout, std::size_t layer) {
    DropoutRule rule;
    rule.seed = mixed(mixed(mixed(dropout.key) + dropout.step) + layer);
    rule.threshold = static_cast<std::uint64_t>(std::ldexp(rate, 64));
    rule.kept = 1 / (1 - rate);
    return rule;
}

template <class T>
Pass<T>::Pass(const Network& network, const Kernels<T>& kernels, Workspace<T>& workspace, Team& team,
              Conductor& conductor)
    : network_(network), kernels_(kernels), workspace_(workspace), team_(team), conductor_(conductor),
      products_(network, kernels, workspace) {
    for (std::size_t l = workspace.is_sparse ? 1 : 0; l < network.layers.size(); ++l) {
        work_per_row_ += 2 * network.layers[l].inputs * network.layers[l].outputs;
    }
    plan_tiles();
    if (!network.embedding) return;
    embedder_.emplace(*network.embedding, kernels);
    for (std::size_t c = 0; c < embedder_->trained_numbers(); ++c) work_per_row_ += 20 * network.embedding->bases(c);
}

template <class T>
void Pass<T>::plan_tiles() {
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        const Layer& layer = network_.layers[l];
        const bool is_sparse = l == 0 && workspace_.is_sparse;
        const std::size_t inputs = is_sparse ? layer.inputs : std::min(layer.inputs, tile_inputs);
        const std::size_t outputs = is_sparse ? sparse_tile_outputs : tile_outputs;
        for (std::size_t j = 0; j < layer.outputs; j += outputs) {
            for (std::size_t i = 0; i < layer.inputs; i += inputs) {
                const Tile tile{i, std::min(i + inputs, layer.inputs), j, std::min(j + outputs, layer.outputs)};
                tasks_.push_back({l, tile});
            }
        }
    }
}

template <class T>
void Pass<T>::use(const T* parameters) {
    parameters_ = parameters;
    products_.use(parameters, team_);
}

template <class T>
bool Pass<T>::is_worth_sharing(std::size_t rows) const {
    if (team_.threads() == 1) return false;
    std::size_t work = work_per_row_;
    if (sparse_) work += static_cast<std::size_t>(2 * sparse_->stored_per_row()) * network_.layers[0].outputs;
    return rows * work >= least_shared_work;
}

template <class T>
std::size_t Pass<T>::group_panels(std::size_t panels) const {
    const std::size_t even_share = divide_up(panels, team_.threads());
    return std::max<std::size_t>(1, std::min(even_share, group_rows / kernels_.panel_rows));
}

template <class T>
Panels<const T> Pass<T>::inputs_of(std::size_t layer, std::size_t first_panel) const {
    const PanelBuffer<T>& first = network_.embedding ? workspace_.features : workspace_.inputs;
    const PanelBuffer<T>& buffer = layer == 0 ? first : workspace_.layers[layer - 1].a;
    Panels<const T> panels = buffer;
    panels.data += first_panel * panels.stride;
    return panels;
}

namespace {

// Whether a layer's panels of a group are so small that one call may run through all of them, gaps included: the
// gaps between panels hold numbers that nobody reads.
template <class T>
bool is_small(const Panels<T>& panels, auto group) {
    return group.count * panels.stride * sizeof(T) <= 16 * 1024;
}

// Where the output layer's weighted sums are: its predictions have a place of their own only in training.
template <class T>
const PanelBuffer<T>& sums_of(const LayerBuffers<T>& output) {
    return output.z.empty() ? output.a : output.z;
}

}  // namespace

template <class T>
void Pass<T>::predict(const Rows<T>& rows, RowRange block, T* predictions) {
    const std::size_t width = kernels_.panel_rows, outputs = network_.outputs();
    held_ = nullptr;
    look_at(rows, block);
    run_groups(block.count, [&](Group group) {
        gather_inputs(rows, block, group);
        forward(group, 0, Dropout{});
        for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
            std::array<T*, largest_panel> to;
            const std::size_t count = std::min(width, block.count - panel * width);
            for (std::size_t r = 0; r < count; ++r) to[r] = predictions + (panel * width + r) * outputs;
            kernels_.scatter(sums_of(workspace_.layers.back())[panel], count, outputs, to.data());
        }
    });
}

template <class T>
bool Pass<T>::evaluate(const Objective<T>& objective, RowRange block) {
    panels_before_ = 0;
    const bool is_held = holds(objective.data, block);
    look_at(objective.data->inputs, block);
    run_groups(block.count, [&](Group group) {
        if (!is_held) gather_inputs(objective.data->inputs, block, group);
        if (!is_held) gather_targets(*objective.data, block, group);
        forward(group, 0, Dropout{});
        output_and_loss(objective, group);
    });
    return !conductor_.wants_to_stop();
}

template <class T>
bool Pass<T>::evaluate(const Objective<T>& objective, RowRange block, const T* z) {
    const std::size_t width = kernels_.panel_rows, outputs = network_.outputs();
    const DenseRows<T> sums{z, block.count, outputs, outputs};
    const RowRange rows{nullptr, 0, block.count};
    held_ = nullptr;
    panels_before_ = 0;
    run_groups(block.count, [&](Group group) {
        gather_targets(*objective.data, block, group);
        for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
            sums.gather(kernels_, rows.part(panel * width, width), workspace_.layers.back().z[panel]);
        }
        output_and_loss(objective, group);
    });
    return !conductor_.wants_to_stop();
}

template <class T>
bool Pass<T>::run(const Objective<T>& objective, RowRange block, std::size_t first_row, Dropout dropout) {
    first_row_ = first_row;
    panels_before_ = first_row % stretch_rows / kernels_.panel_rows;
    const bool is_held = holds(objective.data, block);
    look_at(objective.data->inputs, block);
    run_groups(block.count, [&](Group group) {
        if (!is_held) gather_inputs(objective.data->inputs, block, group);
        if (!is_held) gather_targets(*objective.data, block, group);
        forward(group, first_row, dropout);
        output_and_loss(objective, group);
        delta(objective, group);
        backward(group);
    });
    return !conductor_.wants_to_stop();
}

template <class T>
bool Pass<T>::holds(const Data<T>* data, RowRange block) {
    const bool is_held = !block.order && held_ == data && held_first_ == block.first && rows_ == block.count;
    held_ = block.order ? nullptr : data;
    held_first_ = block.first;
    return is_held;
}

// Sparse rows are not gathered: the first layer reads them where they lie.
template <class T>
void Pass<T>::look_at(const Rows<T>& rows, RowRange block) {
    sparse_ = workspace_.is_sparse ? rows.sparse() : nullptr;
    block_ = block;
}

template <class T>
void Pass<T>::gather_inputs(const Rows<T>& rows, RowRange block, Group group) {
    if (sparse_) return;
    const std::size_t width = kernels_.panel_rows;
    for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
        rows.gather(kernels_, block.part(panel * width, width), workspace_.inputs[panel]);
    }
}

template <class T>
void Pass<T>::gather_targets(const Data<T>& data, RowRange block, Group group) {
    const std::size_t width = kernels_.panel_rows;
    for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
        const RowRange part = block.part(panel * width, width);
        data.targets.gather(kernels_, part, workspace_.targets[panel]);
        T* const weight = workspace_.row_weight[panels_before_ + panel];
        std::fill_n(weight, part.count, T(1));
        std::fill_n(weight + part.count, width - part.count, T(0));
        if (!data.sample_weight) continue;
        for (std::size_t r = 0; r < part.count; ++r) weight[r] = static_cast<T>(data.weight(part[r]));
    }
}

template <class T>
void Pass<T>::forward(Group group, std::size_t first_row, Dropout dropout) {
    if (embedder_) {
        embedder_->forward(parameters_, group.count, read_panels(workspace_.inputs, group.first),
                           from_panel(workspace_.features, group.first));
    }
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        const Layer& layer = network_.layers[l];
        const bool is_output = l + 1 == network_.layers.size();
        const LayerBuffers<T>& buffers = workspace_.layers[l];
        const Panels<T> z = from_panel(is_output ? sums_of(buffers) : buffers.a, group.first);
        if (l == 0 && sparse_) {
            products_.forward(*sparse_, block_, group, z);
        } else {
            products_.forward(l, group, inputs_of(l, group.first), z);
        }
        if (is_output) return;
        if (is_small(z, group) && !layer.layer_norm && !layer.parametric && !(layer.dropout > 0 && dropout.on) && buffers.z.empty()) {
            T* const slope = buffers.slope.empty() ? nullptr : buffers.slope[group.first];
            kernels_.activate(layer.activation, group.count * z.stride, z.data, slope);
            continue;
        }
        for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
            after_dense(l, panel, first_row, dropout);
        }
    }
}

// z in the layer's buffer becomes what the next layer sees.
template <class T>
void Pass<T>::after_dense(std::size_t l, std::size_t panel, std::size_t first_row, Dropout dropout) {
    const Layer& layer = network_.layers[l];
    LayerBuffers<T>& buffers = workspace_.layers[l];
    const std::size_t count = layer.outputs * kernels_.panel_rows;
    T* const z = buffers.a[panel];
    if (layer.layer_norm) {
        kernels_.layer_norm_forward(layer.outputs, parameters_ + layer.gain, parameters_ + layer.shift, z,
                                    buffers.normalised[panel], buffers.inverse_std[panel]);
    }
    if (!buffers.z.empty()) std::copy_n(z, count, buffers.z[panel]);
    T* const slope = buffers.slope.empty() ? nullptr : buffers.slope[panel];
    if (layer.parametric) std::copy_n(z, count, buffers.bend[panel]);
    kernels_.activate(layer.activation, count, z, slope);
    if (layer.parametric) {
        kernels_.bend_activation(layer.outputs, parameters_ + layer.alpha, buffers.bend[panel], z, slope);
    }
    if (!buffers.activation.empty()) std::copy_n(z, count, buffers.activation[panel]);
    if (layer.dropout > 0 && dropout.on) {
        T* const mask = buffers.mask.empty() ? workspace_.mask[panel] : buffers.mask[panel];
        const std::size_t row = first_row + panel * kernels_.panel_rows;
        kernels_.dropout_mask(dropout_rule(layer.dropout * dropout.factor, dropout, dropout.first_layer + l), row, layer.outputs, mask);
        kernels_.multiply(count, mask, z);
        kernels_.multiply(count, mask, slope);
        if (layer.parametric) kernels_.multiply(count, mask, buffers.bend[panel]);
    }
}

template <class T>
void Pass<T>::output_and_loss(const Objective<T>& objective, Group group) {
    LayerBuffers<T>& last = workspace_.layers.back();
    const std::size_t outputs = network_.outputs(), first = group.first;
    kernels_.output_activate(network_.output, group.count, outputs, read_panels(last.z, first), from_panel(last.a, first));
    kernels_.loss_rows(objective.loss, network_.output, group.count, outputs, read_panels(last.z, first),
                       read_panels(last.a, first), read_panels(workspace_.targets, first),
                       from_panel(workspace_.losses, panels_before_ + first));
}

// ∂L/∂z of the output layer
template <class T>
void Pass<T>::delta(const Objective<T>& objective, Group group) {
    LayerBuffers<T>& last = workspace_.layers.back();
    kernels_.loss_delta(objective.loss, network_.output, group.count, network_.outputs(),
                        read_panels(last.a, group.first), read_panels(workspace_.targets, group.first),
                        read_panels(workspace_.row_weight, panels_before_ + group.first),
                        from_panel(last.d_z, group.first));
}

template <class T>
void Pass<T>::backward(Group group) {
    for (std::size_t l = network_.layers.size(); l-- > 0;) {
        const Layer& layer = network_.layers[l];
        LayerBuffers<T>& buffers = workspace_.layers[l];
        if (layer.layer_norm) {
            for (std::size_t panel = group.first; panel < group.first + group.count; ++panel) {
                kernels_.layer_norm_backward(layer.outputs, parameters_ + layer.gain, buffers.normalised[panel],
                                             buffers.inverse_std[panel], buffers.d_norm[panel], buffers.d_z[panel]);
            }
        }
        products_.backward(l, group, inputs_of(l, group.first), d_inputs_of(l));
        if (l > 0) activation_backward(l - 1, group);
    }
}

// Where ∂L/∂(what the layer sees) is wanted; null where it is not.
template <class T>
const PanelBuffer<T>* Pass<T>::d_inputs_of(std::size_t l) const {
    if (l == 0) return network_.trains_embedding() ? &workspace_.d_features : nullptr;
    const LayerBuffers<T>& below = workspace_.layers[l - 1];
    return network_.layers[l - 1].layer_norm ? &below.d_norm : &below.d_z;
}

// ∂L/∂a of a hidden layer becomes ∂L/∂(what its activation saw), in place.
template <class T>
void Pass<T>::activation_backward(std::size_t l, Group group) {
    const Layer& layer = network_.layers[l];
    LayerBuffers<T>& buffers = workspace_.layers[l];
    const PanelBuffer<T>& d = layer.layer_norm ? buffers.d_norm : buffers.d_z;
    const Panels<T> panels = from_panel(d, group.first);
    const bool at_once = is_small(panels, group);
    const std::size_t count = at_once ? group.count * panels.stride : layer.outputs * kernels_.panel_rows;
    for (std::size_t panel = group.first; panel < group.first + (at_once ? 1 : group.count); ++panel) {
        if (layer.parametric) kernels_.multiply(count, d[panel], buffers.bend[panel]);
        if (layer.keeps_slope()) {
            kernels_.multiply(count, buffers.slope[panel], d[panel]);
        } else {
            kernels_.activate_backward(layer.activation, count, buffers.a[panel], d[panel]);
        }
    }
}

// Losses are weighted, and the unused rows of a panel weigh 0.
template <class T>
double Pass<T>::weighted_losses() const {
    const Panels<const T> losses = workspace_.losses, weights = workspace_.row_weight;
    return kernels_.dot_product((panels_before_ + panels_of(rows_)) * losses.stride, losses.data, weights.data);
}

template <class T>
bool Pass<T>::gradients(std::size_t batch_rows, T* gradients) {
    const std::size_t panels = panels_of(rows_), end = first_row_ + rows_;
    RowSums<T> sums;
    sums.begins = panels_before_ == 0;
    sums.ends = end % stretch_rows == 0 || end == batch_rows;
    sums.adds = first_row_ >= stretch_rows;
    const bool adds = first_row_ > 0;  // where rows are summed up one after another
    const std::size_t tiles = tasks_.size();
    const std::size_t numbers = tiles + (embedder_ ? embedder_->trained_numbers() : 0);
    const std::size_t all = numbers + (embedder_ ? embedder_->categories() : 0);
    const Panels<const T> x = workspace_.inputs, d = workspace_.d_features;
    team_.run_if(is_worth_sharing(rows_), all, [&](std::size_t task) {
        if (conductor_.wants_to_stop()) return;
        if (task < tiles) {
            gradient_tile(task, panels, sums, gradients);
        } else if (task < numbers) {
            embedder_->number_gradient(parameters_, task - tiles, panels, x, d, adds, gradients);
        } else {
            embedder_->category_gradient(task - numbers, panels, x, d, adds, gradients);
        }
    });
    return !conductor_.wants_to_stop();
}

template <class T>
void Pass<T>::gradient_tile(std::size_t task, std::size_t panels, RowSums<T> sums, T* gradients) {
    const auto& [l, tile] = tasks_[task];
    const Layer& layer = network_.layers[l];
    const LayerBuffers<T>& buffers = workspace_.layers[l];
    const auto in = [&](const Buffer<T>& lanes) {
        RowSums<T> these = sums;
        these.lanes = lanes.data();
        return these;
    };
    if (l == 0 && sparse_) {
        products_.rows(*sparse_, block_, tile, sums, gradients + layer.weights);
    } else {
        products_.rows(l, panels, inputs_of(l, 0), tile, in(buffers.lanes.weights), gradients + layer.weights);
    }
    if (tile.input_begin > 0 || tile.output_begin > 0) return;
    kernels_.dense_backward_bias(panels, buffers.d_z, layer.outputs, in(buffers.lanes.bias), gradients + layer.bias);
    if (layer.parametric) {
        kernels_.dense_backward_bias(panels, buffers.bend, layer.outputs, in(buffers.lanes.alpha),
                                     gradients + layer.alpha);
    }
    if (layer.layer_norm) {
        kernels_.layer_norm_gradients(panels, layer.outputs, buffers.d_norm, buffers.normalised, in(buffers.lanes.norm),
                                      gradients + layer.gain, gradients + layer.shift);
    }
}

template class Pass<float>;
template class Pass<double>;

}  // namespace pellucid
