"""What a sweep found, in words: what mattered, where capacity was too much, where learning rates were too large."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "best_first",
    "ended_early",
    "figure",
    "findings",
    "setting_text",
    "setting_title",
    "text_of",
    "variance_explained",
]

REST = "settings together"
CHANCE = "folds and seeds"
TIMES_PLANNED = "epochs"
"""The setting of a tabular estimator's member that multiplies the planned epochs: 1 is not one epoch."""

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


def setting_title(name: str) -> str:
    """Return a setting's name as the title of its values.

    Examples
    --------
    >>> setting_title("dropout"), setting_title("epochs")
    ('dropout', 'epochs (× planned)')
    """
    return f"{name} (× planned)" if name == TIMES_PLANNED else name


def variance_explained(frame: pd.DataFrame, settings: Sequence[str]) -> dict[str, float]:
    """Return the share of the scores' variance that each setting explains by itself, the greatest first.

    As in an analysis of variance: the variance of a setting's mean scores, over that of all scores (η², or the
    first-order Sobol index); then what settings do together, and what folds and seeds do: chance.

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
    known = frame[np.isfinite(frame["score"].astype(float))]
    total = float(known["score"].var(ddof=0)) if len(known) else 0.0
    if not total > 0:
        return dict.fromkeys([*settings, REST, CHANCE], 0.0)
    shares = {name: _between(known, [name]) / total for name in settings}
    shares = dict(sorted(shares.items(), key=lambda each: -each[1]))
    all_together = _between(known, list(settings)) / total
    shares[REST] = max(0.0, all_together - sum(shares.values()))
    shares[CHANCE] = max(0.0, 1.0 - all_together)
    return shares


def _between(frame: pd.DataFrame, names: list[str]) -> float:
    """Variance of the groups' means, each as heavy as it is large."""
    groups = frame.groupby(names, sort=False)["score"]
    means, sizes = groups.mean().to_numpy(), groups.size().to_numpy()
    return float(np.average((means - np.average(means, weights=sizes)) ** 2, weights=sizes))


def findings(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str], score_name: str) -> list[str]:
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
    """
    said = [
        _best(frame, settings, names, score_name),
        _mattered(frame, settings, names),
        _capacity(frame),
        *_rates(frame, settings, names),
        _early(frame),
        _useless(frame, score_name) or _unfinished(frame),
    ]
    return [sentence for sentence in said if sentence]


def _best(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str], score_name: str) -> str:
    means: Any = frame.groupby("setting")["score"].agg(["mean", "sem", "count"])
    best = best_first(frame)[0]
    row = frame[frame["setting"] == best].iloc[0]
    what = ", ".join(f"{names[name]} = {row[name]}" for name in settings) or "the only setting"
    has_error = means.loc[best, "count"] > 1
    error = f" ± {figure(means.loc[best, 'sem'])} (mean and standard error)" if has_error else " (of one training)"
    near = means["mean"] >= means.loc[best, "mean"] - (means.loc[best, "sem"] if has_error else 0.0)
    others = f" {int(near.sum()) - 1} others are within that error." if has_error and near.sum() > 2 else ""
    return f"Best: {what}, with {score_name} {figure(means.loc[best, 'mean'])}{error}.{others}"


def best_first(frame: pd.DataFrame) -> list[int]:
    """Return the settings in the order of their mean scores; of equally good ones the smallest network comes first.

    Examples
    --------
    >>> best_first(pd.DataFrame({"setting": [0, 1, 2], "score": [0.5, 0.9, 0.9], "parameters": [3, 8, 5]}))
    [2, 1, 0]
    """
    known: Any = frame.groupby("setting").agg(score=("score", "mean"), parameters=("parameters", "first"))
    return list(known.sort_values(["score", "parameters"], ascending=[False, True], kind="stable").index)


def figure(value: float) -> str:
    """Return a score as people read it.

    Examples
    --------
    >>> figure(0.98765), figure(-1.5e40)
    ('0.9877', '-1.5e+40')
    """
    return f"{value:.4f}" if abs(value) < LARGE else f"{value:.3g}"


def ended_early(epochs: Sequence[int], trainings: int) -> str:
    """Say that a time limit ended trainings; nothing where it ended none.

    Parameters
    ----------
    epochs : sequence of int
        Of each training that it ended.
    trainings : int
        All there are.

    Examples
    --------
    >>> ended_early([21, 21, 20], 6)
    'The time limit ended 3 of 6 trainings after 20 to 21 epochs: with more time another setting may be best.'
    """
    if not epochs:
        return ""
    least, most = min(epochs), max(epochs)
    span = f"{least} to {most} epochs" if least < most else f"{most} epoch{'' if most == 1 else 's'}"
    return (
        f"The time limit ended {len(epochs)} of {trainings} trainings after {span}: with more time another setting may "
        "be best."
    )


def _early(frame: pd.DataFrame) -> str:
    ended = frame[frame["outcome"] == "TIME_LIMIT"]
    return "" if ended.empty else ended_early(ended["epochs"].tolist(), len(frame))


def _useless(frame: pd.DataFrame, score_name: str) -> str:
    """Say that no setting learned anything, where a score tells so by itself."""
    means = frame.groupby("setting")["score"].mean()
    if score_name.lower() not in ("r2", "r²") or not means.max() < 0:
        return ""
    return (
        "No setting does better than the mean of y, whose R² is 0: learning rates may be too large, or X and y are not "
        "of size 1 (StandardScaler, TransformedTargetRegressor)."
    )


def _mattered(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str]) -> str:
    if not settings:
        return ""
    shares = variance_explained(frame, settings)
    if not any(shares.values()):
        return "All trainings have the same score: no setting mattered."
    chance, together = shares.pop(CHANCE), shares.pop(REST)
    is_repeated = frame.groupby("setting")["score"].count().max() > 1
    (first, most), *others = shares.items()
    if chance > max(most, together):
        begin = f"Chance mattered most: folds and seeds explain {chance:.0%} of the variance of the scores"
        rest = ", ".join(f"{names[name]} {share:.0%}" for name, share in shares.items())
        return f"{begin}; {rest}; settings acting together {together:.0%}."
    told = [f"{names[name]} {share:.0%}" for name, share in others]
    told += [f"settings acting together {together:.0%}"] if others else []
    told += [
        f"folds and seeds, that is chance, {chance:.0%}" if is_repeated else "of chance one training tells nothing"
    ]
    return f"{names[first]} mattered most: it explains {most:.0%} of the variance of the scores; {', '.join(told)}."


def _capacity(frame: pd.DataFrame) -> str:
    """Tell from how many parameters on the score falls though the training rows are fitted no worse."""
    known = frame[frame["parameters"] > 0].dropna(subset=["score"])
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
                f"Too much capacity: from {size:,} parameters on the score is {figure(lost)} below its best, at "
                f"{top:,}, though the training rows are fitted no worse; their score is {figure(gap)} above that of "
                "validation rows."
            )
    gap = rows[top]["train_score"].mean() - scores[top][0]
    how = f"{figure(abs(gap))} {'above' if gap >= 0 else 'below'}"
    return f"No network was too large: the best has {top:,} parameters; its score on training rows is {how} its own."


def _rates(frame: pd.DataFrame, settings: Sequence[str], names: dict[str, str]) -> list[str]:
    said = []
    for name in settings:
        if names[name] != "learning_rate_init":
            continue
        for value, rows in frame.groupby(name, sort=False):
            diverged = int((rows["outcome"] == "DIVERGED").sum())
            if diverged:
                said.append(f"With learning_rate_init = {value}, {diverged} of {len(rows)} trainings diverged.")
    if not said and (frame["outcome"] == "DIVERGED").any():
        said.append(f"{int((frame['outcome'] == 'DIVERGED').sum())} of {len(frame)} trainings diverged.")
    return said


def _unfinished(frame: pd.DataFrame) -> str:
    share = float((frame["outcome"] == "ALL_EPOCHS").mean())
    if share < 0.5:
        return ""
    return f"{share:.0%} of the trainings had all their epochs and could have gone on: a larger max_iter may give more."
