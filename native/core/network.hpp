// A network as the core runs it: its layers, and where their parameters lie in the one flat vector.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "embedding.hpp"
#include "sizes.hpp"

namespace pellucid {

// One layer: z = x W + b, (layer normalisation), a = g(z), (dropout). The output layer is the last; its activation is
// the identity here, since its output activation belongs to the loss.
struct Layer {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    ActivationRule activation;
    double dropout = 0.0;
    bool layer_norm = false;
    bool parametric = false;     // z + (g(z) - z) α
    double weight_factor = 1.0;  // what the weights are multiplied by

    // Offsets into the parameter vector: W (inputs, outputs), b (outputs), gain, shift and α (outputs).
    std::size_t weights = 0;
    std::size_t bias = 0;
    std::size_t gain = 0;
    std::size_t shift = 0;
    std::size_t alpha = 0;

    // Whether the forward pass must keep g'(z) (times the dropout mask), or the backward pass can find it from a.
    bool keeps_slope() const {
        if (parametric) return true;
        switch (activation.kind) {
            case Activation::softplus:
            case Activation::gelu:
            case Activation::silu:
            case Activation::mish: return true;
            default: return dropout > 0.0;
        }
    }
};

// Groups of parameters, each with a learning rate and a decay of its own.
enum class Group { weights, bias, norm, scale, slope, numbers, categories };
constexpr std::size_t group_count = 7;

// Members that share the layers' weights: member m sees (x ∘ r_m) W ∘ s_m + b_m. Each is a plain network, `member`.
struct Network;
struct Ensemble {
    std::size_t members = 1;
    bool adapts_all = true;                       // every hidden layer, with s and b; else the first inputs only
    std::vector<std::size_t> inputs_at;           // r (members, inputs) of the first layers
    std::vector<std::size_t> outputs_at;          // s (members, outputs) of the first layers
    std::shared_ptr<const Network> member;
};

// Layers as described; `place` fills in the offsets: all weights, then all biases, and the rest group by group.
struct Network {
    std::vector<Layer> layers;
    std::optional<Embedding> embedding;
    std::optional<Ensemble> ensemble;
    bool input_scale = false;
    std::size_t scale = 0;  // offset of the inputs' scale, (features)
    bool bfloat16 = false;  // the operands of products are rounded to it
    Output output = Output::identity;
    std::size_t all_weights = 0;  // length of the leading piece that holds the weights
    std::size_t parameters = 0;   // length of the whole vector

    void place() {
        parameters = 0;
        if (ensemble) ensemble->member = make_member();
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::size_t copies = is_output(l) ? members() : 1;
            layers[l].weights = take(times(copies, times(layers[l].inputs, layers[l].outputs)));
        }
        all_weights = parameters;
        end_group(Group::weights);
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::size_t copies = has_own_bias(l) ? members() : 1;
            layers[l].bias = take(times(copies, layers[l].outputs));
        }
        end_group(Group::bias);
        for (Layer& layer : layers) layer.gain = layer.layer_norm ? take(layer.outputs) : 0;
        for (Layer& layer : layers) layer.shift = layer.layer_norm ? take(layer.outputs) : 0;
        end_group(Group::norm);
        scale = input_scale ? take(features()) : 0;
        if (ensemble) place(*ensemble);
        end_group(Group::scale);
        for (Layer& layer : layers) layer.alpha = layer.parametric ? take(layer.outputs) : 0;
        end_group(Group::slope);
        if (embedding) place(*embedding);
    }

    std::size_t members() const { return ensemble ? ensemble->members : 1; }

    // The plain network that each member is.
    const Network& member() const { return ensemble ? *ensemble->member : *this; }

    bool is_output(std::size_t layer) const { return layer + 1 == layers.size(); }
    bool has_own_bias(std::size_t layer) const { return ensemble && (is_output(layer) || ensemble->adapts_all); }

    // Columns of X, and numbers that the first layer sees.
    std::size_t inputs() const { return embedding ? embedding->inputs() : features(); }
    std::size_t features() const { return layers.front().inputs; }

    // Where the group ends that begins where the one before it ends.
    std::size_t group_end(std::size_t group) const { return group_ends_[group]; }

    // Whether the products see weights that are not those of the parameter vector, but multiples of them.
    bool scales_weights(std::size_t layer) const {
        return layers[layer].weight_factor != 1.0 || (layer == 0 && input_scale);
    }
    // What a layer's inputs are multiplied by, within the parameters; null where by nothing.
    template <class T>
    const T* scale_of_inputs(std::size_t layer, const T* parameters) const {
        return layer == 0 && input_scale ? parameters + scale : nullptr;
    }
    bool trains_embedding() const { return embedding && embedding->trains(); }
    std::size_t outputs() const { return layers.back().outputs; }

    std::size_t widest() const {
        std::size_t width = features();
        for (const Layer& layer : layers) width = layer.outputs > width ? layer.outputs : width;
        return width;
    }

  private:
    std::shared_ptr<const Network> make_member() const {
        auto plain = std::make_shared<Network>(*this);
        plain->ensemble.reset();
        plain->place();
        return plain;
    }

    void place(Ensemble& e) {
        const std::size_t hidden = e.adapts_all ? layers.size() - 1 : 0;
        e.inputs_at.clear();
        e.outputs_at.clear();
        for (std::size_t l = 0; l < std::max<std::size_t>(hidden, 1); ++l) {
            e.inputs_at.push_back(take(times(e.members, layers[l].inputs)));
        }
        for (std::size_t l = 0; l < hidden; ++l) e.outputs_at.push_back(take(times(e.members, layers[l].outputs)));
    }

    void place(Embedding& e) {
        e.weights_at.clear();
        if (e.trains_numbers()) {
            if (e.kind == NumberEmbedding::periodic) {
                e.frequencies_at = take(times(e.numbers, e.frequencies));
                e.phases_at = take(times(e.numbers, e.frequencies));
            }
            for (std::size_t c = 0; c < e.numbers; ++c) e.weights_at.push_back(take(times(e.bases(c), e.width)));
            e.bias_at = take(times(e.numbers, e.width));
        }
        end_group(Group::numbers);
        for (Category& category : e.categories) category.table = take(times(category.levels, category.width));
        end_group(Group::categories);
    }

    // Ends this group, and those after it: they are empty, until they end elsewhere.
    void end_group(Group group) {
        for (std::size_t g = static_cast<std::size_t>(group); g < group_count; ++g) group_ends_[g] = parameters;
    }

    std::array<std::size_t, group_count> group_ends_{};

    std::size_t take(std::size_t count) {
        const std::size_t start = parameters;
        parameters = plus(parameters, count);
        return start;
    }
};

}  // namespace pellucid
