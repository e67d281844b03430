// What a network and its training ARE, as the core sees them: plain numbers, no strings.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pellucid {

enum class Activation { identity, logistic, tanh, relu, leaky_relu, elu, selu, softplus, gelu, silu, mish };
enum class Output { identity, logistic, softmax, exp, tanh };
enum class Loss { squared_error, absolute_error, huber, quantile, poisson, log_loss };
enum class Optimizer { gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw };
enum class Schedule { constant, invscaling, adaptive, step, exponential, cosine, one_cycle, flat_cosine, log_cosine };
enum class Monitor { loss, validation_score, validation_loss };
enum class NumberEmbedding { none, periodic, piecewise_linear };
enum class Score { accuracy, r2, loss, custom };

// An activation and its one number: leaky_relu's slope or elu's alpha.
struct ActivationRule {
    Activation kind = Activation::identity;
    double parameter = 0.0;
};

// A loss and its one number: huber's delta, quantile's level or log_loss's label smoothing. A clipped log_loss is
// computed from probabilities that come no closer to 0 and 1 than epsilon.
struct LossRule {
    Loss kind = Loss::squared_error;
    double parameter = 0.0;
    bool clipped = false;
};

// An optimiser and its numbers. `first` and `second` decay the running means of g and g²; momentum is `first`.
struct OptimizerRule {
    Optimizer kind = Optimizer::adam;
    double first = 0.9;
    double second = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.0;
};

}  // namespace pellucid
