"""What the classifier and the regressor share: a fit from validated rows to a trained network."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from math import inf, isnan
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

from pellucid.engines import Engine, get_engine
from pellucid.errors import DataError, DivergedError, SpecError, near
from pellucid.estimators.callbacks import UNDER_WAY, CallbackSupportMixin, Listeners, listening
from pellucid.estimators.constants import Useless, useless
from pellucid.estimators.fitted import CURVES, as_dtype
from pellucid.estimators.held_out import HeldOut, Rows, ValidatesRows
from pellucid.estimators.parameters import (
    PARAMETER_CONSTRAINTS,
    describe_network,
    describe_training,
    hidden_layers,
    number_type,
    rule_in_words,
    slip_of,
)
from pellucid.estimators.reports import (
    ENDED_BY_ITSELF,
    VerbosePrinter,
    refuse_diverged,
    report_outcome,
    warn,
)
from pellucid.estimators.thread_limits import thread_limit
from pellucid.estimators.weights import checked_weights, refuse_weightless
from pellucid.spec import Cosine, FlatCosine, Lbfgs, LogCosine, Network, OneCycle, Training
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Epoch, Job, Run, State, Watch
from pellucid.training.stopping import Best
from pellucid.training.streams import Streams

__all__ = ["BaseMLP"]

PLANNED = (Cosine, FlatCosine, LogCosine, OneCycle)
"""Schedules that end with the last of max_iter epochs."""

NO_RATE = 1e-3
"""Share of the learning rate with which an epoch learns next to nothing."""

LEARNED_FROM_ROWS = ("n_features_in_", "feature_names_in_", "classes_", "_label_binarizer")


class BaseMLP(CallbackSupportMixin, ValidatesRows):
    """Validates rows, describes the network and its training, lets an engine train it, keeps what came of it.

    A fit has four parts, and who trains many networks at once calls them himself: `take_rows` checks the rows (shared
    by the fits of one fold), `prepare` makes the job, an engine trains it together with others, `adopt` keeps the run.
    The result is that of `fit`, bit for bit.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.engines import get_engine
    >>> from pellucid.training import Watch
    >>> X, y = make_moons(100, noise=0.2, random_state=0)
    >>> models = [MLPClassifier((width,), max_iter=20, random_state=0) for width in (2, 4, 8)]
    >>> rows = models[0].take_rows(X, y)
    >>> jobs = [model.prepare(rows) for model in models]
    >>> runs = get_engine().train(jobs, Watch())
    >>> models = [model.adopt(job, run) for model, job, run in zip(models, jobs, runs)]
    >>> again = MLPClassifier((8,), max_iter=20, random_state=0).fit(X, y)
    >>> bool((models[2].predict_proba(X) == again.predict_proba(X)).all())
    True
    """

    _parameter_constraints: dict[str, list[Any]] = dict(PARAMETER_CONSTRAINTS)  # noqa: RUF012 - scikit-learn's form
    row_parameters: ClassVar[tuple[str, ...]] = ("dtype",)
    """Parameters that `take_rows` looks at: estimators that agree in them can share rows."""

    # --- what subclasses say --------------------------------------------------------------------------------------

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        """Return X as an array or CSR matrix, and y as given, checked."""

    @abstractmethod
    def _output(self) -> str:
        """Return the name of the output activation."""

    @abstractmethod
    def _loss_description(self) -> Any:
        """Return the loss in the language of `pellucid.spec`."""

    def _learn_classes(self, y: Any, classes: Any) -> None:
        """Take in the classes that a first `partial_fit` is told; for a classifier."""

    def _validate_params(self) -> None:
        self.check_parameters(self.get_params(deep=False))

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Check some parameters' values as scikit-learn does, and say what a wrong one may have been meant to be.

        Raises
        ------
        InvalidParameterError
            If a value breaks its parameter's rule.
        """
        for name, value in parameters.items():
            try:
                validate_parameter_constraints(self._parameter_constraints, {name: value}, type(self).__name__)
            except InvalidParameterError as error:
                rules = self._parameter_constraints[name]
                told = rule_in_words(rules)
                message = f"The {name!r} parameter of {type(self).__name__} must be {told}. Got {shown(value)} instead."
                slip = slip_of(name, value, rules)
                raise InvalidParameterError((message if told else str(error)) + slip) from None

    # --- fit ------------------------------------------------------------------------------------------------------

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        given_validation: tuple[Any, Any, Any] = (None, None, None),
        *,
        incremental: bool = False,
        classes: Any = None,
    ) -> Self:
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if incremental:
            self._validate_params()  # scikit-learn does in the first call only
        with self._kept_if_it_fails(incremental=incremental):
            job = self._prepare(X, y, sample_weight, given_validation, incremental=incremental, classes=classes)
            self._warn_of_no_rate(job)
            run = self._train(job, X, y, sample_weight)
        report_outcome(run, job.training, self._useless(job, run, incremental=incremental), incremental=incremental)
        return self

    def _useless(self, job: Job, run: Run, *, incremental: bool) -> Useless | None:
        if incremental or run.outcome not in ENDED_BY_ITSELF:
            return None

        def forward(inputs: Any) -> Array:
            return self._run(job.network, self._parameters, inputs)

        return useless(type(self).__name__, job, run.history.loss, forward)

    @contextmanager
    def _kept_if_it_fails(self, *, incremental: bool) -> Iterator[None]:
        """Leave what was learned before as it was, if what goes on from it cannot begin, diverges or is broken off.

        `partial_fit` trains in place, as a copy of a large network takes longer than a step: its epoch is kept where a
        callback broke it off, and where it diverged nothing is left.
        """
        before = dict(self.__dict__)
        try:
            yield
        except BaseException as error:
            if not incremental or "coefs_" not in before or self.__dict__.get("t_") == before.get("t_"):
                under_way = {name: self.__dict__[name] for name in UNDER_WAY if name in self.__dict__}
                self.__dict__ = before | under_way
            elif isinstance(error, DivergedError):
                self._forget()
                raise DivergedError(
                    f"{error} {type(self).__name__}.partial_fit trains in place: what was learned before is lost. "
                    "Begin again, or go on from a copy (copy.deepcopy, pellucid.save) of before."
                ) from None
            raise

    def _prepare(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        given_validation: tuple[Any, Any, Any] = (None, None, None),
        *,
        incremental: bool = False,
        classes: Any = None,
    ) -> Job:
        """Return the training that a fit (or, incrementally, one more epoch) on these rows is, about to begin."""
        hidden_layers(self)  # a wrong width is reported before anything about the data
        if self.scoring is not None and self.scoring != "loss":
            if isinstance(self.scoring, str) and self.scoring not in get_scorer_names():
                raise SpecError(
                    f"'scoring' of {type(self).__name__} must be 'loss', or a name or function that scikit-learn "
                    f"scores by; got {self.scoring!r}.{near(self.scoring, get_scorer_names())}"
                )
            check_scoring(self, self.scoring)
        rows = self.take_rows(X, y, sample_weight, incremental=incremental, classes=classes)
        held_out = None if incremental else self.take_held_out(rows, *given_validation)
        return self.prepare(rows, held_out, incremental=incremental)

    def take_rows(
        self, X: Any, y: Any, sample_weight: Any = None, *, incremental: bool = False, classes: Any = None
    ) -> Rows:
        """Check training rows and turn them into numbers.

        Parameters
        ----------
        X, y, sample_weight : arrays
            As of `fit`.
        incremental : bool
            For `partial_fit`.
        classes : array or None
            What the first call of a classifier's `partial_fit` is told.

        Returns
        -------
        Rows
            For `prepare` of this estimator, or of another that agrees in `row_parameters`.
        """
        is_first = self._is_first_pass(incremental=incremental)
        self._refuse_targets(y, f"'y' of {type(self).__name__}.{'partial_fit' if incremental else 'fit'}")
        if incremental:
            self._learn_classes(y, classes)
        X, y = self._validate_input(X, y, incremental=incremental, reset=is_first)
        if sample_weight is not None:
            sample_weight = checked_weights(sample_weight, X)
        sample_weight = self._weigh(y, sample_weight, incremental=incremental)
        if sample_weight is not None and not incremental:
            refuse_weightless("class_weight", sample_weight)
        dtype = np.dtype(number_type(self) or (X.dtype if is_first else self.coefs_[0].dtype))
        data = Batch(as_dtype(X, dtype), self._encode(y, dtype), as_dtype(sample_weight, dtype))
        return Rows(data, y, {name: self.__dict__[name] for name in LEARNED_FROM_ROWS if name in self.__dict__})

    def prepare(
        self,
        rows: Rows,
        held_out: HeldOut | None = None,
        *,
        incremental: bool = False,
        described: tuple[Network, Training] | None = None,
        random: np.random.RandomState | None = None,
    ) -> Job:
        """Return the job that a fit on these rows is, about to begin; `adopt` takes what comes of it.

        Parameters
        ----------
        rows : Rows
            From `take_rows`, of this estimator or of one that agrees in `row_parameters`.
        held_out : HeldOut or None
            Validation rows from `take_held_out`.
        incremental : bool
            For `partial_fit`.
        described : pair of Network and Training, or None
            Of the job of an estimator with the same parameters: taken over where they suit these rows.
        random : RandomState or None
            The stream to draw from, if somebody has it already; None: the one that `random_state` says.

        Returns
        -------
        Job
            Its parameters are this estimator's: while it is trained, the estimator can predict.
        """
        first_pass = self._is_first_pass(incremental=incremental)
        self.__dict__.update(rows.learned)
        data, validates = rows.data, self._validates(held_out)
        self._warn_of_settings()
        self._random_state = check_random_state(self.random_state) if random is None else random
        size = (data.inputs.shape[1], data.targets.shape[1], self._output())
        known, known_training = described or (None, None)
        network = known if known is not None and _size(known) == size else describe_network(self, *size)
        if not first_pass:
            self._check_same_layers(network, incremental=incremental)
            network = self._as_set(network)
        self._begin(network, data.inputs, first_pass=first_pass, incremental=incremental, validates=validates)
        if held_out is None and self.early_stopping and not self._is_lbfgs and not incremental:
            data, held_out = self._split_off(data, rows.y)
        training = self._describe_training(data, incremental=incremental, validates=validates, known=known_training)
        self._forget_what_does_not_compare(training)
        return Job(
            network=network,
            training=training,
            data=data,
            parameters=self._parameters.vector,
            streams=self._streams(network),
            validation=held_out.batch if held_out else None,
            score=self._score_of(held_out, is_watched=validates),
            state=self._state,
            epochs=1 if incremental else None,
        )

    def _is_first_pass(self, *, incremental: bool) -> bool:
        return not hasattr(self, "coefs_") or not (self.warm_start or incremental)

    def _warn_of_settings(self) -> None:
        """Say what can learn nothing, and what 'lbfgs' leaves out, which scikit-learn's has not either."""
        if self.layer_norm and any(layer.width == 1 for layer in hidden_layers(self)):
            warn(
                f"'layer_norm' of {type(self).__name__} makes the only neuron of a hidden layer 0 for every row, so "
                "that the rows tell the network nothing. Give the layer more neurons, or take layer_norm=False."
            )
        if not self._is_lbfgs:
            return
        dropout = any(layer.dropout for layer in hidden_layers(self))
        unused = [name for name, is_set in (("dropout", dropout), ("clip_norm", self.clip_norm is not None)) if is_set]
        if unused:
            warn(
                f"solver='lbfgs' of {type(self).__name__} trains without {' and '.join(map(repr, unused))}: "
                "it needs the same loss at every step. Take 'adam', or leave them out."
            )

    def _warn_of_no_rate(self, job: Job) -> None:
        """Say that a single epoch learns nothing, where a planned schedule begins or has ended."""
        done, planned = job.state.epochs, job.training.epochs
        if job.epochs_to_run != 1 or not isinstance(job.training.schedule, PLANNED) or (done == 0 and planned > 1):
            return
        rates = (job.learning_rate(batch) for batch in range(job.steps_an_epoch))
        if any(rate > NO_RATE * job.training.learning_rate for rate in rates):
            return
        warn(
            f"'learning_rate' of {type(self).__name__} is {shown(self.learning_rate)}, a plan for max_iter={planned} "
            f"{'epochs, which are over' if done else 'epoch'}: the rate is about 0, and next to nothing is learned. "
            "Take a larger max_iter, or 'constant' where there is no plan."
        )

    def _begin(self, network: Network, inputs: Any, *, first_pass: bool, incremental: bool, validates: bool) -> None:
        """Draw or take over the parameters, and reset what a new training resets."""
        dtype = inputs.dtype
        if first_pass:
            self._state, self.t_ = State(), 0
            self._set_parameters(network, initial_parameters(network, self._random_state, dtype, inputs))
        else:
            vector = self._current_parameters(network).vector
            self._set_parameters(network, vector.astype(dtype, copy=not incremental))
            known = "best_validation_score_" if validates else "best_loss_"
            state = self.__dict__.get("_state") or State(best=Best(value=getattr(self, known, None)))
            self._state = replace(  # as in scikit-learn, only the parameters go on
                state, best=replace(state.best), rows_seen=getattr(self, "t_", 0), shuffling=None, current=None
            )
            if not incremental:
                self._state.optimizer, self._state.epochs, self._state.reductions = None, 0, 0
            self._state.become(dtype)
            if not incremental:
                self._state.best.parameters = None  # as in scikit-learn, only what this fit finds is restored
        self.n_iter_ = 0
        self.n_outputs_ = network.outputs
        self.n_layers_ = len(network.widths)
        self.out_activation_ = network.output
        self._begin_curves(first_pass=first_pass)

    def _check_same_layers(self, network: Network, *, incremental: bool) -> None:
        known = self.__dict__.get("network_")
        widths = network.widths if known is None else (known.features, *network.widths[1:])
        found = tuple(np.shape(array) for array in self.coefs_)
        remedy = "Fit a new estimator (sklearn.base.clone)." if incremental else "Set warm_start=False and fit anew."
        if found == tuple(pairwise(widths)):
            is_new = known is not None and [layer.layer_norm for layer in known.hidden] != [
                layer.layer_norm for layer in network.hidden
            ]
            if is_new:
                raise SpecError(
                    f"'layer_norm' of {type(self).__name__} must stay as it was while training goes on from earlier "
                    f"weights; got {self.layer_norm!r}. {remedy}"
                )
            return
        outputs = found[-1][-1]
        if outputs != network.outputs:
            raise DataError(
                f"'y' of {type(self).__name__}.{'partial_fit' if incremental else 'fit'} must have as many outputs as "
                f"in the training that goes on, {outputs}; got {network.outputs}. {remedy}"
            )
        raise SpecError(
            f"'hidden_layer_sizes' of {type(self).__name__} must stay as it was while training goes on from "
            f"earlier weights; got {self.hidden_layer_sizes!r}, the weights have the shapes {list(found)}. {remedy}"
        )

    def _as_set(self, network: Network) -> Network:
        """Keep what no parameter describes, but a network from `set_network` may have: its embedding, for example."""
        known = self.__dict__.get("network_")
        if known is None:
            return network
        return replace(
            network,
            hidden=tuple(
                replace(layer, parametric=before.parametric)
                for layer, before in zip(network.hidden, known.hidden, strict=True)
            ),
            embedding=known.embedding,
            input_scale=known.input_scale,
            parametrization=known.parametrization,
        )

    def _begin_curves(self, *, first_pass: bool) -> None:
        if first_pass:
            for name in (*CURVES, "best_loss_", "best_validation_score_"):
                self.__dict__.pop(name, None)
        if not self._is_lbfgs and not hasattr(self, "loss_curve_"):
            self.loss_curve_: list[float] = []
            self.validation_loss_curve_: list[float] | None = None
            self.validation_scores_: list[float] | None = None

    def _describe_training(
        self, data: Batch, *, incremental: bool, validates: bool, known: Training | None = None
    ) -> Training:
        if self.batch_size == "auto":
            batch_size = min(200, data.rows)
        else:
            if self.batch_size > data.rows and not self._is_lbfgs:
                message = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
                warn(message, UserWarning)
            batch_size = min(int(self.batch_size), data.rows)
        if known is not None and (known.batch_size, known.dtype) == (batch_size, data.inputs.dtype.name):
            return known
        monitor = "loss"
        if validates:
            monitor = "validation_loss" if self.scoring == "loss" else "validation_score"
        return describe_training(
            self,
            self._loss_description(),
            batch_size=batch_size,
            monitor=monitor,
            tolerance=self._tolerance(data, validates=validates),
            dtype=data.inputs.dtype.name,
            incremental=incremental,
        )

    def _tolerance(self, data: Batch, *, validates: bool) -> float:
        return float(self.tol)

    def _forget_what_does_not_compare(self, training: Training) -> None:
        """Drop the best value of another quantity, and another optimiser's memory, from a state that is continued."""
        watched = (training.stopping.monitor, self.scoring if training.stopping.monitor != "loss" else None)
        if self.__dict__.get("_watched", watched) != watched:
            self._state.best = Best()
        if self.__dict__.get("_optimizer_kind", type(training.optimizer)) is not type(training.optimizer):
            self._state.optimizer, self._state.epochs, self._state.reductions = None, 0, 0
        self._watched, self._optimizer_kind = watched, type(training.optimizer)

    def _streams(self, network: Network) -> Streams:
        """Return scikit-learn's one stream for everything; dropout, which it lacks, draws a key from it."""
        has_dropout = any(layer.dropout for layer in network.hidden)
        key = int(self._random_state.randint(2**31 - 1)) if has_dropout else 0
        return Streams(self._random_state, key)

    def _train(self, job: Job, X: Any, y: Any, sample_weight: Any) -> Run:
        engine = self.engine_for(job)
        printer = VerbosePrinter(job.training) if self.verbose else None
        with listening(self, job.epochs_to_run, X, y, sample_weight) as listeners, thread_limit(self.n_threads):
            broken: list[Exception] = []
            (run,) = engine.train([job], Watch(self._hear(job, listeners, printer, broken), self.time_limit))
            self.adopt(job, run)
            if broken:
                raise broken[0]
        if printer is not None:
            printer.on_end(run.outcome)
        return run

    def engine_for(self, job: Job) -> Engine:
        """Return the engine asked for; where 'auto' finds one that cannot do this, the textbook's, which can."""
        engine, textbook = get_engine(self.engine, self.n_threads), get_engine("textbook")
        impossible = textbook.unsupported(job.network, job.training)
        reason = engine.unsupported(job.network, job.training)
        if impossible is not None or (reason is not None and self.engine != "auto"):
            raise SpecError(impossible or reason)
        if reason is not None:
            warn(f"Training runs on the slower textbook engine: {reason}")
            return textbook
        return engine

    def _hear(
        self, job: Job, listeners: Listeners, printer: VerbosePrinter | None, broken: list[Exception]
    ) -> Callable[[Epoch], bool] | None:
        """Return what the engine calls after each epoch; None if nobody listens.

        A listener's error goes to `broken` and ends the training, so that the engine leaves its job whole.
        """
        if not listeners and printer is None:
            return None
        curves = {name: list(getattr(self, name, None) or []) for name in CURVES}
        rows_before, rows = job.state.rows_seen, 0 if self._is_lbfgs else job.data.rows

        def on_epoch(epoch: Epoch) -> bool:
            self.n_iter_, self.loss_ = epoch.epoch, epoch.loss
            self.t_ = rows_before + epoch.epoch * rows
            loss = None if self._is_lbfgs else epoch.loss
            for name, value in zip(CURVES, (loss, epoch.validation_loss, epoch.validation_score), strict=True):
                if value is not None:
                    curves[name].append(value)
                    self.__dict__[name] = curves[name]
            if printer is not None:
                printer.on_epoch(epoch)
            try:
                return listeners.on_epoch(epoch)
            except Exception as error:
                broken.append(error)
                return True

        return on_epoch

    def adopt(self, job: Job, run: Run) -> Self:
        """Keep what came of a job from `prepare` as fitted attributes.

        Parameters
        ----------
        job : Job
        run : Run
            The whole of its training; of one in several parts, `Run.joined`.

        Raises
        ------
        DivergedError
            If no usable network is left.
        """
        training = job.training
        history, monitor = run.history, training.stopping.monitor
        heard = self.n_iter_  # the last epochs of the curves, which were kept up for who listened

        def curve(name: str, values: list[float]) -> list[float]:
            known = getattr(self, name, None) or []
            return [*known[: max(0, len(known) - heard)], *values]

        self.outcome_ = run.outcome
        self.n_iter_ = len(history.learning_rate)
        self.t_ = run.state.rows_seen
        if history.loss:
            self.loss_ = history.loss[-1]
        if not isinstance(training.optimizer, Lbfgs):
            self.loss_curve_ = curve("loss_curve_", history.loss)
            self.best_loss_ = run.state.best.value if monitor == "loss" else None
            self.best_validation_score_: float | None = None
        if history.validation_loss:
            self.validation_loss_curve_ = curve("validation_loss_curve_", history.validation_loss)
            self.validation_scores_ = curve("validation_scores_", history.validation_score)
            scores = (score for score in self.validation_scores_ if not isnan(score))
            self.best_validation_score_ = max(scores, default=-inf)
        refuse_diverged(run, training)
        return self

    def _network(self) -> Network:
        return describe_network(self, self.n_features_in_, self.coefs_[-1].shape[1], self._output())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _size(network: Network) -> tuple[int, int, str]:
    return network.inputs, network.outputs, network.output
