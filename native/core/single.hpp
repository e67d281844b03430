// What is done once with a network: predictions, and one step shown in every number.
#pragma once

#include "isa.hpp"
#include "pass.hpp"
#include "training.hpp"

namespace pellucid {

// Where the numbers of one layer are written, row by row; null where they are not wanted.
template <class T>
struct ShownLayer {
    T* pre_activation = nullptr;  // (rows, outputs), as are the next three and the last two
    T* activation = nullptr;
    T* outputs = nullptr;
    T* mask = nullptr;
    T* inverse_std = nullptr;  // (rows, 1)
    T* normalised = nullptr;
    T* delta = nullptr;
};

struct ShownLoss {
    double loss = 0.0;
    double penalty = 0.0;
};

// Weighted sums of the output layer, z (rows, outputs). False: interrupted.
template <class T>
bool predict(const Network& network, const T* parameters, const Rows<T>& rows, const KernelSet& kernels,
             std::size_t threads, Conductor& conductor, T* z);

// One forward and backward pass over all rows of the data: its loss, its gradients and, if `layers` is not empty, what
// every layer did; `features` (rows, features), if not null, what its embedding made of the inputs.
template <class T>
ShownLoss loss_and_gradients(const Network& network, const Training& training, const T* parameters, const Data<T>& data,
                             Dropout dropout, const KernelSet& kernels, std::size_t threads, Conductor& conductor,
                             T* gradients, const std::vector<ShownLayer<T>>& layers, T* features);

}  // namespace pellucid
