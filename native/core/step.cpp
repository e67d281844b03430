#include "step.hpp"

namespace pellucid {

namespace {
// Numbers of a piece: a task of the update, small enough for the first-level cache to hold it and its memory.
constexpr std::size_t piece_length = 2048;
constexpr std::size_t least_shared_pieces = 16;
}  // namespace

template <class T>
Step<T>::Step(const Network& network, const Training& training, const Kernels<T>& kernels, Pass<T>& pass, Team& team)
    : training_(training), kernels_(kernels), pass_(pass), team_(team), members_(network, kernels),
      hidden_layers_(network.layers.size() - 1), gradients_(network.parameters),
      of_member_(network.ensemble ? network.member().parameters : 0) {
    for (std::size_t group = 0; group < group_count; ++group) {
        cut(group == 0 ? 0 : network.group_end(group - 1), network.group_end(group), group);
    }
    sizes_.resize(pieces_.size());
    squares_.resize(pieces_.size());
    lengths_.resize(pieces_.size());
}

template <class T>
void Step<T>::cut(std::size_t begin, std::size_t end, std::size_t group) {
    for (; begin < end; begin += piece_length) {
        pieces_.push_back({begin, std::min(piece_length, end - begin), group});
    }
}

template <class T>
bool Step<T>::differentiate(const Objective<T>& objective, RowRange batch, Dropout dropout, const T* parameters,
                            const AfterBlock& after_block) {
    double losses = 0.0;
    for (std::size_t member = 0; member < members_.count(); ++member) {
        dropout.first_layer = member * hidden_layers_;
        const auto summed = differentiate_member(member, objective, batch, dropout, parameters, after_block);
        if (!summed) return false;
        losses += *summed / static_cast<double>(members_.count());
    }
    const double weight = objective.data->weight_of(batch);
    const double per_row = weight > 0 ? 1 / weight : 0.0;
    share_ = training_.mean_reduction ? per_row : 1.0;
    finish_gradients(parameters);
    loss_.penalty = penalty(per_row);
    loss_.mean = (weight != 0 ? losses / weight : 0.0) + loss_.penalty;
    return true;
}

// The sum of the rows' losses; nothing if interrupted.
template <class T>
std::optional<double> Step<T>::differentiate_member(std::size_t member, const Objective<T>& objective, RowRange batch,
                                                    Dropout dropout, const T* parameters,
                                                    const AfterBlock& after_block) {
    const bool is_plain = of_member_.size() == 0;
    T* const gradient = is_plain ? gradients_.data() : of_member_.data();
    double losses = 0.0;
    pass_.use(members_.of(member, parameters));
    for (std::size_t first = 0; first < batch.count;) {
        const std::size_t left_of_stretch = stretch_rows - first % stretch_rows;
        const RowRange block = batch.part(first, std::min(pass_.block_rows(), left_of_stretch));
        if (!pass_.run(objective, block, first, dropout)) return std::nullopt;
        if (!pass_.gradients(batch.count, gradient)) return std::nullopt;
        if (after_block) after_block(member, first, block.count);
        first += block.count;
        if (first % stretch_rows == 0 || first == batch.count) losses += pass_.weighted_losses();
    }
    pass_.finish(gradient);
    if (!is_plain) members_.add_gradient(member, parameters, gradient, gradients_.data());
    return losses;
}

// The gradient's share and the penalties' part, with the sums that the loss and the clipping need.
template <class T>
void Step<T>::finish_gradients(const T* parameters) {
    auto finish = [&](std::size_t p) {
        const Piece& piece = pieces_[p];
        T* const g = gradients_.data() + piece.begin;
        const T* const theta = parameters + piece.begin;
        const bool is_penalised = piece.is_weights();
        const GradientRule rule{share_, is_penalised ? training_.l1 * share_ : 0.0,
                                is_penalised ? training_.l2 * share_ : 0.0};
        kernels_.finish_gradient(rule, piece.count, theta, g);
        if (is_penalised && training_.l1 != 0) sizes_[p] = kernels_.sum_of_sizes(piece.count, theta);
        if (is_penalised && training_.l2 != 0) squares_[p] = kernels_.sum_of_squares(piece.count, theta);
        if (training_.clip_norm) lengths_[p] = kernels_.sum_of_squares(piece.count, g);
    };
    team_.run_if(pieces_.size() >= least_shared_pieces, pieces_.size(), finish);
}

// l1 Σ|w| + ½ l2 Σ w², divided among the rows
template <class T>
double Step<T>::penalty(double per_row) const {
    double sizes = 0.0, squares = 0.0;
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
        sizes += sizes_[p];
        squares += squares_[p];
    }
    return training_.l1 * per_row * sizes + 0.5 * training_.l2 * per_row * squares;
}

// What shortens a gradient longer than clip_norm to that length; 1 where it is shorter, or not finite.
template <class T>
double Step<T>::clipping_scale() const {
    if (!training_.clip_norm) return 1.0;
    double square = 0.0;
    for (double length : lengths_) square += length;
    const double norm = std::sqrt(square);
    return norm > *training_.clip_norm && std::isfinite(norm) ? *training_.clip_norm / norm : 1.0;
}

template <class T>
void Step<T>::update(double learning_rate, double decay, std::size_t step, T* parameters, T* first, T* second) {
    const auto t = static_cast<double>(step);
    UpdateRule rule{training_.optimizer, learning_rate, learning_rate, clipping_scale()};
    if (rule.optimizer.kind == Optimizer::adam || rule.optimizer.kind == Optimizer::adamw) {
        rule.step_size *= std::sqrt(1 - std::pow(rule.optimizer.second, t)) / (1 - std::pow(rule.optimizer.first, t));
    }
    std::array<UpdateRule, group_count> rules;
    for (std::size_t group = 0; group < group_count; ++group) {
        rules[group] = rule;
        rules[group].learning_rate *= training_.rates[group];
        rules[group].step_size *= training_.rates[group];
        rules[group].optimizer.weight_decay *= training_.decays[group] * decay;
    }
    auto update = [&](std::size_t p) {
        const Piece& piece = pieces_[p];
        kernels_.update(rules[piece.group], piece.count, parameters + piece.begin, gradients_.data() + piece.begin,
                        first ? first + piece.begin : nullptr, second ? second + piece.begin : nullptr);
    };
    team_.run_if(pieces_.size() >= least_shared_pieces, pieces_.size(), update);
}

// The first steps weigh more than later ones, or the mean would long remember where training began.
template <class T>
void Step<T>::average(std::size_t step, const T* parameters, T* averaged) {
    const auto t = static_cast<double>(step);
    const double kept = std::min(training_.average, (1 + t) / (10 + t));
    auto take_in = [&](std::size_t p) {
        const Piece& piece = pieces_[p];
        kernels_.average(piece.count, kept, parameters + piece.begin, averaged + piece.begin);
    };
    team_.run_if(pieces_.size() >= least_shared_pieces, pieces_.size(), take_in);
}

template class Step<float>;
template class Step<double>;

}  // namespace pellucid
