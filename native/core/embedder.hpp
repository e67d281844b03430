// The embedding of a network's columns, forward and back: see kernels/embeddings.hpp for what becomes of each.
//
//     columns    numbers, columns that pass, categories
//     features   (weighted sums of functions of a number, the number) × numbers, columns that pass, vectors of levels
#pragma once

#include <vector>

#include "arena.hpp"
#include "embedding.hpp"
#include "kernels.hpp"

namespace pellucid {

template <class T>
class Embedder {
  public:
    // Everything passed must outlive it.
    Embedder(const Embedding& embedding, const Kernels<T>& kernels);

    // Numbers and categories that have gradients.
    std::size_t trained_numbers() const { return embedding_.trains_numbers() ? embedding_.numbers : 0; }
    std::size_t categories() const { return embedding_.categories.size(); }

    // Panels of columns become panels of features.
    void forward(const T* parameters, std::size_t panels, Panels<const T> columns, Panels<T> features) const;

    // Writes, or adds, the gradient of what embeds one number, or of a category's vectors, from that of the features.
    void number_gradient(const T* parameters, std::size_t number, std::size_t panels, Panels<const T> columns,
                         Panels<const T> d_features, bool add, T* gradients) const;
    void category_gradient(std::size_t category, std::size_t panels, Panels<const T> columns,
                           Panels<const T> d_features, bool add, T* gradients) const;

  private:
    // Panels that begin with another of their columns, or features.
    template <class U>
    Panels<U> from(Panels<U> panels, std::size_t place) const {
        return {panels.data + place * kernels_.panel_rows, panels.stride};
    }
    NumberColumn<T> number_column(const T* parameters, std::size_t number) const;
    std::size_t column_of_category(std::size_t category) const {
        return embedding_.numbers + embedding_.passed + category;
    }

    const Embedding& embedding_;
    const Kernels<T>& kernels_;
    std::vector<std::size_t> category_features_;  // where a category's vector begins among the features
    std::vector<Buffer<T>> edges_;
};

}  // namespace pellucid
