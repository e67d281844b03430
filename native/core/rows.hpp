// Rows of a data set, dense, sparse or coded, and how a panel is filled with them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <variant>
#include <vector>

#include "kernels.hpp"

namespace pellucid {

// The largest panel that any instruction set uses.
constexpr std::size_t largest_panel = 64;

// Which rows of a data set: order[first], order[first + 1], …, or first, first + 1, … without an order.
struct RowRange {
    const std::uint32_t* order = nullptr;
    std::size_t first = 0;
    std::size_t count = 0;

    std::size_t operator[](std::size_t i) const {
        return order ? order[first + i] : first + i;
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

// A matrix in compressed sparse rows.
template <class T>
struct SparseRows : SparseAt<T> {
    std::size_t rows = 0;
    std::size_t features = 0;

    SparseAt<T> at(RowRange range) const {
        SparseAt<T> part = *this;
        part.order = range.order ? range.order + range.first : nullptr;
        part.first = range.first;
        return part;
    }
    double stored_per_row() const { return static_cast<double>(this->starts[rows]) / static_cast<double>(rows); }

    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        std::memset(panel, 0, features * kernels.panel_rows * sizeof(T));
        for (std::size_t r = 0; r < range.count; ++r) {
            const std::size_t row = range[r];
            for (std::int64_t i = this->starts[row]; i < this->starts[row + 1]; ++i) {
                const std::int64_t column = this->columns32 ? this->columns32[i] : this->columns64[i];
                panel[static_cast<std::size_t>(column) * kernels.panel_rows + r] += this->values[i];
            }
        }
    }
};

// A matrix whose columns are kept as codes of one or two bytes, or as they are. Its groups together hold each column
// once: those of a coded group are in row `code` of its table; a plain group is one column.
template <class T>
struct CodedRows {
    template <class Cell>
    struct Cells {
        const Cell* data = nullptr;
        std::size_t stride = 0;
    };
    enum class Kind { bytes, words, plain };
    struct Group {
        Kind kind = Kind::plain;
        std::size_t place = 0;     // among the cells of its kind
        const T* table = nullptr;  // (codes, columns)
        std::vector<std::size_t> columns;
    };

    Cells<std::uint8_t> bytes;
    Cells<std::uint16_t> words;
    Cells<T> plain;
    std::vector<Group> groups;
    std::size_t rows = 0;
    std::size_t features = 0;

    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        const std::size_t width = kernels.panel_rows;
        if (range.count < width) std::memset(panel, 0, features * width * sizeof(T));
        for (const Group& group : groups) {
            switch (group.kind) {
                case Kind::bytes: look_up(bytes, group, range, width, panel); break;
                case Kind::words: look_up(words, group, range, width, panel); break;
                case Kind::plain: copy(group, range, panel + group.columns[0] * width); break;
            }
        }
    }

  private:
    template <class Code>
    static void look_up(Cells<Code> codes, const Group& group, RowRange range, std::size_t width, T* panel) {
        const std::size_t columns = group.columns.size();
        for (std::size_t r = 0; r < range.count; ++r) {
            const T* const from = group.table + codes.data[range[r] * codes.stride + group.place] * columns;
            for (std::size_t k = 0; k < columns; ++k) panel[group.columns[k] * width + r] = from[k];
        }
    }

    void copy(const Group& group, RowRange range, T* to) const {
        for (std::size_t r = 0; r < range.count; ++r) to[r] = plain.data[range[r] * plain.stride + group.place];
    }
};

// Any of them.
template <class T>
struct Rows : std::variant<DenseRows<T>, SparseRows<T>, CodedRows<T>> {
    using std::variant<DenseRows<T>, SparseRows<T>, CodedRows<T>>::variant;

    std::size_t rows() const {
        return std::visit([](const auto& each) { return each.rows; }, *this);
    }
    void gather(const Kernels<T>& kernels, RowRange range, T* panel) const {
        std::visit([&](const auto& each) { each.gather(kernels, range, panel); }, *this);
    }
    const DenseRows<T>* dense() const { return std::get_if<DenseRows<T>>(this); }
    const SparseRows<T>* sparse() const { return std::get_if<SparseRows<T>>(this); }
};

// Rows with their targets, and weights or null; of all rows, or of those that `index` names.
template <class T>
struct Data {
    Rows<T> inputs;
    DenseRows<T> targets;
    const double* sample_weight = nullptr;
    const std::uint32_t* index = nullptr;
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
