"""The estimators' parameters: their rules as data, and what they say in the language of `pellucid.spec`."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions, make_constraint

from pellucid import spec
from pellucid.engines import ENGINES
from pellucid.errors import SpecError, did_you_mean, near
from pellucid.spec.checks import finite_number, shown

__all__ = [
    "ACTIVATIONS",
    "LOSSES_OF_REGRESSION",
    "PARAMETER_CONSTRAINTS",
    "describe_network",
    "describe_training",
    "hidden_layers",
    "is_stochastic",
    "named",
    "number_type",
    "rule_in_words",
    "slip_of",
]


def _named(union: Any) -> dict[str, Any]:
    return {kind.name: kind for kind in get_args(union)}


ACTIVATIONS: dict[str, Any] = _named(spec.Activation)
INITIALIZERS: dict[str, Any] = _named(spec.Initializer)
SCHEDULES: dict[str, Any] = _named(spec.Schedule)
LOSSES_OF_REGRESSION: dict[str, Any] = {
    kind.name: kind for kind in (spec.SquaredError, spec.AbsoluteError, spec.Huber, spec.Quantile, spec.Poisson)
}
SOLVERS = ("lbfgs", "sgd", "adam", "adamw", "adagrad", "rmsprop")
SCHEDULES_OF_SGD = ("invscaling", "adaptive")

MOST_THREADS = 4096
"""As many as the native engine's core takes."""

PARAMETER_CONSTRAINTS: Mapping[str, list[Any]] = {
    # scikit-learn's
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(ACTIVATIONS)), *get_args(spec.Activation), list, tuple, np.ndarray],
    "solver": [StrOptions(set(SOLVERS)), *get_args(spec.Optimizer)],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions(set(SCHEDULES)), *get_args(spec.Schedule)],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    # beyond
    "dropout": [Interval(Real, 0, 1, closed="left"), list, tuple, np.ndarray],
    "layer_norm": ["boolean"],
    "initializer": [StrOptions(set(INITIALIZERS)), *get_args(spec.Initializer)],
    "l1": [Interval(Real, 0, None, closed="left")],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "scoring": [str, callable, None],
    "restore_best": ["boolean", None],
    "time_limit": [Interval(Real, 0, None, closed="neither"), None],
    "callbacks": [list, tuple, None],
    "progress": ["boolean"],
    "engine": [StrOptions({"auto", *ENGINES})],
    "n_threads": [Interval(Integral, 1, MOST_THREADS, closed="both"), None],
    "dtype": [StrOptions({"bfloat16", "float32", "float64"}), None],
}


def rule_in_words(rules: Iterable[Any]) -> str:
    """Say what a parameter that has several known names may be; of others nothing: scikit-learn says it well.

    Examples
    --------
    >>> rule_in_words([StrOptions({"a", "b"}), spec.Elu, None])
    "one of 'a', 'b', a description such as pellucid.spec.Elu(), or None"
    """
    names = sorted(_names(rules))
    if len(names) < 2:
        return ""
    descriptions = [kind.__name__ for kind in rules if _is_description(kind) and fields(kind)]
    others = [rule for rule in rules if not isinstance(rule, StrOptions) and not _is_description(rule)]
    words = [f"one of {', '.join(map(repr, names))}"]
    if descriptions:
        words.append(f"a description such as pellucid.spec.{descriptions[0]}()")
    if list in others:
        words.append("a list with one for each hidden layer")
    words += [str(make_constraint(rule)) for rule in others if rule not in (list, tuple, np.ndarray)]
    *first, last = words
    return f"{', '.join(first)}{',' if len(words) > 2 else ''} or {last}" if first else last


def slip_of(name: str, value: Any, rules: Iterable[Any]) -> str:
    """Say what a wrong value may have been meant to be; nothing if nothing is near."""
    if name == "hidden_layer_sizes" and isinstance(value, str) and value in ACTIVATIONS:
        return f" Did you mean activation={value!r}? Name it: a regressor's first parameter is the loss."
    if isinstance(value, str):
        return near(value, _names(rules))
    if isinstance(value, type) and value in rules:
        return f" Write {value.__name__}()."
    if name == "learning_rate" and finite_number(value) is not None:
        return f" Did you mean learning_rate_init={value!r}?"
    if name == "loss" and isinstance(value, int | list | tuple | np.ndarray):
        return f" Did you mean hidden_layer_sizes={shown(value)}? The first parameter is the loss, as in scikit-learn."
    return _slip_of_listeners(value) if name == "callbacks" else ""


def _slip_of_listeners(value: Any) -> str:
    """Say how one listener alone is written."""
    if not callable(value) and not any(each.startswith("on_") for each in dir(value)):
        return ""
    own = getattr(value, "__name__", "…")
    return f" Write callbacks=[{own if own.isidentifier() else '…'}]."


def _names(rules: Iterable[Any]) -> set[str]:
    return {name for rule in rules if isinstance(rule, StrOptions) for name in rule.options}


def _is_description(rule: Any) -> bool:
    return isinstance(rule, type) and is_dataclass(rule)


def hidden_layers(estimator: Any) -> tuple[spec.Layer, ...]:
    """Describe the hidden layers that the estimator's parameters ask for.

    Raises
    ------
    ValueError
        If a width is not positive, or a per-layer setting has another length than ``hidden_layer_sizes``.
    """
    given = estimator.hidden_layer_sizes
    widths = _widths(list(given) if isinstance(given, Iterable) else [given], estimator)
    activations = _one_a_layer(estimator, "activation", len(widths))
    dropouts = _one_a_layer(estimator, "dropout", len(widths))
    return tuple(
        spec.Layer(
            width=width,
            activation=named(ACTIVATIONS, activation, f"'activation' of {type(estimator).__name__}"),
            dropout=_dropout(estimator, dropout),
            layer_norm=bool(estimator.layer_norm),
        )
        for width, activation, dropout in zip(widths, activations, dropouts, strict=True)
    )


def _widths(sizes: list[Any], estimator: Any) -> list[int]:
    if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes):
        raise SpecError(
            f"'hidden_layer_sizes' of {type(estimator).__name__} must be a whole number or a sequence of them, one for "
            f"each hidden layer; got {shown(estimator.hidden_layer_sizes)}."
        )
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")  # in scikit-learn's words
    return [int(size) for size in sizes]


def _dropout(estimator: Any, share: Any) -> float:
    number = finite_number(share)
    if number is None or not 0 <= number < 1:
        raise SpecError(
            f"'dropout' of {type(estimator).__name__} must be a number of at least 0 and less than 1, or a list of "
            f"them; got {shown(estimator.dropout)}."
        )
    return number


def is_stochastic(estimator: Any) -> bool:
    """Tell whether the solver learns from batches; raise AttributeError if not, so that `partial_fit` is hidden."""
    if estimator.solver == "lbfgs" or isinstance(estimator.solver, spec.Lbfgs):
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


def _one_a_layer(estimator: Any, name: str, layers: int) -> list[Any]:
    value = getattr(estimator, name)
    if not isinstance(value, list | tuple | np.ndarray):
        return [value] * layers
    if len(value) != layers:
        raise SpecError(
            f"'{name}' of {type(estimator).__name__} must be one value, or a list with one for each hidden layer, "
            f"{layers} in all; got {len(value)}: {shown(list(value))}."
        )
    return list(value)


def named(kinds: Mapping[str, Any], value: Any, subject: str) -> Any:
    """Return a description, given as itself or by the name of its kind.

    Examples
    --------
    >>> named(ACTIVATIONS, "relu", "'activation'")
    Relu()
    """
    if isinstance(value, type) and value in kinds.values():
        raise SpecError(f"{subject} must be a description, not its class; write {value.__name__}().")
    if not isinstance(value, str):
        return value
    if value not in kinds:
        raise SpecError(f"{subject} must be a known name; got {value!r}.{did_you_mean(value, kinds)}")
    return kinds[value]()


def describe_network(estimator: Any, inputs: int, outputs: int, output: str) -> spec.Network:
    """Describe the network that the estimator's parameters ask for."""
    return spec.Network(
        inputs=inputs,
        hidden=hidden_layers(estimator),
        outputs=outputs,
        output=output,
        initializer=_initializer(estimator),
        products="bfloat16" if estimator.dtype == "bfloat16" else "full",
    )


def number_type(estimator: Any) -> str | None:
    """Return the dtype of the arrays that the estimator's `dtype` asks for; None: that of X."""
    return "float32" if estimator.dtype == "bfloat16" else estimator.dtype


def _initializer(estimator: Any) -> Any:
    """Return the initialiser; scikit-learn's own spreads less where the activation is the logistic function."""
    if estimator.initializer == "sklearn":
        activation = estimator.activation
        is_logistic = activation == "logistic" if isinstance(activation, str) else isinstance(activation, spec.Logistic)
        return spec.ScikitLearn(factor=2.0 if is_logistic else 6.0)
    return named(INITIALIZERS, estimator.initializer, f"'initializer' of {type(estimator).__name__}")


def describe_training(
    estimator: Any, loss: Any, *, batch_size: int, monitor: str, tolerance: float, dtype: str, incremental: bool
) -> spec.Training:
    """Describe the training that the estimator's parameters ask for.

    Incrementally nothing is restored: each call sees other rows, whose losses do not compare.
    """
    optimizer = _optimizer(estimator)
    patience = estimator.n_iter_no_change
    restore_best = monitor != "loss" if estimator.restore_best is None else bool(estimator.restore_best)
    return spec.Training(
        loss=loss,
        optimizer=optimizer,
        learning_rate=float(estimator.learning_rate_init),
        schedule=_schedule(estimator, optimizer),
        l1=float(estimator.l1),
        l2=float(estimator.alpha),
        clip_norm=None if estimator.clip_norm is None else float(estimator.clip_norm),
        batch_size=batch_size,
        epochs=int(estimator.max_iter),
        shuffle=bool(estimator.shuffle),
        stopping=spec.Stopping(
            monitor=monitor,
            tolerance=tolerance,
            patience=None if np.isinf(patience) else int(patience),
            restore_best=restore_best and not incremental,
        ),
        dtype=dtype,
    )


def _optimizer(estimator: Any) -> Any:
    """Return the optimiser; of 'sgd' three kinds, by momentum."""
    solver = estimator.solver
    if not isinstance(solver, str):
        return solver
    epsilon = {"epsilon": float(estimator.epsilon)}
    betas = {"beta_1": float(estimator.beta_1), "beta_2": float(estimator.beta_2)}
    momentum = float(estimator.momentum)
    sgd: Any = spec.Nesterov(momentum) if estimator.nesterovs_momentum else spec.Momentum(momentum)
    return {
        "sgd": sgd if momentum else spec.GradientDescent(),
        "adam": spec.Adam(**betas, **epsilon),
        "adamw": spec.AdamW(**betas, **epsilon),
        "adagrad": spec.Adagrad(**epsilon),
        "rmsprop": spec.RMSprop(**epsilon),
        "lbfgs": spec.Lbfgs(max_fun=int(estimator.max_fun)),
    }[solver]


def _schedule(estimator: Any, optimizer: Any) -> Any:
    """Return the schedule; as in scikit-learn, two of them act by name with ``solver='sgd'`` only."""
    schedule = estimator.learning_rate
    if not isinstance(schedule, str):
        return schedule
    is_sgd = isinstance(optimizer, spec.GradientDescent | spec.Momentum | spec.Nesterov)
    if schedule in SCHEDULES_OF_SGD and not is_sgd:
        return spec.Constant()
    if schedule == "invscaling":
        return spec.InvScaling(power=float(estimator.power_t))
    return SCHEDULES[schedule]()
