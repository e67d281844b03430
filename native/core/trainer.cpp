#include "trainer.hpp"

#include <algorithm>
#include <utility>

namespace pellucid {

namespace {

template <class T>
bool reads_sparse(const Job<T>& job) {
    return reads_sparse(*job.network, job.data.inputs) && (!job.validation || job.validation->inputs.sparse());
}

}  // namespace

template <class T>
Trainer<T>::Trainer(std::size_t index, Job<T>& job, const Kernels<T>& kernels, Team& team, Conductor& conductor)
    : index_(index), job_(job), training_(*job.training), kernels_(kernels), conductor_(conductor),
      rows_(job.data.rows()),
      batch_size_(training_.batch_size == 0 ? rows_ : std::min(training_.batch_size, rows_)),
      steps_an_epoch_(training_.drop_last ? rows_ / batch_size_ : divide_up(rows_, batch_size_)),
      workspace_(job.network->member(), kernels, batch_size_, Purpose::train, team.threads(), reads_sparse(job)),
      pass_(job.network->member(), kernels, workspace_, team, conductor),
      step_(*job.network, training_, kernels, pass_, team),
      mixture_(*job.network, kernels, job.validation ? pass_.block_rows() : 0) {
    take_memory();
    if (job.validation) validator_.emplace(*job.network, *job.validation, job.score);
    if (training_.shuffle) {
        order_ = Buffer<std::uint32_t>(rows_);
        for (std::size_t i = 0; i < rows_; ++i) order_[i] = static_cast<std::uint32_t>(job_.data.all()[i]);
        twister_ = {job_.shuffle_key, static_cast<std::size_t>(*job_.shuffle_position)};
    }
    run_.state = job.state;
}

// The caller's where the state is kept, else its own, which ends with the training.
template <class T>
void Trainer<T>::take_memory() {
    std::copy_n(job_.memory, 2, memory_);
    best_parameters_ = job_.best_parameters;
    if (job_.keeps_state) return;
    const std::size_t count = job_.network->parameters;
    for (std::size_t i = 0; i < memories_of(training_.optimizer.kind); ++i) {
        own_memory_[i] = Buffer<T>(count);
        memory_[i] = own_memory_[i].data();
    }
    if (training_.stopping.restore_best) own_best_ = Buffer<T>(count);
    best_parameters_ = own_best_.data();
}

template <class T>
Run Trainer<T>::train() {
    std::optional<Outcome> outcome;
    if (training_.shuffle && !draw_earlier_orders()) outcome = Outcome::interrupted;
    for (std::size_t done = 0; done < job_.epochs && !outcome; ++done) outcome = epoch();
    run_.outcome = outcome.value_or(Outcome::all_epochs);
    if (job_.last_order) std::copy_n(order_.data(), order_.size(), job_.last_order);
    if (own_best_.size() > 0 && run_.best_changed) {
        std::copy_n(own_best_.data(), own_best_.size(), job_.parameters);
    }
    return std::move(run_);
}

template <class T>
std::optional<Outcome> Trainer<T>::epoch() {
    const double rate = learning_rate(0);
    const std::optional<double> loss = visit_all_rows(rate);
    if (!loss) return Outcome::interrupted;
    run_.state.epochs += 1;
    run_.state.rows_seen += rows_;
    if (const std::optional<Outcome> outcome = end_epoch(*loss, rate)) return outcome;
    return out_of_patience();
}

// The mean loss of the batches, each measured before its update; nothing if interrupted.
template <class T>
std::optional<double> Trainer<T>::visit_all_rows(double rate) {
    if (training_.shuffle) shuffle();
    const bool by_step = varies_by_step(training_.schedule.kind);
    const Objective<T> objective{training_.loss, &job_.data};
    const RowRange rows{training_.shuffle ? order_.data() : job_.data.index, 0, rows_};
    double total = 0.0;
    std::size_t visited = 0;
    for (std::size_t batch = 0; batch < steps_an_epoch_; ++batch) {
        RowRange range = rows;
        range.first = batch * batch_size_;
        range.count = std::min(batch_size_, rows_ - range.first);
        const Dropout dropout{true, job_.dropout_key, run_.state.optimizer_step,
                              learning_rate_at(training_.dropout_schedule, 1.0, progress(batch))};
        if (!step_.differentiate(objective, range, dropout, job_.parameters)) return std::nullopt;
        total += step_.loss().mean * static_cast<double>(range.count);
        visited += range.count;
        run_.state.optimizer_step += 1;
        const double decay = learning_rate_at(training_.decay_schedule, 1.0, progress(batch));
        step_.update(by_step ? learning_rate(batch) : rate, decay, run_.state.optimizer_step, job_.parameters,
                     memory_[0], memory_[1]);
        if (job_.average) step_.average(run_.state.optimizer_step, job_.parameters, job_.average);
    }
    return total / static_cast<double>(visited);
}

// False if interrupted.
template <class T>
bool Trainer<T>::draw_earlier_orders() {
    for (std::size_t i = 0; i < job_.shuffles_before; ++i) {
        shuffle();
        if (conductor_.wants_to_stop()) return false;
    }
    return true;
}

// Each epoch permutes the order of the one before.
template <class T>
void Trainer<T>::shuffle() {
    kernels_.shuffle(twister_, order_.data(), rows_);
    *job_.shuffle_position = static_cast<int>(twister_.position);
}

template <class T>
std::optional<Outcome> Trainer<T>::end_epoch(double loss, double rate) {
    History& history = run_.history;
    history.loss.push_back(loss);
    history.learning_rate.push_back(rate);
    if (!std::isfinite(loss) || !is_finite()) return Outcome::diverged;
    if (validator_ && !validate()) return Outcome::interrupted;
    observe(monitored());
    if (conductor_.listens() && tell()) return Outcome::stopped;
    if (conductor_.wants_to_stop()) return Outcome::interrupted;
    if (conductor_.is_out_of_time() && history.loss.size() < job_.epochs) return Outcome::time_limit;
    return std::nullopt;
}

template <class T>
bool Trainer<T>::is_finite() const {
    return kernels_.all_finite(job_.network->parameters, job_.parameters);
}

// False if interrupted.
template <class T>
bool Trainer<T>::validate() {
    const Objective<T> objective{training_.loss, &*job_.validation};
    const RowRange all = job_.validation->all();
    const std::size_t width = kernels_.panel_rows, outputs = job_.network->outputs();
    const PanelBuffer<T>& prediction = workspace_.layers.back().a;
    mixture_.use(pass_, trained());
    validator_->begin();
    for (std::size_t first = 0; first < all.count; first += pass_.block_rows()) {
        const RowRange block = all.part(first, pass_.block_rows());
        if (!mixture_.evaluate(pass_, objective, block)) return false;
        for (std::size_t row = 0, panel = 0; row < block.count; row += width, ++panel) {
            const std::size_t count = std::min(width, block.count - row);
            validator_->add(first + row, count, width, prediction[panel], workspace_.targets[panel],
                            workspace_.losses[panel]);
            if (job_.score != Score::custom) continue;
            std::array<T*, largest_panel> to;
            for (std::size_t r = 0; r < count; ++r) to[r] = job_.predictions + (first + row + r) * outputs;
            kernels_.scatter(prediction[panel], count, outputs, to.data());
        }
    }
    const Validation result = validator_->finish();
    run_.history.validation_loss.push_back(result.loss);
    run_.history.validation_score.push_back(job_.score == Score::custom ? conductor_.score(index_) : result.score);
    return true;
}

template <class T>
double Trainer<T>::monitored() const {
    switch (training_.stopping.monitor) {
        case Monitor::validation_score: return run_.history.validation_score.back();
        case Monitor::validation_loss: return run_.history.validation_loss.back();
        default: return run_.history.loss.back();
    }
}

// The patience rule: an improvement by exactly the tolerance counts.
template <class T>
void Trainer<T>::observe(double value) {
    Best& best = run_.state.best;
    const bool higher_is_better = training_.stopping.monitor == Monitor::validation_score;
    const double infinity = std::numeric_limits<double>::infinity();
    const double before = best.value.value_or(higher_is_better ? -infinity : infinity);
    const double tolerance = training_.stopping.tolerance;
    const bool too_little = higher_is_better ? value < before + tolerance : value > before - tolerance;
    best.stale = too_little ? best.stale + 1 : 0;
    const bool is_better = higher_is_better ? value > before : value < before;
    if (!is_better && !(training_.stopping.latest_best && value == before)) return;
    best.value = value;
    best.epoch = run_.history.loss.size();
    run_.best_changed = true;
    if (best_parameters_) std::copy_n(trained(), job_.network->parameters, best_parameters_);
}

template <class T>
bool Trainer<T>::tell() {
    const History& history = run_.history;
    Report report{index_, history.loss.size(), history.loss.back(), {}, {}, history.learning_rate.back(),
                  conductor_.seconds()};
    if (validator_) {
        report.validation_loss = history.validation_loss.back();
        report.validation_score = history.validation_score.back();
    }
    return conductor_.report(report);
}

// When patience is over, an adaptive schedule lowers the learning rate and goes on, until it is at its minimum.
template <class T>
std::optional<Outcome> Trainer<T>::out_of_patience() {
    if (failed_milestone()) return Outcome::converged;
    const std::optional<std::size_t> patience = training_.stopping.patience;
    if (!patience || run_.state.best.stale <= *patience) return std::nullopt;
    const ScheduleRule& schedule = training_.schedule;
    if (schedule.kind != Schedule::adaptive || learning_rate(0) <= schedule.second) return Outcome::converged;
    run_.state.reductions += 1;
    run_.state.best.stale = 0;
    return std::nullopt;
}

template <class T>
bool Trainer<T>::failed_milestone() const {
    std::size_t before = 0;
    for (const std::size_t epoch : training_.stopping.milestones) {
        if (epoch == run_.state.epochs) return run_.state.best.stale >= epoch - before;
        before = epoch;
    }
    return false;
}

template <class T>
Progress Trainer<T>::progress(std::size_t batch) const {
    const State& state = run_.state;
    return {state.epochs, state.epochs * steps_an_epoch_ + batch, training_.epochs * steps_an_epoch_,
            state.epochs > 0 ? state.rows_seen : 0, state.reductions};
}

template <class T>
double Trainer<T>::learning_rate(std::size_t batch) const {
    return learning_rate_at(training_.schedule, training_.learning_rate, progress(batch));
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace pellucid
