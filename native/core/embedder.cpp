#include "embedder.hpp"

#include <algorithm>

namespace pellucid {

template <class T>
Embedder<T>::Embedder(const Embedding& embedding, const Kernels<T>& kernels) : embedding_(embedding), kernels_(kernels) {
    for (const std::vector<double>& column : embedding.edges) {
        edges_.emplace_back(column.size());
        for (std::size_t k = 0; k < column.size(); ++k) edges_.back()[k] = static_cast<T>(column[k]);
    }
    std::size_t feature = embedding.numbers * embedding.features_of_number() + embedding.passed;
    for (const Category& category : embedding.categories) {
        category_features_.push_back(feature);
        feature += category.width;
    }
}

template <class T>
NumberColumn<T> Embedder<T>::number_column(const T* parameters, std::size_t c) const {
    NumberColumn<T> column;
    column.kind = embedding_.kind;
    column.bases = embedding_.bases(c);
    column.width = embedding_.width;
    column.weights = parameters + embedding_.weights_at[c];
    column.bias = parameters + embedding_.bias_at + c * embedding_.width;
    if (embedding_.kind == NumberEmbedding::periodic) {
        column.frequencies = parameters + embedding_.frequencies_at + c * embedding_.frequencies;
        column.phases = parameters + embedding_.phases_at + c * embedding_.frequencies;
    } else {
        column.edges = edges_[c].data();
    }
    return column;
}

template <class T>
void Embedder<T>::forward(const T* parameters, std::size_t panels, Panels<const T> x, Panels<T> features) const {
    const std::size_t numbers = trained_numbers(), of_number = embedding_.features_of_number();
    for (std::size_t c = 0; c < numbers; ++c) {
        kernels_.embed_number(number_column(parameters, c), panels, from(x, c), from(features, c * of_number));
    }
    const std::size_t copied = embedding_.numbers - numbers + embedding_.passed;
    for (std::size_t panel = 0; panel < panels; ++panel) {
        std::copy_n(from(x, numbers)[panel], copied * kernels_.panel_rows, from(features, numbers * of_number)[panel]);
    }
    for (std::size_t k = 0; k < categories(); ++k) {
        const Category& category = embedding_.categories[k];
        kernels_.embed_category(parameters + category.table, category.levels, category.width, panels,
                                from(x, column_of_category(k)), from(features, category_features_[k]));
    }
}

template <class T>
void Embedder<T>::number_gradient(const T* parameters, std::size_t c, std::size_t panels, Panels<const T> x,
                                  Panels<const T> d, bool add, T* gradients) const {
    NumberGradients<T> to;
    to.weights = gradients + embedding_.weights_at[c];
    to.bias = gradients + embedding_.bias_at + c * embedding_.width;
    if (embedding_.kind == NumberEmbedding::periodic) {
        to.frequencies = gradients + embedding_.frequencies_at + c * embedding_.frequencies;
        to.phases = gradients + embedding_.phases_at + c * embedding_.frequencies;
    }
    kernels_.embed_number_backward(number_column(parameters, c), panels, from(x, c),
                                   from(d, c * embedding_.features_of_number()), add, to);
}

template <class T>
void Embedder<T>::category_gradient(std::size_t k, std::size_t panels, Panels<const T> x, Panels<const T> d, bool add,
                                    T* gradients) const {
    const Category& category = embedding_.categories[k];
    kernels_.embed_category_backward(category.levels, category.width, panels, from(x, column_of_category(k)),
                                     from(d, category_features_[k]), add, gradients + category.table);
}

template class Embedder<float>;
template class Embedder<double>;

}  // namespace pellucid
