// Element by element: activations against the C library, gathers and masks against loops.
#include "../../native/core/workspace.hpp"
#include "check.hpp"

using namespace pellucid;

namespace {

double reference(Activation kind, double z) {
    const double s = 1 / (1 + std::exp(-z)), softplus = std::fmax(z, 0) + std::log1p(std::exp(-std::abs(z)));
    switch (kind) {
        case Activation::identity: return z;
        case Activation::logistic: return s;
        case Activation::tanh: return std::tanh(z);
        case Activation::relu: return std::fmax(z, 0);
        case Activation::leaky_relu: return z > 0 ? z : 0.25 * z;
        case Activation::elu: return z > 0 ? z : 0.25 * std::expm1(z);
        case Activation::selu: return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * std::expm1(z));
        case Activation::softplus: return softplus;
        case Activation::gelu: return 0.5 * z * std::erfc(-z / std::sqrt(2.0));
        case Activation::silu: return z * s;
        case Activation::mish: return z * std::tanh(softplus);
    }
    return z;
}

template <class T>
void check_activations(const Kernels<T>& k) {
    constexpr std::size_t count = 4096;
    const double tolerance = (sizeof(T) == 4 ? 1.2e-7 : 2.3e-16) * 4;
    Buffer<T> z(count), a(count), slope(count), higher(count), lower(count), d(count);
    for (std::size_t i = 0; i < count; ++i) z[i] = static_cast<T>((double(i) - 2048) / 64);
    for (int kind = 0; kind <= static_cast<int>(Activation::mish); ++kind) {
        const ActivationRule rule{static_cast<Activation>(kind), 0.25};
        std::copy_n(z.data(), count, a.data());
        std::fill_n(d.data(), count, T(1));
        k.activate(rule, count, a.data(), slope.data());
        k.activate_backward(rule, count, a.data(), d.data());
        for (std::size_t i = 0; i < count; ++i) {
            const double x = static_cast<double>(z[i]), h = 1e-5;
            CHECK(is_near(a[i], reference(rule.kind, x), tolerance));
            if (std::abs(x) < 2 * h) continue;
            const double difference = (reference(rule.kind, x + h) - reference(rule.kind, x - h)) / (2 * h);
            CHECK(is_near(slope[i], difference, sizeof(T) == 4 ? 1e-5 : 1e-8));
            const bool keeps_slope = rule.kind >= Activation::softplus || rule.kind == Activation::identity;
            if (!keeps_slope) CHECK(is_near(d[i], difference, sizeof(T) == 4 ? 1e-5 : 1e-8));
        }
    }
}

template <class T>
void check_not_finite(const Kernels<T>& k) {
    const T nan = std::numeric_limits<T>::quiet_NaN(), infinity = std::numeric_limits<T>::infinity();
    for (int kind = 0; kind <= static_cast<int>(Activation::mish); ++kind) {
        Buffer<T> a(64);
        std::fill_n(a.data(), 64, nan);
        k.activate({static_cast<Activation>(kind), 0.25}, 64, a.data(), nullptr);
        for (std::size_t i = 0; i < 64; ++i) CHECK(std::isnan(a[i]));
    }
    Buffer<T> values(100);
    CHECK(k.all_finite(100, values.data()));
    for (const T bad : {nan, infinity, -infinity}) {
        values[97] = bad;
        CHECK(!k.all_finite(100, values.data()));
    }
}

template <class T>
void check_gather(const Kernels<T>& k) {
    for (std::size_t features : {1, 2, 3, 8, 19, 40}) {
        std::vector<T> data(k.panel_rows * features), back(data.size());
        fill(data.data(), data.size(), 7);
        for (std::size_t count = 1; count <= k.panel_rows; ++count) {
            Buffer<T> panel(features * k.panel_rows);
            std::fill_n(panel.data(), panel.size(), T(9));
            std::vector<std::uint32_t> backwards;
            std::vector<T*> to;
            for (std::size_t r = 0; r < count; ++r) {
                backwards.push_back(static_cast<std::uint32_t>(count - 1 - r));
                to.push_back(back.data() + (count - 1 - r) * features);
            }
            const auto check = [&](auto place) {
                for (std::size_t j = 0; j < features; ++j) {
                    for (std::size_t r = 0; r < k.panel_rows; ++r) {
                        CHECK(panel[j * k.panel_rows + r] == (r < count ? data[place(r) * features + j] : T(0)));
                    }
                }
            };
            k.gather({data.data(), features, nullptr}, count, features, panel.data());
            check([](std::size_t r) { return r; });
            k.gather({data.data(), features, backwards.data()}, count, features, panel.data());
            check([&](std::size_t r) { return count - 1 - r; });
            k.scatter(panel.data(), count, features, to.data());
            CHECK(std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count * features), back.begin()));
        }
    }
}

// The first two words of seed 0 are e220… (kept at rate ½) and 6e78… (dropped), as pellucid.textbook.dropout says.
template <class T>
void check_dropout(const Kernels<T>& k) {
    Buffer<T> mask(4 * k.panel_rows);
    k.dropout_mask({0, std::uint64_t{1} << 63, 2.0}, 0, 4, mask.data());
    CHECK(mask[0] == T(2));
    CHECK(mask[k.panel_rows] == T(0));
    Buffer<T> later(4 * k.panel_rows);
    k.dropout_mask({0, std::uint64_t{1} << 63, 2.0}, 1, 4, later.data());
    for (std::size_t j = 0; j < 4; ++j) CHECK(later[j * k.panel_rows] == mask[j * k.panel_rows + 1]);
}

}  // namespace

int main() {
    for (const KernelSet* set : all_kernel_sets()) {
        check_activations(*set->float32);
        check_activations(*set->float64);
        check_not_finite(*set->float32);
        check_not_finite(*set->float64);
        check_gather(*set->float32);
        check_gather(*set->float64);
        check_dropout(*set->float32);
        check_dropout(*set->float64);
    }
}
