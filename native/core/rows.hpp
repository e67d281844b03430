// Rows of a data set, dense or sparse, and how a panel is filled with them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "kernels.hpp"

namespace pellucid {

// The largest panel that any instruction set uses.
constexpr std::size_t largest_panel = 64;

// Which rows of a data set: order[first], order[first + 1], …, or first, first + 1, … without an order.
struct RowRange {
    const std::int64_t* order = nullptr;
    std::size_t first = 0;
    std::size_t count = 0;

    std::size_t operator[](std::size_t i) const {
        return order ? static_cast<std::size_t>(order[first + i]) : first + i;
    }
    RowRange part(std::size_t from, std::size_t most) const {
        return {order, first + from, count - from < most ? count - from : most};
    }
};

// A matrix of rows whose numbers lie side by side, rows `stride` numbers apart.
template <class T>
struct DenseRows {
    const T* data = nullptr;
    std::size_t rows = 0;
    std::size_t features = 0;
    std::size_t stride = 0;

    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        const RowsAt<T> from{range.order ? data : data + range.first * stride, stride,
                             range.order ? range.order + range.first : nullptr};
        kernels.gather(from, range.count, features, panel);
    }
};

// A matrix in compressed sparse rows: row r has values[starts[r]] … values[starts[r + 1] - 1].
template <class T>
struct SparseRows {
    const T* values = nullptr;
    const std::int64_t* columns64 = nullptr;  // one of the two
    const std::int32_t* columns32 = nullptr;
    const std::int64_t* starts = nullptr;
    std::size_t rows = 0;
    std::size_t features = 0;

    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        std::memset(panel, 0, features * kernels.panel_rows * sizeof(T));
        for (std::size_t r = 0; r < range.count; ++r) {
            const std::size_t row = range[r];
            for (std::int64_t i = starts[row]; i < starts[row + 1]; ++i) {
                const std::int64_t column = columns32 ? columns32[i] : columns64[i];
                panel[static_cast<std::size_t>(column) * kernels.panel_rows + r] += values[i];
            }
        }
    }
};

// Either of them.
template <class T>
struct Rows {
    DenseRows<T> dense;
    SparseRows<T> sparse;
    bool is_sparse = false;

    std::size_t rows() const { return is_sparse ? sparse.rows : dense.rows; }
    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        if (is_sparse) {
            sparse.gather(kernels, range, panel);
        } else {
            dense.gather(kernels, range, panel);
        }
    }
};

// Rows with their targets, and weights or null; of all rows, or of those that `index` names.
template <class T>
struct Data {
    Rows<T> inputs;
    DenseRows<T> targets;
    const double* sample_weight = nullptr;
    const std::int64_t* index = nullptr;
    std::size_t index_length = 0;

    std::size_t rows() const { return index ? index_length : inputs.rows(); }
    RowRange all() const { return {index, 0, rows()}; }
    double weight(std::size_t row) const { return sample_weight ? sample_weight[row] : 1.0; }
    double weight_of(RowRange range) const {
        if (!sample_weight) return static_cast<double>(range.count);
        double sum = 0.0;
        for (std::size_t i = 0; i < range.count; ++i) sum += sample_weight[range[i]];
        return sum;
    }
};

}  // namespace pellucid
