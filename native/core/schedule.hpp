// Learning-rate schedules: how long the steps are as training goes on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "rules.hpp"

namespace pellucid {

// A schedule and its numbers: what they mean depends on the kind (see `learning_rate_at`).
struct ScheduleRule {
    Schedule kind = Schedule::constant;
    double first = 0.0;
    double second = 0.0;
    double third = 0.0;
};

// How far training has come.
struct Progress {
    std::size_t epoch = 0;      // under way, from 0
    std::size_t step = 0;       // done so far
    std::size_t steps = 1;      // planned
    std::size_t rows_seen = 0;  // before this epoch
    std::size_t reductions = 0;
};

inline bool varies_by_step(Schedule kind) {
    return kind == Schedule::cosine || kind == Schedule::one_cycle || kind == Schedule::flat_cosine ||
           kind == Schedule::log_cosine;
}

// end + (start - end) · ½ (1 + cos(π done / total))
inline double half_cosine(double start, double end, std::size_t done, std::size_t total) {
    const double share = std::min(static_cast<double>(done) / static_cast<double>(total), 1.0);
    return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

// first = warmup, second = final
inline double cosine(double base, const ScheduleRule& rule, const Progress& at) {
    const auto rising = static_cast<std::size_t>(rule.first * static_cast<double>(at.steps));
    if (at.step < rising) return base * static_cast<double>(at.step + 1) / static_cast<double>(rising + 1);
    return half_cosine(base, rule.second * base, at.step - rising, at.steps - rising);
}

// first = warmup, second = start_factor, third = final_factor
inline double one_cycle(double base, const ScheduleRule& rule, const Progress& at) {
    const auto rising = static_cast<std::size_t>(rule.first * static_cast<double>(at.steps));
    if (at.step < rising) return half_cosine(base / rule.second, base, at.step, rising);
    return half_cosine(base, base / (rule.second * rule.third), at.step - rising, at.steps - rising);
}

inline double share_done(const Progress& at) {
    return std::min(static_cast<double>(at.step) / static_cast<double>(at.steps), 1.0);
}

inline double flat_cosine(double base, const Progress& at) {
    const double share = share_done(at);
    return share < 0.5 ? base : base * 0.5 * (1 + std::cos(std::numbers::pi * (2 * share - 1)));
}

// first = cycles
inline double log_cosine(double base, const ScheduleRule& rule, const Progress& at) {
    const double waves = std::log2(1 + (std::exp2(rule.first) - 1) * share_done(at));
    return base * 0.5 * (1 - std::cos(2 * std::numbers::pi * waves));
}

// first = factor
inline double adaptive(double base, const ScheduleRule& rule, const Progress& at) {
    for (std::size_t i = 0; i < at.reductions; ++i) base /= rule.first;
    return base;
}

// first = factor, second = every
inline double step_decay(double base, const ScheduleRule& rule, const Progress& at) {
    return base * std::pow(rule.first, static_cast<double>(at.epoch / static_cast<std::size_t>(rule.second)));
}

// The learning rate of the next step.
inline double learning_rate_at(const ScheduleRule& rule, double base, const Progress& at) {
    switch (rule.kind) {
        case Schedule::constant: return base;
        case Schedule::invscaling: return base / std::pow(static_cast<double>(at.rows_seen + 1), rule.first);
        case Schedule::adaptive: return adaptive(base, rule, at);
        case Schedule::step: return step_decay(base, rule, at);
        case Schedule::exponential: return base * std::pow(rule.first, static_cast<double>(at.epoch));
        case Schedule::cosine: return cosine(base, rule, at);
        case Schedule::one_cycle: return one_cycle(base, rule, at);
        case Schedule::flat_cosine: return flat_cosine(base, at);
        case Schedule::log_cosine: return log_cosine(base, rule, at);
    }
    return base;
}

}  // namespace pellucid
