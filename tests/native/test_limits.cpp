// The measuring loops: they compute what they say, and what they measure is a speed.
#include "../../native/core/limits.hpp"
#include "check.hpp"

using namespace pellucid;

namespace {

template <class T>
void check_multiply_adds(const Kernels<T>& kernels) {
    const double numbers = static_cast<double>(kernels.multiply_add_flops) / 2;  // one multiply-add each
    CHECK(kernels.multiply_add_flops % 24 == 0);
    CHECK(kernels.multiply_adds(0, T(0.5), T(1)) == T(numbers * 5.5));  // twelve sums start from 0 … 11
    CHECK(kernels.multiply_adds(1, T(0.5), T(1)) == T(numbers * 3.75));
    CHECK(is_near(kernels.multiply_adds(1000, T(0.5), T(1)), 2 * numbers, 1e-6));
}

template <class T>
void check_reading_and_writing(const Kernels<T>& kernels) {
    constexpr std::size_t count = 384;
    std::vector<T> a(count), b(count), to(count + 1, T(7));
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        a[i] = static_cast<T>(i);
        b[i] = static_cast<T>(2 * i + 1);
        sum += static_cast<double>(i);
    }
    CHECK(kernels.read_all(count, a.data()) == T(sum));
    CHECK(kernels.read_all(0, a.data()) == T(0));
    kernels.triad(count, a.data(), b.data(), T(0.5), to.data());
    for (std::size_t i = 0; i < count; ++i) CHECK(to[i] == a[i] + T(0.5) * b[i]);
    CHECK(to[count] == T(7));
}

void check_speeds(const KernelSet& set) {
    CHECK(fma_peak(*set.float32, 1e-3) > 0 && std::isfinite(fma_peak(*set.float32, 1e-3)));
    CHECK(fma_peak(*set.float64, 0.0) > 0);  // at least once, however short the time
    std::vector<double> values(1000, 1.0);
    const Bandwidth bandwidth = memory_bandwidth(*set.float64, values.data(), values.size(), 1e-3);
    CHECK(bandwidth.read > 0 && std::isfinite(bandwidth.read));
    CHECK(bandwidth.triad > 0 && std::isfinite(bandwidth.triad));
    for (std::size_t i = 0; i < 512; ++i) CHECK(values[i] == 1.0);  // the first two thirds are only read
    for (std::size_t i = 512; i < 768; ++i) CHECK(values[i] == 1.5);
    for (std::size_t i = 768; i < 1000; ++i) CHECK(values[i] == 1.0);
}

}  // namespace

int main() {
    for (const KernelSet* set : all_kernel_sets()) {
        check_multiply_adds(*set->float32);
        check_multiply_adds(*set->float64);
        check_reading_and_writing(*set->float32);
        check_reading_and_writing(*set->float64);
        check_speeds(*set);
    }
}
