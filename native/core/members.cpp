#include "members.hpp"

#include <algorithm>

namespace pellucid {

template <class T>
Members<T>::Members(const Network& network, const Kernels<T>& kernels) : network_(network), kernels_(kernels) {
    if (!network.ensemble) return;
    const Network& plain = network.member();
    own_ = Buffer<T>(plain.parameters);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
        const Layer &to = plain.layers[l], &from = network.layers[l];
        pair(to.bias, from.bias, to.outputs, network.has_own_bias(l));
        if (to.layer_norm) pair(to.gain, from.gain, to.outputs);
        if (to.layer_norm) pair(to.shift, from.shift, to.outputs);
        if (to.parametric) pair(to.alpha, from.alpha, to.outputs);
    }
    if (plain.input_scale) pair(plain.scale, network.scale, plain.features());
    const std::size_t embedded = plain.group_end(static_cast<std::size_t>(Group::slope));
    pair(embedded, network.group_end(static_cast<std::size_t>(Group::slope)), plain.parameters - embedded);
}

template <class T>
void Members<T>::pair(std::size_t own, std::size_t shared, std::size_t count, bool is_of_each) {
    if (count > 0) pieces_.push_back({own, shared, count, is_of_each});
}

template <class T>
typename Members<T>::Piece Members<T>::weights(std::size_t l) const {
    const Layer& layer = network_.member().layers[l];
    return {layer.weights, network_.layers[l].weights, layer.inputs * layer.outputs, network_.is_output(l)};
}

template <class T>
const T* Members<T>::input_adapters(std::size_t l, std::size_t member, const T* parameters) const {
    const std::vector<std::size_t>& at = network_.ensemble->inputs_at;
    return l < at.size() ? parameters + at[l] + member * network_.layers[l].inputs : nullptr;
}

template <class T>
const T* Members<T>::output_adapters(std::size_t l, std::size_t member, const T* parameters) const {
    const std::vector<std::size_t>& at = network_.ensemble->outputs_at;
    return l < at.size() ? parameters + at[l] + member * network_.layers[l].outputs : nullptr;
}

template <class T>
const T* Members<T>::of(std::size_t member, const T* parameters) {
    if (!network_.ensemble) return parameters;
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        const Layer& layer = network_.layers[l];
        const Piece piece = weights(l);
        kernels_.adapt_weights(layer.inputs, layer.outputs, input_adapters(l, member, parameters),
                               output_adapters(l, member, parameters), parameters + piece.from(member),
                               own_.data() + piece.own);
    }
    for (const Piece& piece : pieces_) {
        std::copy_n(parameters + piece.from(member), piece.count, own_.data() + piece.own);
    }
    return own_.data();
}

template <class T>
void Members<T>::add_gradient(std::size_t member, const T* parameters, T* gradient, T* gradients) const {
    if (member == 0) std::fill_n(gradients, network_.parameters, T(0));
    const T share = T(1) / static_cast<T>(count());
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        const Layer& layer = network_.layers[l];
        const Piece piece = weights(l);
        kernels_.adapt_gradient(layer.inputs, layer.outputs, share, input_adapters(l, member, parameters),
                                output_adapters(l, member, parameters), parameters + piece.from(member),
                                gradient + piece.own, gradients + piece.from(member),
                                const_cast<T*>(input_adapters(l, member, gradients)),
                                const_cast<T*>(output_adapters(l, member, gradients)));
    }
    for (const Piece& piece : pieces_) {
        T* const to = gradients + piece.from(member);
        for (std::size_t i = 0; i < piece.count; ++i) to[i] += share * gradient[piece.own + i];
    }
}

template class Members<float>;
template class Members<double>;

}  // namespace pellucid
