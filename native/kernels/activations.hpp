// Activations, each with its derivative beside it.
//
// Where the derivative follows from a = g(z), the backward pass computes it from a (`slope_of`). Where it does not, the
// forward pass, which has z and most of the work at hand, keeps g'(z). Rules with exponentials take two steps.
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"
#include "tile.hpp"

namespace pellucid::PELLUCID_ISA {

// g(z) and g'(z).
template <class T>
struct Activated {
    T value;
    T slope;
};

struct IdentityRule {
    template <class T>
    static PELLUCID_INLINE Activated<T> at(T z, T) {
        return {z, T(1)};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T, T) {
        return 1;
    }
};

struct LogisticRule {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_of_minus_size(z);
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T e, T) {
        const T a = logistic(z, e);
        return {a, slope_of(a, T(0))};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T) {
        return a * (1 - a);
    }
};

struct TanhRule {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_minus_one(-2 * size_of(z));
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T m, T) {
        const T a = hyperbolic_tangent(z, m);
        return {a, slope_of(a, T(0))};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T) {
        return 1 - a * a;
    }
};

struct ReluRule {
    template <class T>
    static PELLUCID_INLINE Activated<T> at(T z, T) {
        return {z < 0 ? T(0) : z, z > 0 ? T(1) : T(0)};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T) {
        return a > 0 ? T(1) : T(0);
    }
};

struct LeakyReluRule {
    template <class T>
    static PELLUCID_INLINE Activated<T> at(T z, T slope) {
        return {z > 0 ? z : slope * z, z > 0 ? T(1) : slope};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T slope) {
        return a > 0 ? T(1) : slope;
    }
};

struct EluRule {
    template <class T>
    static PELLUCID_INLINE Activated<T> at(T z, T alpha) {
        const T a = z > 0 ? z : alpha * exponential_minus_one(z > 0 ? T(0) : z);
        return {a, slope_of(a, alpha)};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T alpha) {
        return a > 0 ? T(1) : a + alpha;
    }
};

struct SeluRule {
    template <class T>
    static constexpr T scale = static_cast<T>(1.0507009873554804934193349852946);
    template <class T>
    static constexpr T scaled_alpha = static_cast<T>(1.0507009873554804934193349852946 * 1.6732632423543772848170429916717);

    template <class T>
    static PELLUCID_INLINE Activated<T> at(T z, T) {
        const T a = z > 0 ? scale<T> * z : scaled_alpha<T> * exponential_minus_one(z > 0 ? T(0) : z);
        return {a, slope_of(a, T(0))};
    }
    template <class T>
    static PELLUCID_INLINE T slope_of(T a, T) {
        return a > 0 ? scale<T> : a + scaled_alpha<T>;
    }
};

struct SoftplusRule {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_of_minus_size(z);
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T e, T) {
        return {softplus(z, e), logistic(z, e)};
    }
};

struct GeluRule {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential(static_cast<T>(-0.5) * z * z);
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T e, T) {
        constexpr T density = static_cast<T>(0.3989422804014327);  // of the normal distribution at 0
        const T share = normal_distribution(z, e);
        return {z * share, share + z * (density * e)};
    }
};

struct SiluRule {
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential_of_minus_size(z);
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T e, T) {
        const T s = logistic(z, e);
        return {z * s, s * (1 + z * (1 - s))};
    }
};

struct MishRule {
    // With e = exp(z) and w = e (e + 2): tanh(softplus(z)) = w / (w + 2), its derivative 4 e (e + 1) / (w + 2)².
    template <class T>
    static PELLUCID_INLINE T begin(T z) {
        return exponential(z > 20 ? T(20) : z);
    }
    template <class T>
    static PELLUCID_INLINE Activated<T> end(T z, T e, T) {
        const T w = e * (e + 2);
        const T t = w / (w + 2);
        return {z * t, t + z * (4 * e * (e + 1)) / ((w + 2) * (w + 2))};
    }
};

template <class T, class Rule>
PELLUCID_INLINE Activated<T> activated(T z, T begun, T parameter) {
    if constexpr (HasTwoSteps<Rule, T>) {
        return Rule::end(z, begun, parameter);
    } else {
        return Rule::at(z, parameter);
    }
}

template <class T, class Rule>
PELLUCID_INLINE void activate_all(T parameter, size_t count, T* z_to_a, T* slopes) {
    in_steps<T, Rule>(count, z_to_a, [&](size_t first, size_t length, const T* begun) {
        T* __restrict z = z_to_a + first;
        if (slopes) {
            T* __restrict slope = slopes + first;
            for (size_t i = 0; i < length; ++i) {
                const Activated<T> done = activated<T, Rule>(z[i], begun[i], parameter);
                z[i] = done.value;
                slope[i] = done.slope;
            }
        } else {
            for (size_t i = 0; i < length; ++i) z[i] = activated<T, Rule>(z[i], begun[i], parameter).value;
        }
    });
}

// z ← g(z), and slope = g'(z) where it is kept.
template <class T>
void activate(ActivationRule rule, size_t count, T* z_to_a, T* slope) {
    const T parameter = static_cast<T>(rule.parameter);
    switch (rule.kind) {
        case Activation::identity: return activate_all<T, IdentityRule>(parameter, slope ? count : 0, z_to_a, slope);
        case Activation::logistic: return activate_all<T, LogisticRule>(parameter, count, z_to_a, slope);
        case Activation::tanh: return activate_all<T, TanhRule>(parameter, count, z_to_a, slope);
        case Activation::relu: return activate_all<T, ReluRule>(parameter, count, z_to_a, slope);
        case Activation::leaky_relu: return activate_all<T, LeakyReluRule>(parameter, count, z_to_a, slope);
        case Activation::elu: return activate_all<T, EluRule>(parameter, count, z_to_a, slope);
        case Activation::selu: return activate_all<T, SeluRule>(parameter, count, z_to_a, slope);
        case Activation::softplus: return activate_all<T, SoftplusRule>(parameter, count, z_to_a, slope);
        case Activation::gelu: return activate_all<T, GeluRule>(parameter, count, z_to_a, slope);
        case Activation::silu: return activate_all<T, SiluRule>(parameter, count, z_to_a, slope);
        case Activation::mish: return activate_all<T, MishRule>(parameter, count, z_to_a, slope);
    }
}

template <class T, class Rule>
PELLUCID_INLINE void activate_backward_all(T parameter, size_t count, const T* __restrict a, T* __restrict d) {
    for (size_t i = 0; i < count; ++i) d[i] *= Rule::slope_of(a[i], parameter);
}

// d ← d · g'(z), from a = g(z); for the activations of which no slope is kept.
template <class T>
void activate_backward(ActivationRule rule, size_t count, const T* a, T* d) {
    const T parameter = static_cast<T>(rule.parameter);
    switch (rule.kind) {
        case Activation::logistic: return activate_backward_all<T, LogisticRule>(parameter, count, a, d);
        case Activation::tanh: return activate_backward_all<T, TanhRule>(parameter, count, a, d);
        case Activation::relu: return activate_backward_all<T, ReluRule>(parameter, count, a, d);
        case Activation::leaky_relu: return activate_backward_all<T, LeakyReluRule>(parameter, count, a, d);
        case Activation::elu: return activate_backward_all<T, EluRule>(parameter, count, a, d);
        case Activation::selu: return activate_backward_all<T, SeluRule>(parameter, count, a, d);
        default: return;
    }
}

// a parametric activation's part: see core/kernels.hpp
template <class T>
void bend_activation(size_t features, const T* alpha, T* bend, T* a, T* slope) {
    constexpr size_t width = panel_rows<T>;
    for (size_t j = 0; j < features; ++j) {
        const T share = alpha[j];
        for (size_t i = j * width; i < (j + 1) * width; ++i) {
            const T z = bend[i];
            bend[i] = a[i] - z;
            a[i] = z + bend[i] * share;
        }
        if (!slope) continue;
        for (size_t i = j * width; i < (j + 1) * width; ++i) slope[i] = 1 + (slope[i] - 1) * share;
    }
}

// one row that is in no panel
template <class T>
void bend_row(size_t features, const T* alpha, const T* z, T* __restrict a) {
    for (size_t j = 0; j < features; ++j) a[j] = z[j] + (a[j] - z[j]) * alpha[j];
}

template <class T>
void multiply(size_t count, const T* __restrict factor, T* __restrict values) {
    for (size_t i = 0; i < count; ++i) values[i] *= factor[i];
}

}  // namespace pellucid::PELLUCID_ISA
