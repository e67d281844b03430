// exp, log and their relatives, written without branches so that the compiler runs them on whole vectors.
//
// Coefficients: tools/coefficients.py. Float64 is right to about two units in the last place, float32 likewise.
#pragma once

#include "vector.hpp"

namespace pellucid::PELLUCID_ISA {

template <class T>
struct Numbers;

template <>
struct Numbers<float> {
    using Bits = std::int32_t;
    static constexpr int mantissa_bits = 23;
    static constexpr Bits exponent_bias = 127;
    static constexpr Bits root_half_bits = 0x3f3504f3;  // of √½
    static constexpr float round_magic = 0x1.8p23f;     // adding it rounds to an integer, kept in the low bits
    static constexpr float exp_lowest = -87.0f, exp_highest = 89.0f;
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static constexpr float expm1_tail[] = {0.5f, 0.16666573381900845f, 0.04166655011030512f, 0.008363773874405574f,
                                           0.0013926926614021907f};
    static constexpr float atanh_tail[] = {0.3333333327494159f, 0.20000062799777182f, 0.14275198479809006f,
                                           0.11670971694357281f};
    static constexpr float sin_tail[] = {-1.0f / 6, 1.0f / 120, -1.0f / 5040, 1.0f / 362880, -1.0f / 39916800,
                                         1.0f / 6227020800};
    static constexpr float scaled_erfc[] = {
        1.2329950604883022f,  -0.13962111141094743f, 0.015383842892897707f, 0.06809666149276009f,
        -0.101088254932082f,  0.09373752788484618f,  -0.06611786377912013f, 0.03714649903841068f,
        -0.016617346259919948f, 0.005076290790132089f, -0.00036590831278584125f, -0.0002462804044524691f};
};

template <>
struct Numbers<double> {
    using Bits = std::int64_t;
    static constexpr int mantissa_bits = 52;
    static constexpr Bits exponent_bias = 1023;
    static constexpr Bits root_half_bits = 0x3fe6a09e667f3bcd;
    static constexpr double round_magic = 0x1.8p52;
    static constexpr double exp_lowest = -707.0, exp_highest = 710.0;
    static constexpr double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double expm1_tail[] = {0.5,
                                            0.1666666666666667,
                                            0.04166666666666667,
                                            0.008333333333325544,
                                            0.0013888888888883327,
                                            0.00019841269876864356,
                                            2.4801587327007187e-05,
                                            2.755725283351691e-06,
                                            2.75572718102198e-07,
                                            2.5106274733573296e-08,
                                            2.0915442297780116e-09};
    static constexpr double atanh_tail[] = {0.3333333333333333,  0.19999999999999996, 0.1428571428571793,
                                            0.11111111109855148, 0.09090909307588639, 0.07692286725014484,
                                            0.06667855542504218, 0.05843254458656023, 0.05948279284206082};
    static constexpr double sin_tail[] = {-1.0 / 6,
                                          1.0 / 120,
                                          -1.0 / 5040,
                                          1.0 / 362880,
                                          -1.0 / 39916800,
                                          1.0 / 6227020800,
                                          -1.0 / 1307674368000,
                                          1.0 / 355687428096000,
                                          -1.0 / 121645100408832000,
                                          1.0 / 51090942171709440000.0};
    static constexpr double scaled_erfc[] = {
        1.2329951186255526,     -0.13962111684056228,  0.015379652102619974,   0.06809705425466839,
        -0.10103906603631811,   0.09373283499911264,   -0.06633036581186058,   0.037167515526338006,
        -0.01619773406293477,   0.005031970069102256,  -0.0007577732435942576, -0.0001992571524726518,
        0.00015062142608651945, -2.4397731143023292e-05, -1.1221135665965907e-05, 5.70657829924074e-06,
        2.9173425573089733e-07, -8.210647933297337e-07, 7.771943241086912e-08,  1.0631817593818149e-07,
        -2.0725802488181963e-08, -1.2338731403798444e-08, 3.2323973445082033e-09, 9.297625263709659e-10,
        -2.764120233734578e-10};
};

template <class To, class From>
PELLUCID_INLINE To same_bits(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To result;
    __builtin_memcpy(&result, &value, sizeof(result));
    return result;
}

template <class T>
PELLUCID_INLINE T size_of(T x) {
    return x < 0 ? -x : x;
}

template <class T>
PELLUCID_INLINE T square_root(T x) {
    return static_cast<T>(__builtin_sqrt(x));
}
template <>
PELLUCID_INLINE float square_root(float x) {
    return __builtin_sqrtf(x);
}

// Estrin's scheme, coefficients from the constant upwards: (c₀ + c₁ x) + (c₂ + c₃ x) x² + …, pair by pair. Halves are
// summed side by side, so that the processor need not wait for every step as with Horner's rule.
template <class T, size_t count>
PELLUCID_INLINE T polynomial(T x, const T (&coefficients)[count]) {
    if constexpr (count == 1) {
        return coefficients[0];
    } else {
        T pairs[(count + 1) / 2];
#pragma GCC unroll 16
        for (size_t i = 0; i + 1 < count; i += 2) pairs[i / 2] = coefficients[i + 1] * x + coefficients[i];
        if constexpr (count % 2 == 1) pairs[count / 2] = coefficients[count - 1];
        return polynomial(x * x, pairs);
    }
}

// x = n ln 2 + r with |r| <= ln 2 / 2; what exp and expm1 are made of.
template <class T>
struct ExpParts {
    typename Numbers<T>::Bits n;  // in its low bits: a whole number in the low bits of a float
    T expm1_r;                    // exp(r) - 1

    // 2^(n + more); the sum must be the exponent of a normal number.
    PELLUCID_INLINE T scale(int more = 0) const {
        using N = Numbers<T>;
        const auto bits = static_cast<std::make_unsigned_t<typename N::Bits>>(n) + (N::exponent_bias + more);
        return same_bits<T>(static_cast<typename N::Bits>(bits << N::mantissa_bits));
    }
};

// x must lie between exp_lowest and exp_highest, or be NaN.
template <class T>
PELLUCID_INLINE ExpParts<T> exp_parts(T x) {
    using N = Numbers<T>;
    constexpr T log2_e = static_cast<T>(1.4426950408889634);
    const T shifted = x * log2_e + N::round_magic;
    const T n = shifted - N::round_magic;
    const T r = (x - n * N::ln2_high) - n * N::ln2_low;
    return {same_bits<typename N::Bits>(shifted), r + r * r * polynomial(r, N::expm1_tail)};
}

// Infinite above the largest number, 0 below the smallest normal one, NaN of NaN.
template <class T>
PELLUCID_INLINE T exponential(T x) {
    using N = Numbers<T>;
    T inside = x < N::exp_lowest ? N::exp_lowest : x;
    inside = inside > N::exp_highest ? N::exp_highest : inside;
    const ExpParts<T> parts = exp_parts(inside);
    const T half_scale = parts.scale(-1);  // 2ⁿ itself may be too large
    const T result = (half_scale + half_scale * parts.expm1_r) * 2;
    return x < N::exp_lowest ? T(0) : result;
}

// exp(x) - 1 without cancellation near 0, for x <= exp_highest - 1.
template <class T>
PELLUCID_INLINE T exponential_minus_one(T x) {
    using N = Numbers<T>;
    const ExpParts<T> parts = exp_parts(x < N::exp_lowest ? N::exp_lowest : x);
    const T scale = parts.scale();
    return scale * parts.expm1_r + (scale - 1);
}

// exp(-|x|): between the smallest normal number and 1, and cheaper than exponential.
template <class T>
PELLUCID_INLINE T exponential_of_minus_size(T x) {
    using N = Numbers<T>;
    const T inside = -size_of(x);
    const ExpParts<T> parts = exp_parts(inside < N::exp_lowest ? N::exp_lowest : inside);
    const T scale = parts.scale();
    return scale + scale * parts.expm1_r;
}

// 1 / (1 + exp(-x)), with e = exp(-|x|) on either side of 0
template <class T>
PELLUCID_INLINE T logistic(T x, T e) {
    return (x < 0 ? e : T(1)) / (1 + e);
}

// With m = exp(-2 |x|) - 1, tanh |x| = -m / (2 + m).
template <class T>
PELLUCID_INLINE T hyperbolic_tangent(T x, T m) {
    return (x < 0 ? m : 0 - m) / (2 + m);
}

// 2 atanh(s), for |s| <= 3 - 2√2
template <class T>
PELLUCID_INLINE T twice_atanh(T s) {
    const T s2 = s * s;
    return 2 * s + 2 * s * (s2 * polynomial(s2, Numbers<T>::atanh_tail));
}

// `value` where the condition holds, else 0; by bits, lest the compiler computes what depends on it twice.
template <class T>
PELLUCID_INLINE T only_if(bool condition, T value) {
    using Bits = typename Numbers<T>::Bits;
    return same_bits<T>(static_cast<Bits>(-static_cast<Bits>(condition) & same_bits<Bits>(value)));
}

// log(1 + u) for 0 <= u <= 1; where u is large, as log 2 + log((1 + u) / 2)
template <class T>
PELLUCID_INLINE T log_one_plus(T u) {
    constexpr T root2_minus_1 = static_cast<T>(0.41421356237309503);
    constexpr T ln2 = static_cast<T>(0.6931471805599453);
    const bool is_large = u > root2_minus_1;
    const T one = only_if(is_large, T(1));
    return only_if(is_large, ln2) + twice_atanh((u - one) / (u + 2 + one));
}

// log(1 + exp(x)), with e = exp(-|x|)
template <class T>
PELLUCID_INLINE T softplus(T x, T e) {
    return (x < 0 ? T(0) : x) + log_one_plus(e);
}

// log(x) for normal, positive x; -inf of 0, NaN of negative numbers and NaN.
template <class T>
PELLUCID_INLINE T logarithm(T x) {
    using N = Numbers<T>;
    using Bits = typename N::Bits;
    using Unsigned = std::make_unsigned_t<Bits>;
    constexpr auto one_bits = static_cast<Unsigned>(N::exponent_bias) << N::mantissa_bits;
    constexpr auto root_half_bits = static_cast<Unsigned>(N::root_half_bits);
    const Unsigned bits = same_bits<Unsigned>(x) + (one_bits - root_half_bits);
    const Unsigned biased = bits >> N::mantissa_bits;
    const Unsigned mantissa = (bits & ((Unsigned(1) << N::mantissa_bits) - 1)) + root_half_bits;
    const T m = same_bits<T>(mantissa);
    const Unsigned shifted = same_bits<Unsigned>(N::round_magic) + biased;  // the exponent, in the low bits of a number
    const T e = same_bits<T>(shifted) - N::round_magic - N::exponent_bias;
    const T result = e * N::ln2_high + (e * N::ln2_low + twice_atanh((m - 1) / (m + 1)));
    const T infinity = static_cast<T>(__builtin_inf());
    return x > 0 ? (x < infinity ? result : x) : (x == 0 ? -infinity : static_cast<T>(__builtin_nan("")));
}

// sin(2π u) for |u| <= ¼: its series, which ends below the last place
template <class T>
PELLUCID_INLINE T sine_of_quarter(T u) {
    const T s = u * static_cast<T>(6.283185307179586);
    const T s2 = s * s;
    return s + s * s2 * polynomial(s2, Numbers<T>::sin_tail);
}

// t less the nearest whole number, for |t| <= 2²² (float32) or 2⁵¹; between -½ and ½ always, NaN of NaN
template <class T>
PELLUCID_INLINE T fraction_of_turn(T t) {
    const T r = t - ((t + Numbers<T>::round_magic) - Numbers<T>::round_magic);
    constexpr T half = static_cast<T>(0.5);
    return r < -half ? -half : (r > half ? half : r);
}

// cos(2π r) and sin(2π r) for |r| <= ½
template <class T>
PELLUCID_INLINE T cosine_of_turn(T r) {
    return sine_of_quarter(static_cast<T>(0.25) - size_of(r));
}
template <class T>
PELLUCID_INLINE T sine_of_turn(T r) {
    const T size = size_of(r);
    const T near = size > static_cast<T>(0.25) ? static_cast<T>(0.5) - size : size;
    return sine_of_quarter(r < 0 ? -near : near);
}

// exp(x²) erfc(x) for x >= 0
template <class T>
PELLUCID_INLINE T scaled_erfc(T x) {
    const T t = (x - 4) / (x + 4);
    return polynomial(t, Numbers<T>::scaled_erfc) / (1 + 2 * x);
}

// Φ(x), the standard normal distribution function, with e = exp(-x² / 2)
template <class T>
PELLUCID_INLINE T normal_distribution(T x, T e) {
    constexpr T root_half = static_cast<T>(0.7071067811865476);
    const T size = size_of(x) * root_half;
    const T tail = static_cast<T>(0.5) * scaled_erfc(size > 40 ? T(40) : size) * e;
    return x > 0 ? 1 - tail : tail;
}

// --- functions in two steps -------------------------------------------------------------------------------------------
//
// An exponential and what is made of it (a quotient, a logarithm) are a long chain of dependent operations, and a
// processor holds only a few of these at a time. So a rule may have two steps, `begin` and `end`: a piece of numbers
// goes through the first and then through the second.

template <class Rule, class T>
concept HasTwoSteps = requires(T z) { Rule::begin(z); };

constexpr size_t step_piece = 128;

// Calls finish(first, count, begun) for pieces of the `count` numbers of z; begun[i] is begin(z[first + i]).
template <class T, class Rule, class Finish>
PELLUCID_INLINE void in_steps(size_t count, const T* z, const Finish& finish) {
    alignas(64) T begun[step_piece];
    for (size_t first = 0; first < count; first += step_piece) {
        const size_t length = count - first < step_piece ? count - first : step_piece;
        if constexpr (HasTwoSteps<Rule, T>) {
            for (size_t i = 0; i < length; ++i) begun[i] = Rule::begin(z[first + i]);
        }
        finish(first, length, begun);
    }
}

}  // namespace pellucid::PELLUCID_ISA
