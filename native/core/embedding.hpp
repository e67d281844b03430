// What becomes of the columns before the first layer: numbers, columns that pass, categories, in this order.
#pragma once

#include <vector>

#include "rules.hpp"
#include "sizes.hpp"

namespace pellucid {

// A category's table of vectors, (levels, width), lies at `table` of the parameter vector.
struct Category {
    std::size_t levels = 0;
    std::size_t width = 0;
    std::size_t table = 0;
};

struct Embedding {
    std::size_t numbers = 0;
    std::size_t passed = 0;
    NumberEmbedding kind = NumberEmbedding::none;
    std::size_t width = 0;                    // numbers that a number becomes, besides itself
    std::size_t frequencies = 0;              // of a periodic embedding
    std::vector<std::vector<double>> edges;   // of a piecewise-linear embedding, a column each
    std::vector<Category> categories;

    // Offsets into the parameter vector: (numbers, frequencies) twice, a column's (bases, width), (numbers, width).
    std::size_t frequencies_at = 0;
    std::size_t phases_at = 0;
    std::vector<std::size_t> weights_at;
    std::size_t bias_at = 0;

    // Functions of a number whose weighted sums it becomes: cosines, or places in bins.
    std::size_t bases(std::size_t column) const {
        return kind == NumberEmbedding::periodic ? frequencies : edges[column].size() - 1;
    }
    std::size_t features_of_number() const { return kind == NumberEmbedding::none ? 1 : plus(width, 1); }
    std::size_t inputs() const { return plus(plus(numbers, passed), categories.size()); }
    std::size_t features() const {
        std::size_t count = plus(times(numbers, features_of_number()), passed);
        for (const Category& category : categories) count = plus(count, category.width);
        return count;
    }
    bool trains_numbers() const { return kind != NumberEmbedding::none && numbers > 0; }
    bool trains() const { return trains_numbers() || !categories.empty(); }
};

}  // namespace pellucid
