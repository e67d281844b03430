// Output activations, and the chain rule back through them; panels of shape (features, panel_rows).
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// The largest z of each row; a NaN wins, as in NumPy.
template <class T>
PELLUCID_INLINE void row_maximum(size_t features, const T* z, T* most) {
    constexpr size_t width = panel_rows<T>;
    for (size_t v = 0; v < width; v += lanes<T>) {
        Vector<T> largest = load(z + v);
        for (size_t j = 1; j < features; ++j) {
            const Vector<T> value = load(z + j * width + v);
            largest = (value > largest) | (value != value) ? value : largest;
        }
        store(most + v, largest);
    }
}

// Σⱼ x y of each row
template <class T>
PELLUCID_INLINE void row_products(size_t features, const T* x, const T* y, T* sums) {
    constexpr size_t width = panel_rows<T>;
    for (size_t v = 0; v < width; v += lanes<T>) {
        Vector<T> sum = {};
        for (size_t i = v; i < features * width; i += width) sum += load(x + i) * load(y + i);
        store(sums + v, sum);
    }
}

// aᵢ = exp(zᵢ - max z) / Σⱼ exp(zⱼ - max z)
template <class T>
PELLUCID_INLINE void softmax(size_t features, const T* z, T* __restrict a) {
    constexpr size_t width = panel_rows<T>;
    alignas(64) T most[width];
    row_maximum(features, z, most);
    for (size_t i = 0; i < features * width; i += width) {
#pragma GCC unroll 1
        for (size_t r = 0; r < width; ++r) a[i + r] = exponential(z[i + r] - most[r]);
    }
    for (size_t v = 0; v < width; v += lanes<T>) {
        Vector<T> sum = {};
        for (size_t i = v; i < features * width; i += width) sum += load(a + i);
        const Vector<T> scale = 1 / sum;
        for (size_t i = v; i < features * width; i += width) store(a + i, load(a + i) * scale);
    }
}

// ∂L/∂zᵢ = aᵢ (∂L/∂aᵢ - Σⱼ aⱼ ∂L/∂aⱼ), d in place
template <class T>
PELLUCID_INLINE void softmax_backward(size_t features, const T* a, T* d) {
    constexpr size_t width = panel_rows<T>;
    alignas(64) T sums[width];
    row_products(features, a, d, sums);
    for (size_t v = 0; v < width; v += lanes<T>) {
        const Vector<T> sum = load(sums + v);
        for (size_t i = v; i < features * width; i += width) store(d + i, load(a + i) * (load(d + i) - sum));
    }
}

struct IdentityOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z, T) {
        return z;
    }
    template <class T>
    static PELLUCID_INLINE T slope(T) {
        return 1;
    }
};

struct LogisticOutput {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_of_minus_size(z);
    }
    template <class T>
    static PELLUCID_INLINE T value(T z, T e) {
        return logistic(z, e);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return a * (1 - a);
    }
};

struct ExpOutput {
    template <class T>
    static PELLUCID_INLINE T value(T z, T) {
        return exponential(z);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return a;
    }
};

struct TanhOutput {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_minus_one(-2 * size_of(z));
    }
    template <class T>
    static PELLUCID_INLINE T value(T z, T m) {
        return hyperbolic_tangent(z, m);
    }
    template <class T>
    static PELLUCID_INLINE T slope(T a) {
        return 1 - a * a;
    }
};

// Calls work(panel, rows) for every panel; panels of one feature lie side by side and are one long panel.
template <class T, class Work>
PELLUCID_INLINE void each_panel(size_t panels, size_t features, const Work& work) {
    if (features == 1) return work(0, panels * panel_rows<T>);
    for (size_t panel = 0; panel < panels; ++panel) work(panel, panel_rows<T>);
}

template <class T, class Rule>
PELLUCID_INLINE void activate_outputs(size_t panels, size_t features, Panels<const T> z, Panels<T> prediction) {
    each_panel<T>(panels, features, [&](size_t panel, size_t rows) {
        in_steps<T, Rule>(features * rows, z[panel], [&](size_t first, size_t length, const T* begun) {
            const T* const from = z[panel] + first;
            T* __restrict const to = prediction[panel] + first;
            for (size_t i = 0; i < length; ++i) to[i] = Rule::value(from[i], begun[i]);
        });
    });
}

// prediction = output activation of z
template <class T>
void output_activate(Output output, size_t panels, size_t features, Panels<const T> z, Panels<T> prediction) {
    switch (output) {
        case Output::identity: return activate_outputs<T, IdentityOutput>(panels, features, z, prediction);
        case Output::logistic: return activate_outputs<T, LogisticOutput>(panels, features, z, prediction);
        case Output::exp: return activate_outputs<T, ExpOutput>(panels, features, z, prediction);
        case Output::tanh: return activate_outputs<T, TanhOutput>(panels, features, z, prediction);
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
PELLUCID_INLINE void output_backward(Output output, size_t rows, size_t features, const T* a, T* d) {
    const size_t count = features * rows;
    switch (output) {
        case Output::identity: return;
        case Output::logistic: return multiply_by_slope<T, LogisticOutput>(count, a, d);
        case Output::exp: return multiply_by_slope<T, ExpOutput>(count, a, d);
        case Output::tanh: return multiply_by_slope<T, TanhOutput>(count, a, d);
        case Output::softmax:
            for (size_t row = 0; row < rows; row += panel_rows<T>) softmax_backward(features, a + row, d + row);
    }
}

}  // namespace pellucid::PELLUCID_ISA
