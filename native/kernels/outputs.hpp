// Output activations, and the chain rule back through them; panels of shape (features, panel_rows).
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// The largest z of each row.
template <class T>
PELLUCID_INLINE void row_maximum(size_t features, const T* z, T (&most)[panel_rows<T>]) {
    constexpr size_t width = panel_rows<T>;
    for (size_t r = 0; r < width; ++r) most[r] = z[r];
    for (size_t j = 1; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T value = z[j * width + r];
            most[r] = value > most[r] || value != value ? value : most[r];  // a NaN wins, as in NumPy
        }
    }
}

// aᵢ = exp(zᵢ - max z) / Σⱼ exp(zⱼ - max z)
template <class T>
PELLUCID_INLINE void softmax(size_t features, const T* z, T* __restrict a) {
    constexpr size_t width = panel_rows<T>;
    T most[width], sum[width] = {};
    row_maximum(features, z, most);
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            const T e = exponential(z[j * width + r] - most[r]);
            a[j * width + r] = e;
            sum[r] += e;
        }
    }
    for (size_t r = 0; r < width; ++r) sum[r] = 1 / sum[r];
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) a[j * width + r] *= sum[r];
    }
}

// ∂L/∂zᵢ = aᵢ (∂L/∂aᵢ - Σⱼ aⱼ ∂L/∂aⱼ), d in place
template <class T>
PELLUCID_INLINE void softmax_backward(size_t features, const T* a, T* __restrict d) {
    constexpr size_t width = panel_rows<T>;
    T sum[width] = {};
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) sum[r] += a[j * width + r] * d[j * width + r];
    }
    for (size_t j = 0; j < features; ++j) {
        for (size_t r = 0; r < width; ++r) {
            d[j * width + r] = a[j * width + r] * (d[j * width + r] - sum[r]);
        }
    }
}

struct IdentityOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z) {
        return z;
    }
    template <class T>
    static PELLUCID_INLINE T slope(T) {
        return 1;
    }
};

struct LogisticOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z) {
        return logistic(z);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return a * (1 - a);
    }
};

struct ExpOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z) {
        return exponential(z);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return a;
    }
};

struct TanhOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z) {
        return hyperbolic_tangent(z);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return 1 - a * a;
    }
};

template <class T, class Rule>
PELLUCID_INLINE void activate_outputs(size_t panels, size_t count, Panels<const T> z, Panels<T> prediction) {
    for (size_t panel = 0; panel < panels; ++panel) {
        const T* const from = z[panel];
        T* __restrict const to = prediction[panel];
        for (size_t i = 0; i < count; ++i) to[i] = Rule::value(from[i]);
    }
}

// prediction = output activation of z
template <class T>
void output_activate(Output output, size_t panels, size_t features, Panels<const T> z, Panels<T> prediction) {
    const size_t count = features * panel_rows<T>;
    switch (output) {
        case Output::identity: return activate_outputs<T, IdentityOutput>(panels, count, z, prediction);
        case Output::logistic: return activate_outputs<T, LogisticOutput>(panels, count, z, prediction);
        case Output::exp: return activate_outputs<T, ExpOutput>(panels, count, z, prediction);
        case Output::tanh: return activate_outputs<T, TanhOutput>(panels, count, z, prediction);
        case Output::softmax:
            for (size_t panel = 0; panel < panels; ++panel) softmax(features, z[panel], prediction[panel]);
    }
}

template <class T, class Rule>
PELLUCID_INLINE void multiply_by_slope(size_t count, const T* a, T* __restrict d) {
    for (size_t i = 0; i < count; ++i) d[i] *= Rule::slope(a[i]);
}

// ∂L/∂a of one panel becomes ∂L/∂z, in place.
template <class T>
void output_backward(Output output, size_t features, const T* a, T* d) {
    const size_t count = features * panel_rows<T>;
    switch (output) {
        case Output::identity: return;
        case Output::logistic: return multiply_by_slope<T, LogisticOutput>(count, a, d);
        case Output::exp: return multiply_by_slope<T, ExpOutput>(count, a, d);
        case Output::tanh: return multiply_by_slope<T, TanhOutput>(count, a, d);
        case Output::softmax: return softmax_backward(features, a, d);
    }
}

}  // namespace pellucid::PELLUCID_ISA
