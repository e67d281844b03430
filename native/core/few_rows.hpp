// Predictions for a few rows: each goes through the layers by itself, on the weights as they are. For so few, packing
// weights and padding rows would cost more than the products. The numbers are those of a pass, to the last bit.
#pragma once

#include "network.hpp"
#include "rows.hpp"

namespace pellucid {

// Whether so few rows go faster this way, and this network can.
template <class T>
bool are_few_rows(const Network& network, const Rows<T>& rows);

// Weighted sums of the output layer, z (rows, outputs).
template <class T>
void predict_few_rows(const Network& network, const T* parameters, const Rows<T>& rows, const Kernels<T>& kernels, T* z);

}  // namespace pellucid
