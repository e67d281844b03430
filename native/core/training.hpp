// How a network is trained, what a training remembers, and what comes of it.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "network.hpp"
#include "rows.hpp"
#include "schedule.hpp"

namespace pellucid {

struct StoppingRule {
    Monitor monitor = Monitor::loss;
    double tolerance = 1e-4;
    std::optional<std::size_t> patience = 10;
    bool restore_best = false;
    bool latest_best = false;  // of equally good epochs
    std::vector<std::size_t> milestones;  // epochs after which training ends unless it improved since the one before
};

struct Training {
    LossRule loss;
    OptimizerRule optimizer;
    double learning_rate = 1e-3;
    ScheduleRule schedule;
    double l1 = 0.0;
    double l2 = 0.0;
    std::optional<double> clip_norm;
    std::size_t batch_size = 0;  // 0: all rows
    std::size_t epochs = 1;      // the whole plan, by which schedules go
    bool shuffle = true;
    bool mean_reduction = true;
    StoppingRule stopping;
    bool drop_last = false;
    std::array<double, group_count> rates = {1, 1, 1, 1, 1, 1, 1};  // times the learning rate
    std::array<double, group_count> decays = {1, 0, 0, 0, 0, 0, 0};  // times AdamW's decay
    ScheduleRule dropout_schedule;
    ScheduleRule decay_schedule;
    double average = 0.0;  // β of the parameters' running mean; 0: none
};

enum class Outcome { converged, all_epochs, time_limit, interrupted, stopped, diverged };

// One number an epoch each.
struct History {
    std::vector<double> loss;
    std::vector<double> validation_loss;
    std::vector<double> validation_score;
    std::vector<double> learning_rate;
};

// The best value seen of what is monitored, and for how long nothing better came.
struct Best {
    std::optional<double> value;
    std::size_t stale = 0;
    std::size_t epoch = 0;
};

// Arrays, as long as the parameters, that an optimiser remembers.
inline std::size_t memories_of(Optimizer optimizer) {
    switch (optimizer) {
        case Optimizer::gradient_descent: return 0;
        case Optimizer::adam:
        case Optimizer::adamw: return 2;
        default: return 1;
    }
}

// What a training needs to go on where it stopped, besides the parameters and the optimiser's memory.
struct State {
    std::size_t optimizer_step = 0;
    std::size_t epochs = 0;
    std::size_t rows_seen = 0;
    std::size_t reductions = 0;
    Best best;
};

// One network to train. The arrays belong to the caller; those that are not const are changed.
template <class T>
struct Job {
    const Network* network = nullptr;
    const Training* training = nullptr;
    Data<T> data;
    std::optional<Data<T>> validation;
    Score score = Score::r2;
    T* predictions = nullptr;      // (validation rows, outputs), for a custom score
    T* parameters = nullptr;       // (network.parameters,)
    bool keeps_state = true;       // if not, the best are restored here, and what the optimiser remembers is given up
    T* best_parameters = nullptr;  // likewise, if the state is kept and the best are to be restored
    T* average = nullptr;          // likewise, if the training keeps a running mean
    T* memory[2] = {nullptr, nullptr};  // likewise, if the state is kept
    std::uint32_t* shuffle_key = nullptr;  // Mersenne Twister: 624 words and a position
    int* shuffle_position = nullptr;
    std::size_t shuffles_before = 0;  // that are drawn again before the first epoch, by one that goes on
    std::int64_t* last_order = nullptr;  // (rows,), for the order of the last epoch, if somebody goes on from it
    std::uint64_t dropout_key = 0;
    std::size_t epochs = 1;  // to run now
    State state;
};

struct Run {
    State state;
    History history;
    Outcome outcome = Outcome::interrupted;
    bool best_changed = false;
};

}  // namespace pellucid
