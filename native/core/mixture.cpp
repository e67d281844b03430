#include "mixture.hpp"

#include <limits>

namespace pellucid {

namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();  // the logarithm of 0

double log_add(double a, double b) {
    const double high = std::max(a, b), low = std::min(a, b);
    return low == nothing ? high : high + std::log1p(std::exp(low - high));
}

double log_logistic(double z) { return z < 0 ? z - std::log1p(std::exp(z)) : -std::log1p(std::exp(-z)); }

template <class T>
double log_sum_exp(const T* z, std::size_t count) {
    const double most = static_cast<double>(*std::max_element(z, z + count));
    double sum = 0.0;
    for (std::size_t j = 0; j < count; ++j) sum += std::exp(static_cast<double>(z[j]) - most);
    return most + std::log(sum);
}

}  // namespace

template <class T>
Mixture<T>::Mixture(const Network& network, const Kernels<T>& kernels, std::size_t rows)
    : network_(network), members_(network, kernels) {
    if (!network.ensemble) return;
    const std::size_t count = times(rows, network.outputs());
    z_ = Buffer<T>(count);
    mixed_ = Buffer<T>(count);
    first_ = Buffer<double>(count);
    second_ = Buffer<double>(count);
}

template <class T>
void Mixture<T>::use(Pass<T>& pass, const T* parameters) {
    parameters_ = parameters;
    if (!network_.ensemble) pass.use(parameters);
}

template <class T>
void Mixture<T>::predict(Pass<T>& pass, const Rows<T>& rows, RowRange block, T* z) {
    if (!network_.ensemble) {
        pass.predict(rows, block, z);
        return;
    }
    const double begin = network_.output == Output::identity ? 0.0 : nothing;
    std::fill_n(first_.data(), block.count * network_.outputs(), begin);
    std::fill_n(second_.data(), block.count * network_.outputs(), begin);
    for (std::size_t member = 0; member < members_.count(); ++member) {
        pass.use(members_.of(member, parameters_));
        pass.predict(rows, block, z_.data());
        add(block.count);
    }
    finish(block.count, z);
}

template <class T>
bool Mixture<T>::evaluate(Pass<T>& pass, const Objective<T>& objective, RowRange block) {
    if (!network_.ensemble) return pass.evaluate(objective, block);
    predict(pass, objective.data->inputs, block, mixed_.data());
    return pass.evaluate(objective, block, mixed_.data());
}

template <class T>
void Mixture<T>::add(std::size_t rows) {
    const std::size_t outputs = network_.outputs();
    for (std::size_t row = 0; row < rows; ++row) {
        const T* const z = z_.data() + row * outputs;
        double *const first = first_.data() + row * outputs, *const second = second_.data() + row * outputs;
        const double total = network_.output == Output::softmax ? log_sum_exp(z, outputs) : 0.0;
        for (std::size_t j = 0; j < outputs; ++j) {
            const double value = z[j], argument = network_.output == Output::tanh ? 2 * value : value;
            switch (network_.output) {
                case Output::identity: first[j] += value; break;
                case Output::exp:
                case Output::softmax: first[j] = log_add(first[j], value - total); break;
                case Output::logistic:
                case Output::tanh:  // tanh(z) = 2 logistic(2 z) - 1
                    first[j] = log_add(first[j], log_logistic(argument));
                    second[j] = log_add(second[j], log_logistic(-argument));
                    break;
            }
        }
    }
}

template <class T>
void Mixture<T>::finish(std::size_t rows, T* z) const {
    const double members = static_cast<double>(members_.count());
    for (std::size_t i = 0; i < rows * network_.outputs(); ++i) {
        double mixed = 0.0;
        switch (network_.output) {
            case Output::identity: mixed = first_[i] / members; break;
            case Output::exp:
            case Output::softmax: mixed = first_[i] - std::log(members); break;
            case Output::logistic: mixed = first_[i] - second_[i]; break;
            case Output::tanh: mixed = (first_[i] - second_[i]) / 2; break;
        }
        z[i] = static_cast<T>(mixed);
    }
}

template class Mixture<float>;
template class Mixture<double>;

}  // namespace pellucid
