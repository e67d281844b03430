// NumPy arrays as the core's pointers, every assumption checked.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "../core/rows.hpp"

namespace pellucid {

namespace nb = nanobind;

template <class T>
constexpr const char* name_of_dtype() {
    using U = std::remove_const_t<T>;
    if constexpr (std::is_same_v<U, float>) return "float32";
    if constexpr (std::is_same_v<U, double>) return "float64";
    if constexpr (std::is_same_v<U, std::int32_t>) return "int32";
    if constexpr (std::is_same_v<U, std::int64_t>) return "int64";
    if constexpr (std::is_same_v<U, std::uint8_t>) return "uint8";
    if constexpr (std::is_same_v<U, std::uint16_t>) return "uint16";
    return "uint32";
}

// An array of this dtype and rank, read where it lies. A const T accepts read-only arrays.
template <class T, std::size_t rank>
using Array = nb::ndarray<T, nb::ndim<rank>, nb::device::cpu>;

template <class T, std::size_t rank>
Array<T, rank> array_of(nb::handle object, const char* name) {
    Array<T, rank> array;
    if (!nb::try_cast(object, array, false)) {
        const std::string rule = std::string(std::is_const_v<T> ? "an array" : "a writeable array") + " of " +
                                 name_of_dtype<T>() + " in native byte order with " + std::to_string(rank) +
                                 (rank == 1 ? " dimension" : " dimensions");
        throw nb::type_error(("'" + std::string(name) + "' must be " + rule + ".").c_str());
    }
    if (reinterpret_cast<std::uintptr_t>(array.data()) % alignof(T) != 0) {
        throw nb::value_error(("'" + std::string(name) + "' must be aligned to its numbers; pass a copy.").c_str());
    }
    return array;
}

// A contiguous vector of a known length.
template <class T>
T* vector_of(nb::handle object, const char* name, std::size_t length) {
    Array<T, 1> array = array_of<T, 1>(object, name);
    if (array.shape(0) != length || (length > 1 && array.stride(0) != 1)) {
        throw nb::value_error(("'" + std::string(name) + "' must be contiguous and have " + std::to_string(length) +
                               " numbers; got " + std::to_string(array.shape(0)) + ".")
                                  .c_str());
    }
    return array.data();
}

// A C-contiguous matrix of a known shape.
template <class T>
T* matrix_of(nb::handle object, const char* name, std::size_t rows, std::size_t columns) {
    Array<T, 2> array = array_of<T, 2>(object, name);
    const bool is_contiguous = (columns < 2 || array.stride(1) == 1) &&
                               (rows < 2 || array.stride(0) == static_cast<std::int64_t>(columns));
    if (array.shape(0) != rows || array.shape(1) != columns || !is_contiguous) {
        throw nb::value_error(("'" + std::string(name) + "' must be C-contiguous and have shape (" +
                               std::to_string(rows) + ", " + std::to_string(columns) + ").")
                                  .c_str());
    }
    return array.data();
}

// A matrix whose rows are contiguous, at any distance from each other.
template <class T>
DenseRows<T> dense_rows(nb::handle object, const char* name, std::size_t columns) {
    Array<const T, 2> array = array_of<const T, 2>(object, name);
    if (array.shape(1) != columns) {
        throw nb::value_error(("'" + std::string(name) + "' must have " + std::to_string(columns) + " columns; got " +
                               std::to_string(array.shape(1)) + ".")
                                  .c_str());
    }
    const bool is_empty = array.shape(0) == 0;
    if ((!is_empty && columns > 1 && array.stride(1) != 1) || (array.shape(0) > 1 && array.stride(0) < 0)) {
        throw nb::value_error(("the rows of '" + std::string(name) + "' must be contiguous; pass a copy.").c_str());
    }
    return {array.data(), array.shape(0), columns, static_cast<std::size_t>(array.shape(0) > 1 ? array.stride(0) : 0)};
}

template <class T>
void check_sparse(const SparseRows<T>& rows, std::size_t stored) {
    if (rows.starts[0] != 0 || rows.starts[rows.rows] != static_cast<std::int64_t>(stored)) {
        throw nb::value_error("'inputs' must be a sound CSR matrix: its row starts do not span its values.");
    }
    for (std::size_t row = 0; row < rows.rows; ++row) {
        if (rows.starts[row] > rows.starts[row + 1]) {
            throw nb::value_error("'inputs' must be a sound CSR matrix: its row starts decrease.");
        }
    }
    for (std::size_t i = 0; i < stored; ++i) {
        const std::int64_t column = rows.columns32 ? rows.columns32[i] : rows.columns64[i];
        if (column < 0 || column >= static_cast<std::int64_t>(rows.features)) {
            throw nb::value_error("'inputs' must be a sound CSR matrix: a column number is out of range.");
        }
    }
}

// (values, columns, row starts, number of columns) of a CSR matrix.
template <class T>
SparseRows<T> sparse_rows(nb::tuple parts, std::size_t features) {
    if (parts.size() != 4) throw nb::value_error("sparse 'inputs' must be (values, columns, row starts, width).");
    const std::size_t width = nb::cast<std::size_t>(parts[3]);
    if (width != features) {
        throw nb::value_error(("'inputs' must have " + std::to_string(features) + " columns; got " +
                               std::to_string(width) + ".").c_str());
    }
    SparseRows<T> rows;
    const Array<const T, 1> values = array_of<const T, 1>(parts[0], "inputs");
    const std::size_t stored = values.shape(0);
    rows.values = vector_of<const T>(parts[0], "inputs", stored);
    Array<const std::int32_t, 1> narrow;
    if (nb::try_cast(parts[1], narrow, false)) {
        rows.columns32 = vector_of<const std::int32_t>(parts[1], "columns", stored);
    } else {
        rows.columns64 = vector_of<const std::int64_t>(parts[1], "columns", stored);
    }
    const std::size_t starts = array_of<const std::int64_t, 1>(parts[2], "row starts").shape(0);
    if (starts < 1) throw nb::value_error("sparse 'inputs' must have row starts.");
    rows.starts = vector_of<const std::int64_t>(parts[2], "row starts", starts);
    rows.rows = starts - 1;
    rows.features = features;
    check_sparse(rows, stored);
    return rows;
}

// The cells of one kind, C-contiguous, one column for each group of this kind.
template <class Cells, class Cell>
Cells cells_of(nb::handle object, const char* name, std::size_t rows) {
    const std::size_t columns = array_of<const Cell, 2>(object, name).shape(1);
    return {matrix_of<const Cell>(object, name, rows, columns), columns};
}

template <class T, class Cells>
void check_codes(const Cells& cells, std::size_t place, std::size_t rows, std::size_t codes) {
    if (place >= cells.stride) throw nb::value_error("a group of coded 'inputs' must have cells.");
    bool is_sound = true;
    for (std::size_t row = 0; row < rows; ++row) is_sound &= cells.data[row * cells.stride + place] < codes;
    if (!is_sound) throw nb::value_error("the codes of coded 'inputs' must be rows of their table.");
}

// (bytes, words, plain cells, groups); a group is (kind, place, table or None, columns).
template <class T>
CodedRows<T> coded_rows(nb::list parts, std::size_t features) {
    using Coded = CodedRows<T>;
    if (parts.size() != 4) throw nb::value_error("coded 'inputs' must be [bytes, words, plain, groups].");
    Coded coded;
    coded.features = features;
    coded.rows = array_of<const std::uint8_t, 2>(parts[0], "bytes").shape(0);
    coded.bytes = cells_of<decltype(coded.bytes), std::uint8_t>(parts[0], "bytes", coded.rows);
    coded.words = cells_of<decltype(coded.words), std::uint16_t>(parts[1], "words", coded.rows);
    coded.plain = cells_of<decltype(coded.plain), T>(parts[2], "plain cells", coded.rows);
    std::vector<bool> is_held(features);
    for (const nb::handle each : nb::cast<nb::list>(parts[3])) {
        const nb::tuple from = nb::cast<nb::tuple>(each);
        typename Coded::Group group;
        group.place = nb::cast<std::size_t>(from[1]);
        group.columns = nb::cast<std::vector<std::size_t>>(from[3]);
        const int kind = nb::cast<int>(from[0]);
        if (kind < 0 || kind > 2) throw nb::value_error("a group of coded 'inputs' must be of the kind 0, 1 or 2.");
        group.kind = static_cast<typename Coded::Kind>(kind);
        for (const std::size_t column : group.columns) {
            if (column >= features || is_held[column]) throw nb::value_error("coded 'inputs' must hold each column once.");
            is_held[column] = true;
        }
        if (group.kind == Coded::Kind::plain) {
            if (group.columns.size() != 1 || group.place >= coded.plain.stride) {
                throw nb::value_error("a plain group of coded 'inputs' must be one column.");
            }
        } else {
            const std::size_t codes = array_of<const T, 2>(from[2], "table").shape(0);
            group.table = matrix_of<const T>(from[2], "table", codes, group.columns.size());
            if (group.kind == Coded::Kind::bytes) {
                check_codes<T>(coded.bytes, group.place, coded.rows, codes);
            } else {
                check_codes<T>(coded.words, group.place, coded.rows, codes);
            }
        }
        coded.groups.push_back(std::move(group));
    }
    if (std::find(is_held.begin(), is_held.end(), false) != is_held.end()) {
        throw nb::value_error("coded 'inputs' must hold every column of the network.");
    }
    return coded;
}

// An array, the parts of a CSR matrix in a tuple, or coded columns in a list.
template <class T>
Rows<T> rows_of(nb::handle inputs, std::size_t features) {
    Rows<T> rows;
    if (nb::isinstance<nb::tuple>(inputs)) {
        rows = sparse_rows<T>(nb::borrow<nb::tuple>(inputs), features);
    } else if (nb::isinstance<nb::list>(inputs)) {
        rows = coded_rows<T>(nb::borrow<nb::list>(inputs), features);
    } else {
        rows = dense_rows<T>(inputs, "inputs", features);
    }
    if (rows.rows() == 0) throw nb::value_error("'inputs' must have at least one row; got none.");
    return rows;
}

// (inputs, targets, sample_weight or None)
template <class T>
Data<T> data_of(nb::tuple parts, std::size_t features, std::size_t outputs) {
    if (parts.size() != 4) throw nb::value_error("data must be (inputs, targets, sample_weight or None, rows or None).");
    Data<T> data;
    data.inputs = rows_of<T>(parts[0], features);
    data.targets = dense_rows<T>(parts[1], "targets", outputs);
    const std::size_t all = data.rows();
    if (data.targets.rows != all) throw nb::value_error("'inputs' and 'targets' must have as many rows.");
    if (!parts[2].is_none()) data.sample_weight = vector_of<const double>(parts[2], "sample_weight", all);
    const nb::object index = parts[3];
    if (index.is_none()) return data;
    data.index_length = nb::len(index);
    data.index = vector_of<const std::uint32_t>(index, "rows", data.index_length);
    if (data.index_length == 0) throw nb::value_error("'rows' must name at least one row; it names none.");
    for (std::size_t i = 0; i < data.index_length; ++i) {
        if (data.index[i] >= all) {
            throw nb::value_error("'rows' must name rows of the data; it names one that is not there.");
        }
    }
    return data;
}

}  // namespace pellucid
