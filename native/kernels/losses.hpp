// Losses of a row, summed over the outputs, each with its derivative beside it; panels of shape (features, panel_rows).
//
// Squared, absolute, Huber and quantile losses compare predictions with targets, and the chain rule leads back to z.
// The log-loss and the Poisson loss are computed from z, and their derivative is prediction - target.
#pragma once

#include <limits>

#include "outputs.hpp"

namespace pellucid::PELLUCID_ISA {

struct SquaredError {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, T, T) {
        return static_cast<T>(0.5) * (a - y) * (a - y);
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T) {
        return a - y;
    }
};

struct AbsoluteError {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, T, T) {
        return size_of(a - y);
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T) {
        const T r = a - y;
        return r > 0 ? T(1) : (r < 0 ? T(-1) : (r == 0 ? T(0) : r));
    }
};

struct Huber {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, T delta, T) {
        const T size = size_of(a - y);
        const T near = size > delta ? delta : size;
        return near * (size - static_cast<T>(0.5) * near);
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T delta) {
        const T r = a - y;
        return r > delta ? delta : (r < -delta ? -delta : r);
    }
};

struct Quantile {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, T level, T) {
        const T above = y - a;
        return above > 0 ? level * above : (level - 1) * above;
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T level) {
        const T above = y - a;
        return above > 0 ? -level : (above < 0 ? 1 - level : above * 0);
    }
};

struct Poisson {
    template <class T>
    static PELLUCID_INLINE T value(T z, T a, T y, T, T) {
        return (logarithm(y > 0 ? y : T(1)) - z - 1) * y + a;
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T) {
        return a - y;
    }
};

// (1 - s) y + s / classes
template <class T>
PELLUCID_INLINE T smoothed(T y, T smoothing, T classes) {
    return y * (1 - smoothing) + smoothing / classes;
}

struct LogLossLogistic {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_of_minus_size(z);
    }
    template <class T>
    static PELLUCID_INLINE T value(T z, T, T y, T smoothing, T e) {
        return softplus(z, e) - smoothed(y, smoothing, T(2)) * z;
    }
    template <class T>
    static PELLUCID_INLINE T derivative(T a, T y, T smoothing) {
        return a - smoothed(y, smoothing, T(2));
    }
};

// Clipped: from predictions that come no closer to 0 and 1 than epsilon. NaN passes.
template <class T>
PELLUCID_INLINE T clipped(T a) {
    constexpr T least = std::numeric_limits<T>::epsilon(), most = 1 - least;
    return a < least ? least : (a > most ? most : a);
}

template <class T>
struct Smoothing {
    T share, classes;
};

struct ClippedLogLossLogistic {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, Smoothing<T> by, T) {
        const T p = clipped(a), target = smoothed(y, by.share, by.classes);
        return -target * logarithm(p) - (1 - target) * logarithm(1 - p);
    }
};

struct ClippedLogLossSoftmax {
    template <class T>
    static PELLUCID_INLINE T value(T, T a, T y, Smoothing<T> by, T) {
        return -smoothed(y, by.share, by.classes) * logarithm(clipped(a));
    }
};

// Panels of all that a loss looks at.
template <class T>
struct LossPanels {
    Panels<const T> z, a, y;
};

template <class T, class Rule, class Parameter>
PELLUCID_INLINE void sum_outputs(Parameter parameter, size_t panels, size_t features, LossPanels<T> of, Panels<T> losses) {
    each_panel<T>(panels, features, [&](size_t panel, size_t rows) {
        const T *const z = of.z[panel], *const a = of.a[panel], *const y = of.y[panel];
        T* __restrict const sum = losses[panel];
        for (size_t r = 0; r < rows; ++r) sum[r] = 0;
        in_steps<T, Rule>(features * rows, z, [&](size_t first, size_t length, const T* begun) {
            // rows are a multiple of a piece, or the other way round
            const size_t run = rows < length ? rows : length;
            for (size_t i = first; i < first + length; i += run) {
                T* __restrict const to = sum + i % rows;
                for (size_t r = 0; r < run; ++r) {
                    to[r] += Rule::value(z[i + r], a[i + r], y[i + r], parameter, begun[i - first + r]);
                }
            }
        });
    });
}

template <class T>
PELLUCID_INLINE void clipped_log_loss(T smoothing, Output output, size_t panels, size_t features, LossPanels<T> of,
                                      Panels<T> losses) {
    if (output != Output::softmax) {
        return sum_outputs<T, ClippedLogLossLogistic>(Smoothing<T>{smoothing, 2}, panels, features, of, losses);
    }
    const Smoothing<T> by{smoothing, static_cast<T>(features)};
    sum_outputs<T, ClippedLogLossSoftmax>(by, panels, features, of, losses);
}

// Σ y (max z - z) - log(max p): log Σ exp(z - max z) is -log(max p)
template <class T>
PELLUCID_INLINE void log_loss_softmax(T smoothing, size_t features, const T* z, const T* a, const T* y,
                                      T* __restrict losses) {
    constexpr size_t width = panel_rows<T>;
    const T classes = static_cast<T>(features);
    alignas(64) T most_z[width], most_a[width];
    row_maximum(features, z, most_z);
    row_maximum(features, a, most_a);
    for (size_t r = 0; r < width; ++r) losses[r] = 0;
    for (size_t i = 0; i < features * width; i += width) {
#pragma GCC unroll 1
        for (size_t r = 0; r < width; ++r) losses[r] += smoothed(y[i + r], smoothing, classes) * (most_z[r] - z[i + r]);
    }
#pragma GCC unroll 1
    for (size_t r = 0; r < width; ++r) losses[r] -= logarithm(most_a[r]);
}

// losses[row], unweighted
template <class T>
void loss_rows(LossRule rule, Output output, size_t panels, size_t features, Panels<const T> z, Panels<const T> a,
               Panels<const T> y, Panels<T> losses) {
    const T parameter = static_cast<T>(rule.parameter);
    const LossPanels<T> of{z, a, y};
    switch (rule.kind) {
        case Loss::squared_error: return sum_outputs<T, SquaredError>(parameter, panels, features, of, losses);
        case Loss::absolute_error: return sum_outputs<T, AbsoluteError>(parameter, panels, features, of, losses);
        case Loss::huber: return sum_outputs<T, Huber>(parameter, panels, features, of, losses);
        case Loss::quantile: return sum_outputs<T, Quantile>(parameter, panels, features, of, losses);
        case Loss::poisson: return sum_outputs<T, Poisson>(parameter, panels, features, of, losses);
        case Loss::log_loss:
            if (rule.clipped) return clipped_log_loss(parameter, output, panels, features, of, losses);
            if (output != Output::softmax) {
                return sum_outputs<T, LogLossLogistic>(parameter, panels, features, of, losses);
            }
            for (size_t panel = 0; panel < panels; ++panel) {
                log_loss_softmax(parameter, features, z[panel], a[panel], y[panel], losses[panel]);
            }
    }
}

template <class T, class Rule>
PELLUCID_INLINE void derive(T parameter, size_t count, const T* a, const T* y, T* __restrict d) {
    for (size_t i = 0; i < count; ++i) d[i] = Rule::derivative(a[i], y[i], parameter);
}

template <class T>
PELLUCID_INLINE void derive_log_loss_softmax(T smoothing, size_t features, size_t count, const T* a, const T* y,
                                             T* __restrict d) {
    const T classes = static_cast<T>(features);
    for (size_t i = 0; i < count; ++i) d[i] = a[i] - smoothed(y[i], smoothing, classes);
}

// ∂(loss of the row)/∂z of one panel
template <class T>
PELLUCID_INLINE void panel_delta(LossRule rule, Output output, size_t rows, size_t features, const T* a, const T* y,
                                 T* delta) {
    const T parameter = static_cast<T>(rule.parameter);
    const size_t count = features * rows;
    switch (rule.kind) {
        case Loss::poisson: return derive<T, Poisson>(parameter, count, a, y, delta);
        case Loss::log_loss:
            if (output == Output::softmax) return derive_log_loss_softmax(parameter, features, count, a, y, delta);
            return derive<T, LogLossLogistic>(parameter, count, a, y, delta);
        case Loss::squared_error: derive<T, SquaredError>(parameter, count, a, y, delta); break;
        case Loss::absolute_error: derive<T, AbsoluteError>(parameter, count, a, y, delta); break;
        case Loss::huber: derive<T, Huber>(parameter, count, a, y, delta); break;
        case Loss::quantile: derive<T, Quantile>(parameter, count, a, y, delta); break;
    }
    output_backward(output, rows, features, a, delta);
}

// delta = row_weight · ∂(loss of the row)/∂z
template <class T>
void loss_delta(LossRule rule, Output output, size_t panels, size_t features, Panels<const T> a, Panels<const T> y,
                Panels<const T> row_weight, Panels<T> delta) {
    each_panel<T>(panels, features, [&](size_t panel, size_t rows) {
        const T* const weight = row_weight[panel];
        T* __restrict const d = delta[panel];
        panel_delta(rule, output, rows, features, a[panel], y[panel], d);
        for (size_t i = 0; i < features * rows; i += rows) {
            for (size_t r = 0; r < rows; ++r) d[i + r] *= weight[r];
        }
    });
}

}  // namespace pellucid::PELLUCID_ISA
