#include "limits.hpp"

#include <chrono>

namespace pellucid {

namespace {

// Repeats the work until the seconds are over; returns how much of it was done a second, in 10⁹.
template <class Work>
double billions_a_second(double amount, double seconds, const Work& work) {
    const auto began = std::chrono::steady_clock::now();
    double done = 0, passed = 0;
    do {
        work();
        done += amount;
        passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    } while (passed < seconds);
    return done / passed / 1e9;
}

// A result that somebody may look at, so that no compiler leaves the work out.
template <class T>
void keep(T value) {
    [[maybe_unused]] thread_local volatile T kept;
    kept = value;
}

}  // namespace

template <class T>
double fma_peak(const Kernels<T>& kernels, double seconds) {
    constexpr std::size_t repeats = 20'000;  // some 0.1 milliseconds: the clock costs nothing beside it
    return billions_a_second(static_cast<double>(repeats * kernels.multiply_add_flops), seconds,
                             [&] { keep(kernels.multiply_adds(repeats, T(0.5), T(1))); });
}

template double fma_peak(const Kernels<float>&, double);
template double fma_peak(const Kernels<double>&, double);

Bandwidth memory_bandwidth(const Kernels<double>& kernels, double* values, std::size_t count, double seconds) {
    constexpr std::size_t step = 128;
    const std::size_t all = count / step * step, third = count / 3 / step * step;
    Bandwidth bandwidth;
    bandwidth.read = billions_a_second(static_cast<double>(all * sizeof(double)), seconds / 2,
                                       [&] { keep(kernels.read_all(all, values)); });
    bandwidth.triad = billions_a_second(static_cast<double>(3 * third * sizeof(double)), seconds / 2, [&] {
        kernels.triad(third, values, values + third, 0.5, values + 2 * third);
    });
    return bandwidth;
}

}  // namespace pellucid
