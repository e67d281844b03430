// Layer normalisation of one panel: the mean and variance of each row over the layer's neurons.
//
//     ẑ = (z - mean) / √(variance + ε),  out = gain · ẑ + shift
//     d = gain · ∂L/∂out,  ∂L/∂z = (d - mean(d) - ẑ mean(d ẑ)) / √(variance + ε)
//
// Every row sums in the order of the features; whole rows of the panel side by side.
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

constexpr double layer_norm_epsilon = 1e-5;

// z becomes gain · ẑ + shift; ẑ (features, panel_rows) and 1 / √(variance + ε) (panel_rows,) are kept.
template <class T>
void layer_norm_forward(size_t features, const T* gain, const T* shift, T* __restrict z, T* __restrict normalised,
                        T* __restrict inverse_std) {
    constexpr size_t width = panel_rows<T>;
    T mean[width] = {}, variance[width] = {};
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) mean[r] += z[j * width + r];
    }
    for (size_t r = 0; r < width; ++r) mean[r] /= static_cast<T>(features);
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T off = z[j * width + r] - mean[r];
            variance[r] += off * off;
        }
    }
    for (size_t r = 0; r < width; ++r) {
        const T spread = variance[r] / static_cast<T>(features) + static_cast<T>(layer_norm_epsilon);
        inverse_std[r] = 1 / square_root(spread);
    }
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T n = (z[j * width + r] - mean[r]) * inverse_std[r];
            normalised[j * width + r] = n;
            z[j * width + r] = gain[j] * n + shift[j];
        }
    }
}

// d_out = ∂L/∂out (features, panel_rows) to d_z = ∂L/∂z.
template <class T>
void layer_norm_backward(size_t features, const T* gain, const T* normalised, const T* inverse_std, const T* d_out,
                         T* __restrict d_z) {
    constexpr size_t width = panel_rows<T>;
    T mean[width] = {}, along[width] = {};
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T d = gain[j] * d_out[j * width + r];
            mean[r] += d;
            along[r] += d * normalised[j * width + r];
        }
    }
    for (size_t r = 0; r < width; ++r) {
        mean[r] /= static_cast<T>(features);
        along[r] /= static_cast<T>(features);
    }
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T centred = gain[j] * d_out[j * width + r] - mean[r] - normalised[j * width + r] * along[r];
            d_z[j * width + r] = centred * inverse_std[r];
        }
    }
}

// ∂L/∂gain (+)= Σ_rows ẑ ∂L/∂out, ∂L/∂shift (+)= Σ_rows ∂L/∂out.
template <class T>
void layer_norm_gradients(size_t panels, size_t features, Panels<const T> d_out, Panels<const T> normalised,
                          RowSums<T> sums, T* d_gain, T* d_shift) {
    constexpr size_t width = panel_rows<T>;
    for (size_t j = 0; j < features; ++j) {
        const size_t of_gain = 2 * j * width, of_shift = of_gain + width;  // among the lanes
        Vector<T> gain_sum = begin_sum(sums, of_gain), shift_sum = begin_sum(sums, of_shift);
        for (size_t panel = 0; panel < panels; ++panel) {
            for (size_t v = j * width; v < (j + 1) * width; v += lanes<T>) {
                const Vector<T> d = load(d_out[panel] + v);
                gain_sum += d * load(normalised[panel] + v);
                shift_sum += d;
            }
        }
        end_sum(sums, of_gain, gain_sum, d_gain[j]);
        end_sum(sums, of_shift, shift_sum, d_shift[j]);
    }
}

}  // namespace pellucid::PELLUCID_ISA
