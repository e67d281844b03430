// Optimisers: what a gradient g does to the parameters θ, with learning rate η, element by element.
#pragma once

#include "../core/kernels.hpp"
#include "elementary.hpp"

namespace pellucid::PELLUCID_ISA {

// g ← share · g + l2 · θ + l1 · sign(θ)
template <class T>
void finish_gradient(GradientRule rule, size_t count, const T* theta, T* __restrict g) {
    const T share = static_cast<T>(rule.share), l1 = static_cast<T>(rule.l1), l2 = static_cast<T>(rule.l2);
    if (rule.l1 == 0 && rule.l2 == 0) {
        if (rule.share == 1) return;
        for (size_t i = 0; i < count; ++i) g[i] *= share;
    } else if (rule.l1 == 0) {
        for (size_t i = 0; i < count; ++i) g[i] = g[i] * share + l2 * theta[i];
    } else {
        for (size_t i = 0; i < count; ++i) {
            const T sign = theta[i] > 0 ? T(1) : (theta[i] < 0 ? T(-1) : T(0));
            g[i] = g[i] * share + (l2 * theta[i] + l1 * sign);
        }
    }
}

// θ ← θ - η g
template <class T>
PELLUCID_INLINE void gradient_descent_step(T rate, T scale, size_t count, T* __restrict theta, const T* g) {
    for (size_t i = 0; i < count; ++i) theta[i] -= rate * (scale * g[i]);
}

// v ← μ v - η g;  θ ← θ + v
template <class T>
PELLUCID_INLINE void momentum_step(T rate, T scale, T mu, size_t count, T* __restrict theta, const T* g,
                                   T* __restrict v) {
    for (size_t i = 0; i < count; ++i) {
        v[i] = mu * v[i] - rate * (scale * g[i]);
        theta[i] += v[i];
    }
}

// v ← μ v - η g;  θ ← θ + μ v - η g
template <class T>
PELLUCID_INLINE void nesterov_step(T rate, T scale, T mu, size_t count, T* __restrict theta, const T* g,
                                   T* __restrict v) {
    for (size_t i = 0; i < count; ++i) {
        const T descent = rate * (scale * g[i]);
        v[i] = mu * v[i] - descent;
        theta[i] += mu * v[i] - descent;
    }
}

// s ← s + g²;  θ ← θ - η g / (√s + ε)
template <class T>
PELLUCID_INLINE void adagrad_step(T rate, T scale, T epsilon, size_t count, T* __restrict theta, const T* g,
                                  T* __restrict s) {
    for (size_t i = 0; i < count; ++i) {
        const T slope = scale * g[i];
        s[i] += slope * slope;
        theta[i] -= rate * slope / (square_root(s[i]) + epsilon);
    }
}

// s ← ρ s + (1 - ρ) g²;  θ ← θ - η g / (√s + ε)
template <class T>
PELLUCID_INLINE void rmsprop_step(T rate, T scale, T rho, T one_minus_rho, T epsilon, size_t count,
                                  T* __restrict theta, const T* g, T* __restrict s) {
    for (size_t i = 0; i < count; ++i) {
        const T slope = scale * g[i];
        s[i] = rho * s[i] + one_minus_rho * slope * slope;
        theta[i] -= rate * slope / (square_root(s[i]) + epsilon);
    }
}

// θ ← decay · θ;  m ← β₁ m + (1 - β₁) g;  s ← β₂ s + (1 - β₂) g²;  θ ← θ - step_size · m / (√s + ε)
template <class T>
PELLUCID_INLINE void adam_step(const UpdateRule& rule, T decay, size_t count, T* __restrict theta, const T* g,
                               T* __restrict m, T* __restrict s) {
    const T scale = static_cast<T>(rule.gradient_scale), step_size = static_cast<T>(rule.step_size);
    const T beta_1 = static_cast<T>(rule.optimizer.first), one_minus_1 = static_cast<T>(1 - rule.optimizer.first);
    const T beta_2 = static_cast<T>(rule.optimizer.second), one_minus_2 = static_cast<T>(1 - rule.optimizer.second);
    const T epsilon = static_cast<T>(rule.optimizer.epsilon);
    for (size_t i = 0; i < count; ++i) {
        const T slope = scale * g[i];
        m[i] = beta_1 * m[i] + one_minus_1 * slope;
        s[i] = beta_2 * s[i] + one_minus_2 * slope * slope;
        theta[i] = decay * theta[i] - step_size * m[i] / (square_root(s[i]) + epsilon);
    }
}

// θ̄ ← kept · θ̄ + (1 - kept) · θ
template <class T>
void average(size_t count, double kept, const T* theta, T* __restrict averaged) {
    const T old_share = static_cast<T>(kept), new_share = static_cast<T>(1 - kept);
    for (size_t i = 0; i < count; ++i) averaged[i] = old_share * averaged[i] + new_share * theta[i];
}

// One step of a piece of the parameter vector. `first` and `second` are the optimiser's memory, as far as it has any.
template <class T>
void update(const UpdateRule& rule, size_t count, T* theta, const T* g, T* first, T* second) {
    const OptimizerRule& optimizer = rule.optimizer;
    const T rate = static_cast<T>(rule.learning_rate), scale = static_cast<T>(rule.gradient_scale);
    const T decay = static_cast<T>(optimizer.first), epsilon = static_cast<T>(optimizer.epsilon);
    switch (optimizer.kind) {
        case Optimizer::gradient_descent: return gradient_descent_step(rate, scale, count, theta, g);
        case Optimizer::momentum: return momentum_step(rate, scale, decay, count, theta, g, first);
        case Optimizer::nesterov: return nesterov_step(rate, scale, decay, count, theta, g, first);
        case Optimizer::adagrad: return adagrad_step(rate, scale, epsilon, count, theta, g, first);
        case Optimizer::rmsprop: {
            const T rest = static_cast<T>(1 - optimizer.first);
            return rmsprop_step(rate, scale, decay, rest, epsilon, count, theta, g, first);
        }
        case Optimizer::adam: return adam_step(rule, T(1), count, theta, g, first, second);
        case Optimizer::adamw: {
            const T kept = static_cast<T>(1 - rule.learning_rate * optimizer.weight_decay);
            return adam_step(rule, kept, count, theta, g, first, second);
        }
    }
}

}  // namespace pellucid::PELLUCID_ISA
