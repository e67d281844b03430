"""What a sweep found, in words: what mattered, where capacity was too much, where learning rates were too large."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import comb, isclose
from typing import Any

import numpy as np
import pandas as pd

from pellucid.plotting.style import score_told
from pellucid.tables.figures import to_places
from pellucid.textbook.arrays import Array
from pellucid.training.stopping import Outcome
from pellucid.tuning.failures import short_reason
from pellucid.tuning.trials import Result
from pellucid.tuning.trivial import Trivial

__all__ = [
    "best_first",
    "ended_early",
    "figure",
    "findings",
    "mean_scores",
    "score_told",
    "setting_text",
    "setting_title",
    "text_of",
    "unfinished",
    "used_settings",
    "useless",
    "variance_explained",
]

SEED = "random_state"
"""A setting that is chance, of whatever step of a pipeline."""

REST = "settings together"
CHANCE = "folds and seeds"
TIMES_PLANNED = "epochs"
"""The setting of a tabular estimator's member that multiplies the planned epochs: 1 is not one epoch."""

NEEDS = {"bins": ("numbers", "piecewise_linear"), "frequency": ("numbers", "periodic")}
"""Settings that do something only where another has a value."""

DIGITS = 12
"""Of shares of variance: what is beyond is rounding."""

MOST_EXACT = 8
ORDERS = 200
"""Shares of variance of so many settings are means over all orders; of more, which would take 2^settings fits, over
some that are drawn."""

ENDED_BY = {
    (Outcome.TIME_LIMIT, True): "The time limit",
    (Outcome.INTERRUPTED, True): "Ctrl-C",
    (Outcome.TIME_LIMIT, False): "The estimator's own time_limit",
}
"""Who ended a training early, by its outcome and whether the search would have gone on with it."""

MOST_NAMED = 3
"""Settings whose trainings failed for one reason."""

ROUNDING = 1e-9
"""By so much, relative to it, a score may differ from one that is the same."""

LARGE = 1e5
"""Scores from here on are told with a power of ten."""


def text_of(value: Any) -> str:
    """Return a value of a setting as people write it.

    Examples
    --------
    >>> text_of((64, 32)), text_of((8,)), text_of(0.001), text_of("relu"), text_of(None)
    ('64-32', '8', '0.001', 'relu', 'None')
    """
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, tuple | list | np.ndarray):
        return "-".join(text_of(each) for each in value) or "none"
    return str(value)


def setting_text(name: str, value: Any) -> str:
    """Return a setting's value with what it is a multiple of, if it is.

    Examples
    --------
    >>> setting_text("dropout", 0.1), setting_text("epochs", 1.5)
    ('0.1', '1.5 × planned')
    """
    return f"{text_of(value)} × planned" if name == TIMES_PLANNED else text_of(value)


def used_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that do something, the others of the same network being what they are.

    Examples
    --------
    >>> used_settings({"numbers": "periodic", "frequency": 0.1, "bins": 110})
    {'numbers': 'periodic', 'frequency': 0.1}
    """
    return {
        name: value
        for name, value in parameters.items()
        if name not in NEEDS or parameters.get(NEEDS[name][0], NEEDS[name][1]) == NEEDS[name][1]
    }


def setting_title(name: str) -> str:
    """Return a setting's name as the title of its values.

    Examples
    --------
    >>> setting_title("dropout"), setting_title("epochs")
    ('dropout', 'epochs (× planned)')
    """
    return f"{name} (× planned)" if name == TIMES_PLANNED else name


def variance_explained(frame: pd.DataFrame, settings: Sequence[str]) -> dict[str, float]:
    """Return the share of the scores' variance that each setting explains, the greatest first.

    As in an analysis of variance: what each setting adds to a least-squares fit of a sum of effects, one for each
    value, the mean over all orders in which settings may come in (Lindeman, Merenda and Gold, 1980; the Shapley value
    of R²), of more than eight settings over 200 orders drawn at random, always the same; then what settings do together
    beyond that sum, and what folds and seeds do: chance. Where every combination
    has as many scores, the order changes nothing, and a setting's share is the variance of its mean scores (η², the
    first-order Sobol index); where some are missing, too, all shares make 1 together.

    Parameters
    ----------
    frame : DataFrame
        A row for each training, with its score and a column of texts for each setting.
    settings : sequence of str

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["1", "1", "2", "2"], "b": ["1", "2", "1", "2"], "score": [0.0, 0.0, 1.0, 1.0]})
    >>> variance_explained(frame, ["a", "b"])
    {'a': 1.0, 'b': 0.0, 'settings together': 0.0, 'folds and seeds': 0.0}
    """
    settings = [name for name in settings if name.rpartition("__")[2] != SEED]
    known = frame[np.isfinite(frame["score"].astype(float))]
    total = float(known["score"].var(ddof=0)) if len(known) else 0.0
    if not total > 0 or not settings:
        return {**dict.fromkeys([*settings, REST], 0.0), CHANCE: float(total > 0)}
    cells: Any = known.groupby(list(settings), sort=False)["score"].agg(["mean", "size"]).reset_index()
    effects = {name: pd.get_dummies(cells[name], dtype=float).to_numpy() for name in settings}
    explained = _Explained(effects, cells["mean"].to_numpy(), cells["size"].to_numpy(dtype=float), total)
    shares = dict(sorted(explained.shares().items(), key=lambda each: -each[1]))
    shares[REST] = explained.of_cells - sum(shares.values())
    shares[CHANCE] = 1.0 - explained.of_cells
    return {name: max(0.0, round(share, DIGITS)) for name, share in shares.items()}


class _Explained:
    """How much of a variance sums of effects explain.

    Parameters
    ----------
    effects : dict of str to array of shape (cells, values)
        Of each setting, 1 where a cell has a value, else 0.
    means, sizes : array of shape (cells,)
        Mean score of each combination, and how many scores it has.
    total : float
        Variance of all scores.
    """

    def __init__(self, effects: dict[str, Array], means: Array, sizes: Array, total: float) -> None:
        roots, self._scale = np.sqrt(sizes), total * sizes.sum()
        target: Array = roots * (means - np.average(means, weights=sizes))
        self.of_cells = float((target**2).sum() / self._scale)
        self.names = list(effects)
        design = np.column_stack(list(effects.values())) * roots[:, np.newaxis]
        basis, self._design = np.linalg.qr(design)  # as many rows as columns are enough for all fits
        self._target = basis.T @ target
        ends = np.cumsum([effect.shape[1] for effect in effects.values()]).tolist()
        self._columns = {name: range(*each) for name, each in zip(effects, pairwise([0, *ends]), strict=True)}
        self._known: dict[frozenset[str], float] = {frozenset(): 0.0}

    def of(self, names: frozenset[str]) -> float:
        """Return the share of the variance that the least-squares sum of these settings' effects explains."""
        if names not in self._known:
            design = self._design[:, [column for name in sorted(names) for column in self._columns[name]]]
            fitted = design @ np.linalg.lstsq(design, self._target, rcond=None)[0]
            self._known[names] = float((fitted**2).sum() / self._scale)
        return self._known[names]

    def shares(self) -> dict[str, float]:
        """Return what each setting adds, the mean over the orders in which they come in."""
        names = self.names
        alone = {name: self.of(frozenset([name])) for name in names}
        if isclose(sum(alone.values()), self.of(frozenset(names)), rel_tol=1e-9):
            return alone  # the order changes nothing
        return self._over_all_orders() if len(names) <= MOST_EXACT else self._over_drawn_orders()

    def _over_all_orders(self) -> dict[str, float]:
        names, shares = self.names, dict.fromkeys(self.names, 0.0)
        for name in names:
            others = [other for other in names if other != name]
            for size in range(len(names)):
                weight = 1 / (len(names) * comb(len(others), size))
                for before in map(frozenset, combinations(others, size)):
                    shares[name] += weight * (self.of(before | {name}) - self.of(before))
        return shares

    def _over_drawn_orders(self) -> dict[str, float]:
        """Return the mean over drawn orders, each with its reverse: what comes early in one is late in the other."""
        shares, random = dict.fromkeys(self.names, 0.0), np.random.default_rng(0)
        for _ in range(ORDERS // 2):
            order = random.permutation(self.names).tolist()
            for each in (order, order[::-1]):
                for place, name in enumerate(each):
                    added = self.of(frozenset(each[: place + 1])) - self.of(frozenset(each[:place]))
                    shares[name] += added / ORDERS
        return shares


def findings(
    frame: pd.DataFrame,
    settings: Sequence[str],
    names: dict[str, str],
    score_name: str,
    *,
    shares: Mapping[str, float] | None = None,
    early: str = "",
    trivial: Trivial = Trivial(),  # noqa: B008 - immutable
) -> list[str]:
    """Return what a sweep found, a sentence each.

    Parameters
    ----------
    frame : DataFrame
        A row for each training, the settings' values as texts.
    settings : sequence of str
        Columns that vary.
    names : dict of str to str
        What the columns are called.
    score_name : str
    shares : mapping of str to float or None
        As of `variance_explained`, where they are known.
    early : str
        As of `ended_early`.
    trivial : Trivial
        What is to be surpassed, where it is known.
    """
    said = [
        _best(frame, settings, names, score_name),
        _mattered(frame, names, dict(shares or variance_explained(frame, settings))),
        _capacity(frame, score_name),
        *_rates(frame, settings, names),
        *_failed(frame, settings, names),
        early,
        useless(trivial, "setting", float(mean_scores(frame).max()), score_name) or unfinished(frame),
    ]
    return [sentence for sentence in said if sentence]


def _best(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str], score_name: str) -> str:
    means: Any = frame.groupby("setting")["score"].agg(["mean", "sem", "count"])
    best = best_first(frame)[0]
    what = _called(frame[frame["setting"] == best].iloc[0], settings, names)
    has_error = means.loc[best, "count"] > 1
    error = f" ± {figure(means.loc[best, 'sem'])} (mean and standard error)" if has_error else " (of one training)"
    near = mean_scores(frame) >= means.loc[best, "mean"] - (means.loc[best, "sem"] if has_error else 0.0)
    others = f" {int(near.sum()) - 1} others are within that error." if has_error and near.sum() > 2 else ""
    name, sign = score_told(score_name)
    lower = ", lower is better" if sign < 0 else ""
    return f"Best: {what}, with {name} {figure(sign * means.loc[best, 'mean'])}{error}{lower}.{others}"


def _called(row: pd.Series, settings: Sequence[str], names: dict[str, str]) -> str:
    return ", ".join(f"{names[name]} = {row[name]}" for name in settings) or "the only setting"


def mean_scores(frame: pd.DataFrame) -> pd.Series:
    """Return each setting's mean score; NaN where one of its trainings failed: the others' may be of easier folds.

    Examples
    --------
    >>> mean_scores(pd.DataFrame({"setting": [0, 0, 1, 1], "score": [0.5, 0.75, 0.9, np.nan]})).tolist()
    [0.625, nan]
    """
    return frame.groupby("setting")["score"].agg(lambda scores: scores.mean(skipna=False))


def best_first(frame: pd.DataFrame) -> list[int]:
    """Return the settings in the order of their mean scores; of equally good ones the smallest network comes first.

    Last come those of which trainings failed, the fewest first.

    Examples
    --------
    >>> best_first(pd.DataFrame({"setting": [0, 1, 2], "score": [0.5, 0.9, 0.9], "parameters": [3, 8, 5]}))
    [2, 1, 0]
    """
    ranked = frame.assign(failed=frame["score"].isna()).groupby("setting")
    known: Any = ranked.agg(failed=("failed", "sum"), score=("score", "mean"), parameters=("parameters", "first"))
    order = ["failed", "score", "parameters"]
    return list(known.sort_values(order, ascending=[True, False, True], kind="stable").index)


def figure(value: float) -> str:
    """Return a score as people read it.

    Examples
    --------
    >>> figure(0.98765), figure(-1.5e40)
    ('0.9877', '-1.5e+40')
    """
    return to_places(value, 4, LARGE)


def ended_early(results: Sequence[Result]) -> str:
    """Say what ended trainings before they were done: the search's time limit, Ctrl-C, or the estimator's own limit.

    Examples
    --------
    >>> from pellucid.tuning.trials import Trial
    >>> cut = [Result(Trial(0, {}, 0), outcome=Outcome.TIME_LIMIT, is_part=True, epochs=epochs) for epochs in (21, 20)]
    >>> ended_early([*cut, Result(Trial(1, {}, 0), outcome=Outcome.CONVERGED, epochs=9)])
    'The time limit ended 2 of 3 trainings after 20 to 21 epochs: with more time another setting may be best.'
    """
    said = []
    for (outcome, is_part), who in ENDED_BY.items():
        epochs = [each.epochs for each in results if each.outcome is outcome and each.is_part == is_part]
        if epochs:
            least, most = min(epochs), max(epochs)
            span = f"{least} to {most} epochs" if least < most else f"{most} epoch{'' if most == 1 else 's'}"
            said.append(f"{who} ended {len(epochs)} of {len(results)} trainings after {span}")
    return f"{'; '.join(said)}: with more time another setting may be best." if said else ""


def useless(trivial: Trivial, what: str, best: float, score_name: str) -> str:
    """Say that none of what was trained does better than what knows nothing of X, where that is so.

    Examples
    --------
    >>> useless(Trivial(0.6, is_of_classes=True), "setting", 0.6, "accuracy").partition(": ")[0]
    'No setting does better than a guess by the frequency of classes, whose accuracy is 0.6000'
    >>> useless(Trivial(-0.1), "setting", 0.5, "R²")
    ''
    """
    is_r2 = score_name.lower() in ("r2", "r²")
    bar = max(0.0, trivial.score) if is_r2 else trivial.score  # of other rows than it is scored on, the mean has less
    if not best <= bar + ROUNDING * max(1.0, abs(bar)):
        return ""
    guess, sizes = "the mean of y", "X or y is not of size 1 (StandardScaler, TransformedTargetRegressor)"
    if trivial.is_of_classes:
        guess, sizes = "a guess by the frequency of classes", "X is not of size 1 (StandardScaler)"
    name, sign = score_told(score_name)
    return (
        f"No {what} does better than {guess}, whose {name} is {figure(sign * bar)}: learning rates may be too large or "
        f"epochs too few, {sizes}, or X tells nothing of y."
    )


def _mattered(frame: pd.DataFrame, names: dict[str, str], shares: dict[str, float]) -> str:
    chance, together = shares.pop(CHANCE), shares.pop(REST)
    if not shares:
        return ""
    if not any((chance, together, *shares.values())):
        return "All trainings have the same score: no setting mattered."
    is_repeated = frame.groupby(list(shares))["score"].count().max() > 1
    (first, most), *others = shares.items()
    told = [f"{names[name]} {share:.0%}" for name, share in others]
    acting = [f"settings acting together {together:.0%}"] if others else []
    by_chance = (
        f"folds and seeds, that is chance, {chance:.0%}" if is_repeated else "of chance one training tells nothing"
    )
    explained = "of the variance of the scores"
    if chance > max(most, together):
        begin = f"Chance mattered most: folds and seeds explain {chance:.0%} {explained}"
        told = [f"{names[first]} {most:.0%}", *told, *acting]
    elif together > most:
        begin = f"Settings acting together mattered most: they explain {together:.0%} {explained}"
        told = [f"by themselves {names[first]} {most:.0%}", *told, by_chance]
    else:
        begin = f"{names[first]} mattered most: it explains {most:.0%} {explained}"
        told = [*told, *acting, by_chance]
    return f"{begin}; {', '.join(told)}."


def _capacity(frame: pd.DataFrame, score_name: str) -> str:
    """Tell from how many parameters on the score falls though the training rows are fitted no worse."""
    name, sign = score_told(score_name)
    what, better, worse = ("score", "above", "below") if sign > 0 else (name, "below", "above")
    whole = frame["setting"].map(mean_scores(frame)).notna()
    known = frame[(frame["parameters"] > 0) & whole]
    best_settings: Any = known.groupby(["parameters", "setting"])["score"].mean().groupby("parameters").idxmax()
    if len(best_settings) < 2:
        return ""
    rows = {size: known[known["setting"] == setting] for size, (_, setting) in best_settings.items()}
    scores = {size: (each["score"].mean(), each["score"].sem()) for size, each in rows.items()}
    top = max(scores, key=lambda size: scores[size][0])
    for size in sorted(size for size in scores if size > top):
        lost = scores[top][0] - scores[size][0]
        error = float(np.hypot(np.nan_to_num(scores[top][1]), np.nan_to_num(scores[size][1])))
        fits_no_worse = rows[size]["train_score"].mean() >= rows[top]["train_score"].mean() - error
        if lost > 2 * error and lost > 0 and fits_no_worse:
            gap = rows[size]["train_score"].mean() - scores[size][0]
            return (
                f"Too much capacity: from {size:,} parameters on the {what} is {figure(lost)} {worse} its best, at "
                f"{top:,}, though the training rows are fitted no worse; their {what} is {figure(gap)} {better} that "
                "of validation rows."
            )
    gap = rows[top]["train_score"].mean() - scores[top][0]
    how = f"{figure(abs(gap))} {better if gap >= 0 else worse}"
    return f"No network was too large: the best has {top:,} parameters; its {what} on training rows is {how} its own."


def _rates(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str]) -> list[str]:
    said = []
    for name in settings:
        if names[name] != "learning_rate_init":
            continue
        for value, rows in frame.groupby(name, sort=False):
            diverged = int((rows["outcome"] == "DIVERGED").sum())
            if diverged:
                said.append(f"With learning_rate_init = {value}, {diverged} of {len(rows)} trainings diverged.")
    return said


def _failed(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str]) -> list[str]:
    """Name the settings of which trainings failed, with the reason, but for what learning rates have been told of."""
    failed = frame[frame["score"].isna()]
    if failed.empty:
        return []
    if "learning_rate_init" in map(names.get, settings):
        failed = failed[failed["outcome"] != "DIVERGED"]
    said = []
    for reason, rows in failed.groupby("reason", sort=False):
        alike = [name for name in settings if set(frame.index[frame[name].isin(rows[name])]) == set(rows.index)]
        called = list(dict.fromkeys(_called(row, alike[:1] or settings, names) for _, row in rows.iterrows()))
        more = len(called) - MOST_NAMED
        told = "; ".join(called[:MOST_NAMED]) + (f"; {more} more settings" if more > 0 else "")
        why = short_reason(str(reason)) or "their score is not a number"
        said.append(f"{len(rows)} of {len(frame)} trainings failed: those with {told}. The reason: {why}")
    return [*said, "Settings of which a training failed come last."]


def unfinished(frame: pd.DataFrame) -> str:
    """Say that most trainings were ended by the number of their epochs, where that is so."""
    share = float((frame.loc[frame["score"].notna(), "outcome"] == "ALL_EPOCHS").mean())
    if not share >= 0.5:
        return ""
    return f"{share:.0%} of the trainings had all their epochs and could have gone on: a larger max_iter may give more."
