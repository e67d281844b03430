"""`sweep`: every combination of settings, on folds and seeds, as one population."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.base import clone

from pellucid.errors import DataError, PellucidError
from pellucid.estimators.reports import warn
from pellucid.plotting import BoundaryWall, LossFan, SettingHeatMap, SettingScores
from pellucid.plotting.style import as_number, score_told, short_figure
from pellucid.tuning.grids import combinations
from pellucid.tuning.measuring import measure, network_parameter, on_every_split, problem_of, score_name, seed_list
from pellucid.tuning.problem import full_name, short_name
from pellucid.tuning.trials import Result, Wanted
from pellucid.tuning.trivial import Trivial
from pellucid.tuning.words import best_first, ended_early, findings, mean_scores, text_of, variance_explained

__all__ = ["Sweep", "sweep"]

MOST_PICTURES = 48
"""Of a wall of decision boundaries."""


def sweep(
    estimator: Any,
    X: Any,
    y: Any,
    settings: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
    *,
    cv: Any = 5,
    seeds: int | Sequence[int] = 1,
    scoring: Any = None,
    fit_params: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
) -> "Sweep":
    """Train every combination of settings on every fold with every seed, all together.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends in one
        Its other parameters hold for all.
    X : array or data frame of shape (rows, features)
    y : array of shape (rows,) or (rows, outputs)
    settings : mapping of str to sequence, or sequence of such
        For each parameter the values to be tried; of a pipeline's network also without the step's name. Of several
        mappings each has combinations of its own.
    cv : int, splitter or iterable of splits
        With ``groups`` in `fit_params` an integer keeps the rows of a group together.
    seeds : int or sequence of int
        So many seeds from 0 on, or these; each combination is trained with each as its ``random_state``.
    scoring : str, callable or None
        A scorer of scikit-learn; None: accuracy of classes, R² of numbers.
    fit_params : mapping or None
        For `fit`: ``sample_weight`` is split like X; ``groups`` are for `cv`.
    n_jobs : int or None
        As in `PopulationSearchCV`.
    time_limit : float > 0 or None
        Seconds. Where they are too few for all epochs, each training has the same share of its own, and the outcome
        TIME_LIMIT (INTERRUPTED after Ctrl-C), unless it ended before by itself; combinations that had no turn even so
        are left out. Estimators with callbacks, ``warm_start`` or a time limit of their own are fitted one by one: none
        begins after the limit, but each has all its epochs.
    progress : bool
        Show a bar with the time left and the best score so far.

    Returns
    -------
    Sweep
        After Ctrl-C with the trainings that were finished; within a time limit with as many epochs as all had.

    Raises
    ------
    PellucidError
        If a parameter is unknown, there is nothing to try, or all trainings failed.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import sweep
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> result = sweep(
    ...     MLPClassifier(max_iter=60),
    ...     X,
    ...     y,
    ...     {"hidden_layer_sizes": [(2,), (16,)], "learning_rate_init": [0.001, 0.03]},
    ...     cv=3,
    ...     seeds=2,
    ... )
    >>> len(result.frame), result.best_params_
    (24, {'hidden_layer_sizes': (16,), 'learning_rate_init': 0.03})
    >>> next(iter(result.variance_explained()))
    'learning_rate_init'
    """
    seed = network_parameter(estimator, "random_state", "sweep")
    tried = [
        {full_name(estimator, name): value for name, value in setting.items()}
        for setting in combinations("sweep", "settings", settings)
    ]
    named = list(dict.fromkeys(name for setting in tried for name in setting))
    every_seed = [None] if seed in named else seed_list(seeds, "sweep")
    problem = problem_of("sweep", estimator, X, y, cv=cv, scoring=scoring, fit_params=fit_params)
    seeded = [setting if each is None else {**setting, seed: each} for setting in tried for each in every_seed]
    trials = on_every_split(seeded, problem)
    has_two_inputs = np.ndim(X) == 2 and np.shape(X)[1] == 2
    results = measure(
        "sweep",
        problem,
        trials,
        together=len(every_seed) * len(problem.splits),
        wanted=Wanted(model=has_two_inputs),
        n_jobs=n_jobs,
        time_limit=time_limit,
        progress=progress,
    )
    own = estimator.get_params()
    frame = _frame(results, {name: own.get(name) for name in named}, len(every_seed), seed)
    curves = {(r.trial.number // len(every_seed), r.trial.number, r.trial.split): r.loss for r in results}
    models = {
        result.trial.number // len(every_seed): result.model for result in reversed(results) if result.model is not None
    }
    name, early = score_name(scoring, estimator), ended_early(results)
    trivial = Trivial.of(problem)
    return Sweep(problem.estimator, X, y, tried, frame, named, curves, models, name, early, trivial)


def _frame(results: Sequence[Result], own: Mapping[str, Any], seeds: int, seed: str) -> pd.DataFrame:
    """Return a row for each result; a parameter that its setting does not have has the estimator's own value."""
    rows = [
        {
            "setting": result.trial.number // seeds,
            **{name: result.trial.parameters.get(name, value) for name, value in own.items()},
            **({} if seed in own else {"seed": result.trial.parameters.get(seed)}),
            "fold": result.trial.split,
            "score": np.nan if result.error else float(result.score),
            "train_score": np.nan if result.error else float(result.train_score),
            "epochs": result.epochs,
            "parameters": result.parameters,
            "seconds": result.fit_seconds + result.score_seconds,
            "outcome": "" if result.outcome is None else result.outcome.name,
            "reason": result.reason,
        }
        for result in results
    ]
    return pd.DataFrame(rows)


class Sweep:
    """What a sweep found: a table, pictures, words.

    Attributes
    ----------
    frame : DataFrame
        A row for each training: the settings, seed, fold, score and training score, epochs, parameters, seconds,
        outcome, and the reason where it failed.
    summary : DataFrame
        A row for each combination, the best first: its settings, numbers as such and others as texts, and mean,
        standard error and spread of its scores. Combinations of which a training failed come last, without a mean.
    best_params_, best_score_ : dict, float
        Of the combination with the best mean.
    settings : list of str
        Parameters that were varied.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        tried: Sequence[Mapping[str, Any]],
        frame: pd.DataFrame,
        settings: list[str],
        curves: Mapping[tuple[int, int, int], Sequence[float]],
        models: Mapping[int, Any],
        score_name: str,
        early: str,
        trivial: Trivial = Trivial(),  # noqa: B008 - immutable
    ) -> None:
        self._estimator, self._X, self._y, self._tried = estimator, X, y, tried
        self.frame, self.settings, self.score_name = frame, settings, score_name
        self._curves, self._models, self._early = curves, models, early
        self._trivial = trivial
        self._names = {name: short_name(estimator, name) for name in settings}
        groups: Any = frame.groupby("setting")["score"]
        summary = groups.agg(score="mean", standard_error="sem", lowest="min", highest="max", trainings="count")
        summary["score"] = mean_scores(frame)
        summary["training_score"] = frame.groupby("setting")["train_score"].mean()
        self._told = self._texts().groupby("setting")[settings].first()
        values = self._told.copy()
        for name in settings:
            if is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name]):
                values[name] = frame.groupby("setting")[name].first()
        self.summary = values.join(summary).loc[best_first(frame)]
        best = int(self.summary.index[0])
        self.best_params_, self.best_score_ = dict(tried[best]), float(self.summary["score"].iloc[0])

    def best_estimator(self) -> Any:
        """Return an estimator, not fitted, with the best settings."""
        return clone(self._estimator).set_params(
            **{name: clone(value, safe=False) for name, value in self.best_params_.items()}
        )

    def variance_explained(self) -> dict[str, float]:
        """Return the share of the scores' variance that each setting explains, then settings together, then chance.

        A ``random_state`` that was varied is part of chance.
        """
        return dict(self._shares)

    @cached_property
    def _shares(self) -> dict[str, float]:
        return variance_explained(self._texts(), self._varied())

    def findings(self) -> list[str]:
        """Return what the sweep found, a sentence each."""
        texts, varied = self._texts(), self._varied()
        return findings(
            texts,
            varied,
            self._names,
            self.score_name,
            shares=self._shares,
            early=self._early,
            trivial=self._trivial,
        )

    def __str__(self) -> str:
        return "\n".join(self.findings())

    def _repr_html_(self) -> str:
        """Return the words and the table of the best, for notebooks."""
        from html import escape  # noqa: PLC0415 - for notebooks only

        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.findings())
        return f"<ul>{said}</ul>{self.summary.head(10).to_html()}"

    def _texts(self) -> pd.DataFrame:
        """Return the frame with the settings' values as texts."""
        frame = self.frame.copy()
        for name in self.settings:
            frame[name] = [text_of(value) for value in self.frame[name]]
        return frame

    def _varied(self) -> list[str]:
        """Return the settings with more than one value."""
        return [name for name in self.settings if self._told[name].nunique() > 1]

    def _levels(self, name: str) -> list[str]:
        """Return the values of a setting as texts: numbers by their size, others as they were given."""
        return sorted(dict.fromkeys(self._told[name]), key=as_number)

    # --- pictures -------------------------------------------------------------------------------------------------

    def plot_settings(self) -> SettingScores:
        """Draw the score against each setting, with the spread over folds and seeds."""
        texts, varied = self._texts(), self._varied() or self.settings
        values = {self._names[name]: texts[name].tolist() for name in varied}
        return SettingScores(values, texts["score"], texts["setting"], score_name=self.score_name).plot()

    def plot_heat_map(self, rows: str | None = None, columns: str | None = None) -> SettingHeatMap:
        """Draw the best mean score of each pair of two settings' values.

        Parameters
        ----------
        rows, columns : str or None
            Settings; None: those that explain most.

        Raises
        ------
        PellucidError
            If there are no two.
        """
        varied = self._varied()
        ranked = [name for name in self.variance_explained() if name in varied]
        ranked += [name for name in varied if name not in ranked]  # a random_state explains nothing
        wanted = [self._setting(each) for each in (rows, columns) if each is not None]
        wanted += [name for name in ranked if name not in wanted][: 2 - len(wanted)]
        if len(set(wanted)) != 2:
            raise PellucidError(f"A heat map needs two settings with more than one value; this sweep varied {ranked}.")
        first, second = map(self._levels, wanted)
        means = self._told.join(self.summary["score"]).groupby(wanted, sort=False)["score"].max()
        table = [[float(means.get((a, b), np.nan)) for b in second] for a in first]
        return SettingHeatMap(
            first,
            second,
            table,
            self._names[wanted[0]],
            self._names[wanted[1]],
            score_name=self.score_name,
            note="best of the other settings" if len(self._varied()) > 2 else "",
        ).plot()

    def plot_losses(self) -> LossFan:
        """Draw each combination's training loss, the median of its folds and seeds: a wild one hides no other.

        Trainings that ended before others keep their last loss.
        """
        curves, scores = [], []
        for number, score in self.summary["score"].sort_index().items():
            own = [curve for (setting, _, _), curve in self._curves.items() if setting == number and len(curve)]
            if not own:
                continue
            longest = max(map(len, own))
            table = np.array([[*curve, *[curve[-1]] * (longest - len(curve))] for curve in own])
            seen = np.isfinite(table).any(axis=0)
            curves.append(np.nanmedian(np.where(np.isfinite(table), table, np.nan)[:, seen], axis=0).tolist())
            scores.append(score)
        if not curves:
            raise DataError("No training of this sweep has a loss curve: the solver 'lbfgs' keeps none.")
        best = self._label(int(self.summary.index[0]))
        return LossFan(curves, scores, best=f"best: {best}", score_name=self.score_name).plot()

    def plot_boundaries(self, *, grid_resolution: int = 60) -> BoundaryWall:
        """Draw the decision boundary of each combination, of its first fold and seed, over all rows.

        Of more than 48 combinations those of the best are drawn.

        Parameters
        ----------
        grid_resolution : int
            Points of each picture's grid along each axis.

        Raises
        ------
        DataError
            If X has not exactly two columns.
        """
        if not self._models:
            raise DataError("A wall of decision boundaries needs X with exactly two columns.")
        varied = self._varied()
        order = sorted(int(number) for number in self.summary.index[:MOST_PICTURES])
        name, sign = score_told(self.score_name)
        titles = {
            number: "a training failed" if np.isnan(mean) else short_figure(sign * mean)
            for number, mean in self.summary["score"].items()
        }
        columns, rows, heads = 6, [], []
        if len(varied) == 2 and len(order) == len(self.summary):
            first, second = map(self._levels, varied)
            places = {tuple(self._told.loc[number, varied]): number for number in order}
            order = [places.get((a, b), -1) for a in first for b in second]
            titles[-1] = ""
            columns = len(second)
            rows = [f"{self._names[varied[0]]}\n{value}" for value in first]
            heads = [f"{self._names[varied[1]]} {value}" for value in second]
        else:
            titles = {number: f"{self._label(number, short=True)}: {titles[number]}" for number in order}
        models = [self._models.get(number) for number in order]
        head = f"Networks of the first fold and seed; above each the mean {name} of its setting"
        if len(order) < len(self.summary):
            head += f"; the best {len(order)} of {len(self.summary)} settings"
        wall = BoundaryWall(
            models,
            self._X,
            self._y,
            [titles[number] for number in order],
            columns=columns,
            row_titles=rows,
            column_titles=heads,
            title=head,
        )
        return wall.plot(grid_resolution=grid_resolution)

    def save(self, folder: str | Path) -> list[Path]:
        """Write the table (trainings.csv, settings.csv), the words (findings.txt) and the pictures into a folder.

        Parameters
        ----------
        folder : str or Path
            Made if need be.

        Returns
        -------
        list of Path
            Of what was written: a picture that cannot be drawn is left out, with a warning.
        """
        import matplotlib.pyplot as plt  # noqa: PLC0415 - chooses a backend

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._texts().to_csv(folder / "trainings.csv", index=False)
        self.summary.to_csv(folder / "settings.csv")
        (folder / "findings.txt").write_text(str(self) + "\n", encoding="utf-8")
        written = [folder / name for name in ("trainings.csv", "settings.csv", "findings.txt")]
        for name, draw in self._drawings().items():
            place = folder / f"{name}.png"
            try:
                display = draw()
                display.figure_.savefig(place, dpi=120)
            except Exception as error:  # whatever a drawing library raises: the other pictures are none the worse
                place.unlink(missing_ok=True)
                warn(f"The picture '{place.name}' cannot be drawn and is left out: {type(error).__name__}: {error}")
            else:
                written.append(place)
                plt.close(display.figure_)
        return written

    def pictures(self) -> dict[str, Any]:
        """Draw all pictures that this sweep has: by name the displays."""
        return {name: draw() for name, draw in self._drawings().items()}

    def _drawings(self) -> dict[str, Callable[[], Any]]:
        """Return by name what draws each picture that this sweep has."""
        drawings: dict[str, Callable[[], Any]] = {"settings": self.plot_settings}
        if len(self._varied()) > 1:
            drawings["heat-map"] = self.plot_heat_map
        if any(len(curve) for curve in self._curves.values()):
            drawings["losses"] = self.plot_losses
        if self._models:
            drawings["boundaries"] = self.plot_boundaries
        return drawings

    def _setting(self, name: str) -> str:
        full = full_name(self._estimator, name)
        if full not in self.settings:
            raise PellucidError(f"This sweep did not vary {name!r}; it varied {self.settings}.")
        return str(full)

    def _label(self, number: int, *, short: bool = False) -> str:
        row = self._told.loc[number]
        varied = self._varied()
        return ", ".join(str(row[name]) if short else f"{self._names[name]} {row[name]}" for name in varied) or "all"
