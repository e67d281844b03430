// A network as the core runs it: its layers, and where their parameters lie in the one flat vector.
#pragma once

#include <vector>

#include "rules.hpp"
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

    // Offsets into the parameter vector: W (inputs, outputs), b (outputs), gain and shift (outputs).
    std::size_t weights = 0;
    std::size_t bias = 0;
    std::size_t gain = 0;
    std::size_t shift = 0;

    // Whether the forward pass must keep g'(z) (times the dropout mask), or the backward pass can find it from a.
    bool keeps_slope() const {
        switch (activation.kind) {
            case Activation::softplus:
            case Activation::gelu:
            case Activation::silu:
            case Activation::mish: return true;
            default: return dropout > 0.0;
        }
    }
};

// Layers as described; `place` fills in the offsets: all weights, then all biases, gains and shifts.
struct Network {
    std::vector<Layer> layers;
    Output output = Output::identity;
    std::size_t all_weights = 0;  // length of the leading piece that holds the weights
    std::size_t parameters = 0;   // length of the whole vector

    void place() {
        parameters = 0;
        for (Layer& layer : layers) layer.weights = take(times(layer.inputs, layer.outputs));
        all_weights = parameters;
        for (Layer& layer : layers) layer.bias = take(layer.outputs);
        for (Layer& layer : layers) layer.gain = layer.layer_norm ? take(layer.outputs) : 0;
        for (Layer& layer : layers) layer.shift = layer.layer_norm ? take(layer.outputs) : 0;
    }

    std::size_t inputs() const { return layers.front().inputs; }
    std::size_t outputs() const { return layers.back().outputs; }

    std::size_t widest() const {
        std::size_t width = inputs();
        for (const Layer& layer : layers) width = layer.outputs > width ? layer.outputs : width;
        return width;
    }

  private:
    std::size_t take(std::size_t count) {
        const std::size_t start = parameters;
        parameters = plus(parameters, count);
        return start;
    }
};

}  // namespace pellucid
