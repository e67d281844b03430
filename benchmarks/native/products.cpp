// The three products of one dense layer, in GFLOP/s and in shares of this processor's measured FMA peak, one thread; for
// float32 those on bfloat16 numbers as well, rounding and pairing included, in shares of float32's peak.
//
//     products [isa] [inputs] [outputs] [rows]
//
// Built with -DPELLUCID_TESTS=ON. Each figure is the median of 15 turns, product after product and peak between them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "../../native/core/isa.hpp"
#include "../../native/core/workspace.hpp"

using namespace pellucid;

namespace {

double seconds_of(const std::function<void()>& work) {
    const auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

// A product that stays in the first cache and needs no edges: what the multipliers can do at most.
template <class T>
struct Peak {
    static constexpr std::size_t length = 256;
    explicit Peak(const Kernels<T>& kernels)
        : kernels(kernels), x(1, length, kernels.panel_rows), z(1, kernels.tile_outputs, kernels.panel_rows),
          packed(kernels.packed_size(length, kernels.tile_outputs)), bias(kernels.tile_outputs) {}

    double flops() const { return 2.0 * repeats * length * kernels.tile_outputs * kernels.panel_rows; }
    void run() const {
        const Weights<T> weights{packed.data(), packed.data(), length, kernels.tile_outputs};
        for (int i = 0; i < repeats; ++i) kernels.dense_forward(1, x, weights, bias.data(), z);
    }

    static constexpr int repeats = 4000;
    const Kernels<T>& kernels;
    PanelBuffer<T> x, z;
    Buffer<T> packed, bias;
};

template <class T>
void measure(const KernelSet& set, std::size_t inputs, std::size_t outputs, std::size_t rows) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    const std::size_t panels = divide_up(rows, kernels.panel_rows), padded = panels * kernels.panel_rows;
    PanelBuffer<T> x(panels, inputs, kernels.panel_rows), z(panels, outputs, kernels.panel_rows);
    Buffer<T> values(inputs * outputs), bias(outputs), gradient(inputs * outputs);
    Buffer<T> packed(kernels.packed_size(inputs, outputs));
    Buffer<T> turned(round_up(outputs, kernels.panel_rows) * padded);
    const Weights<T> weights{values.data(), packed.data(), inputs, outputs};
    const Peak<T> peak(kernels);
    const std::size_t group = std::max<std::size_t>(1, 256 / kernels.panel_rows);

    auto groups = [&](auto&& work) {
        for (std::size_t p = 0; p < panels; p += group) {
            Panels<T> from = x, to = z;
            from.data += p * from.stride;
            to.data += p * to.stride;
            work(std::min(group, panels - p), from, to);
        }
    };
    auto tiles = [&](auto&& work) {
        for (std::size_t j = 0; j < outputs; j += 256) {
            for (std::size_t i = 0; i < inputs; i += 84) {
                work(Tile{i, std::min(inputs, i + 84), j, std::min(outputs, j + 256)});
            }
        }
    };
    std::vector<std::pair<const char*, std::function<void()>>> products = {
        {"forward", [&] { groups([&](auto n, auto from, auto to) {
             kernels.dense_forward(n, {from.data, from.stride}, weights, bias.data(), to); }); }},
        {"backward inputs", [&] { groups([&](auto n, auto from, auto to) {
             kernels.dense_backward_inputs(n, {to.data, to.stride}, weights, from); }); }},
        {"backward weights", [&] { tiles([&](Tile tile) {
             kernels.dense_backward_weights(panels, x, z, turned.data(), padded, outputs, tile, {}, gradient.data()); }); }},
    };
    PanelBuffer<Pair> pairs, rows_paired;
    Buffer<Pair> forward, backward, turned_pairs;
    if constexpr (sizeof(T) == sizeof(float)) {
        const PairKernels& k = *kernels.pairs;
        pairs = PanelBuffer<Pair>(panels, divide_up(std::max(inputs, outputs), 2), kernels.panel_rows);
        rows_paired = PanelBuffer<Pair>(panels, inputs, kernels.panel_rows / 2);
        forward = Buffer<Pair>(k.packed_size(inputs, outputs));
        backward = Buffer<Pair>(k.packed_size(outputs, inputs));
        turned_pairs = Buffer<Pair>(turned.size() / 2);
        auto across = [&](std::size_t features, auto n, auto from) -> Panels<const Pair> {
            k.pair_features(n, features, {from.data, from.stride}, pairs);
            return pairs;
        };
        products.emplace_back("bfloat16 forward", [&, across] {
            k.pack_forward(weights, 0, outputs, forward.data());
            groups([&](auto n, auto from, auto to) {
                k.dense_forward(n, across(inputs, n, from), {forward.data(), nullptr, inputs, outputs}, bias.data(), to);
            });
        });
        products.emplace_back("backward inputs", [&, across] {
            k.pack_backward(weights, 0, inputs, backward.data());
            groups([&](auto n, auto from, auto to) {
                k.dense_backward_inputs(n, across(outputs, n, to), {nullptr, backward.data(), inputs, outputs}, from);
            });
        });
        products.emplace_back("backward weights", [&] {
            k.pair_rows(panels, inputs, x, rows_paired);
            k.turn(panels, z, outputs, turned_pairs.data(), padded / 2);
            tiles([&](Tile tile) {
                k.dense_backward_weights(panels, rows_paired, turned_pairs.data(), padded / 2, outputs, tile, {},
                                         gradient.data());
            });
        });
    }
    std::vector<std::vector<double>> times(products.size());
    std::vector<double> peaks;
    for (int turn = 0; turn < 15; ++turn) {
        peaks.push_back(peak.flops() / seconds_of([&] { peak.run(); }) / 1e9);
        for (std::size_t i = 0; i < products.size(); ++i) times[i].push_back(seconds_of(products[i].second));
    }
    const double most = median(peaks);
    std::printf("%s %-7s peak %6.1f GFLOP/s", set.name, sizeof(T) == 4 ? "float32" : "float64", most);
    for (std::size_t i = 0; i < products.size(); ++i) {
        const double rate = 2.0 * inputs * outputs * rows / median(times[i]) / 1e9;
        std::printf("  %s %6.1f (%2.0f%%)", products[i].first, rate, 100 * rate / most);
    }
    std::printf("\n");
}

}  // namespace

int main(int count, char** arguments) {
    auto number = [&](int i, std::size_t otherwise) {
        return count > i ? std::strtoul(arguments[i], nullptr, 10) : otherwise;
    };
    const KernelSet& set = kernel_set(count > 1 ? arguments[1] : possible_isas().front());
    measure<float>(set, number(2, 1024), number(3, 1024), number(4, 1024));
    measure<double>(set, number(2, 1024), number(3, 1024), number(4, 1024));
}
