// The core's own parts: sizes, random numbers, schedules, teams, and whole trainings on several threads.
#include <chrono>
#include <numeric>
#include <thread>

#include "../../native/core/arena.hpp"
#include "../../native/core/population.hpp"
#include "../../native/core/random.hpp"
#include "../../native/core/single.hpp"
#include "check.hpp"

using namespace pellucid;

namespace {

void check_sizes() {
    const std::size_t most = std::numeric_limits<std::size_t>::max();
    CHECK(times(most, 1) == most);
    bool refused = false;
    try {
        times(most / 2, 3);
    } catch (const std::bad_alloc&) {
        refused = true;
    }
    CHECK(refused);
    CHECK(round_up(17, 16) == 32 && round_up(32, 16) == 32 && divide_up(1, 16) == 1);
    CHECK(reinterpret_cast<std::uintptr_t>(Buffer<float>(3).data()) % 64 == 0);
}

// NumPy's shuffle, drawing from std::mt19937, which is the same generator.
void shuffle_plainly(std::mt19937& random, std::vector<std::uint32_t>& numbers) {
    for (std::uint32_t i = static_cast<std::uint32_t>(numbers.size()) - 1; i > 0; --i) {
        const std::uint32_t mask = std::bit_ceil(i + 1) - 1;
        std::uint32_t drawn = random() & mask;
        while (drawn > i) drawn = random() & mask;
        std::swap(numbers[i], numbers[drawn]);
    }
}

void check_shuffle(const Kernels<float>& kernels) {
    std::vector<std::uint32_t> key(MersenneTwister::length);
    key[0] = 5489;
    for (std::uint32_t i = 1; i < key.size(); ++i) key[i] = 1812433253u * (key[i - 1] ^ (key[i - 1] >> 30)) + i;
    MersenneTwister twister{key.data(), MersenneTwister::length};
    std::mt19937 standard;
    for (std::size_t count : {1, 2, 3, 1000, 20, 3}) {
        std::vector<std::uint32_t> found(count), expected(count);
        std::iota(found.begin(), found.end(), 0u);
        std::iota(expected.begin(), expected.end(), 0u);
        kernels.shuffle(twister, found.data(), count);
        shuffle_plainly(standard, expected);
        CHECK(found == expected);
    }
    kernels.shuffle(twister, nullptr, 0);
}

void check_schedules() {
    const auto rate = [](ScheduleRule rule, Progress at) { return learning_rate_at(rule, 1.0, at); };
    CHECK(is_near(rate({Schedule::cosine, 0.34, 0.0, 0.0}, {0, 8, 12, 0, 0}), 0.5, 1e-12));
    CHECK(is_near(rate({Schedule::one_cycle, 0.4, 4.0, 25.0}, {0, 2, 10, 0, 0}), 0.625, 1e-12));
    CHECK(is_near(rate({Schedule::invscaling, 0.5, 0.0, 0.0}, {0, 0, 1, 99, 0}), 0.1, 1e-12));
    CHECK(is_near(rate({Schedule::step, 0.5, 30.0, 0.0}, {65, 0, 1, 0, 0}), 0.25, 1e-12));
    CHECK(is_near(rate({Schedule::adaptive, 5.0, 0.0, 0.0}, {0, 0, 1, 0, 2}), 0.04, 1e-12));
}

// Every task is done once by the end: of more tasks and of fewer than threads, called in quick succession, so that some
// workers have not begun when others are done, or after a pause, in which they fall asleep.
void check_teams() {
    for (int repeat = 0; repeat < 20; ++repeat) {
        Team team(1 + static_cast<std::size_t>(repeat) % 5);
        for (std::size_t count : {1, 2, 7, 1000}) {
            std::vector<int> done(count);
            const auto work = [&](std::size_t task) { ++done[task]; };
            for (int turn = 0; turn < 20; ++turn) team.run(count, work);
            team.start(count, work);
            if (repeat < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            team.finish();
            for (int times_done : done) CHECK(times_done == 21);
        }
    }
}

struct Example {
    explicit Example(std::size_t hidden, double dropout) {
        for (std::size_t inputs : {std::size_t{3}, hidden}) {
            Layer layer;
            layer.inputs = inputs;
            layer.outputs = inputs == 3 ? hidden : 2;
            if (inputs == 3) {
                layer.activation = {Activation::gelu, 0.0};
                layer.dropout = dropout;
                layer.layer_norm = true;
            }
            network.layers.push_back(layer);
        }
        network.output = Output::softmax;
        network.place();
        training.loss = {Loss::log_loss, 0.1};
        training.epochs = 3;
        training.batch_size = 700;
        training.clip_norm = 1.0;
        training.l1 = training.l2 = 1e-3;
        fill(x.data(), x.size(), 1);
        for (std::size_t row = 0; row < rows; ++row) y[2 * row + (x[3 * row] > 0)] = 1;
        for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint32_t>(i * 2654435761u + 1);
    }

    Job<float> job() {
        parameters.assign(network.parameters, 0.0f);
        fill(parameters.data(), parameters.size(), 2);
        first.assign(network.parameters, 0.0f);
        second.assign(network.parameters, 0.0f);
        Job<float> job;
        job.network = &network;
        job.training = &training;
        job.data.inputs = DenseRows<float>{x.data(), rows, 3, 3};
        job.data.targets = {y.data(), rows, 2, 2};
        job.validation = job.data;
        job.score = Score::accuracy;
        job.parameters = parameters.data();
        job.memory[0] = first.data();
        job.memory[1] = second.data();
        job.shuffle_key = key.data();
        job.shuffle_position = &position;
        job.epochs = training.epochs;
        return job;
    }

    static constexpr std::size_t rows = 2000;
    Network network;
    Training training;
    std::vector<float> x = std::vector<float>(rows * 3), y = std::vector<float>(rows * 2);
    std::vector<float> parameters, first, second;
    std::vector<std::uint32_t> key = std::vector<std::uint32_t>(624);
    int position = 0;
};

std::vector<float> trained(const KernelSet& set, std::size_t threads, std::size_t jobs) {
    std::vector<Example> examples;
    for (std::size_t i = 0; i < jobs; ++i) examples.emplace_back(200 + i, 0.2);
    std::vector<AnyJob> population;
    for (Example& example : examples) population.emplace_back(example.job());
    std::size_t reports = 0;
    Callbacks callbacks;
    callbacks.on_epoch = [&](const Report&) { return ++reports == 0; };
    callbacks.interrupted = [] { return false; };
    Conductor conductor(std::move(callbacks));
    const std::vector<Run> runs = train_population(population, set, threads, conductor);
    CHECK(reports == 3 * jobs);
    std::vector<float> all;
    for (const Example& example : examples) all.insert(all.end(), example.parameters.begin(), example.parameters.end());
    for (const Run& run : runs) {
        CHECK(run.outcome == Outcome::all_epochs && run.history.loss.size() == 3);
        CHECK(run.history.loss.back() < run.history.loss.front());
    }
    return all;
}

void check_trainings() {
    for (const KernelSet* set : all_kernel_sets()) {
        for (std::size_t jobs : {1, 4}) {
            const std::vector<float> wanted = trained(*set, 1, jobs);
            for (std::size_t threads : {2, 3, 8}) CHECK(trained(*set, threads, jobs) == wanted);
        }
    }
}

void check_interrupts() {
    for (std::size_t threads : {1, 2}) {
        std::vector<Example> examples(2, Example(50, 0.0));
        std::vector<AnyJob> population;
        for (Example& example : examples) {
            example.training.epochs = 1'000'000'000;
            example.training.stopping.patience.reset();
            population.emplace_back(example.job());
        }
        Callbacks callbacks;
        callbacks.interrupted = [] { return true; };
        Conductor conductor(std::move(callbacks));
        for (const Run& run : train_population(population, kernel_set("baseline"), threads, conductor)) {
            CHECK(run.outcome == Outcome::interrupted);
        }
    }
}

}  // namespace

int main() {
    check_sizes();
    for (const KernelSet* set : all_kernel_sets()) check_shuffle(*set->float32);
    check_schedules();
    check_teams();
    check_trainings();
    check_interrupts();
}
