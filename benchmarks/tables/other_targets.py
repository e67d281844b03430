"""Accuracy on other questions to the same tables: a column is predicted from the others, beside strong peers.

    python benchmarks/tables/other_targets.py FOLDER [--methods default lightgbm catboost …] [--rows 5000] [--out FILE]
        [--skip "diabetes130: medical_specialty" …]

FOLDER has ``data/NAME.parquet``. The tables are those of suite.py, but what is asked of them is not what the recipes
were chosen by. Each question was written down before any was measured. All methods see the same rows, use one thread
and their defaults; where a peer wants validation rows to stop by, it has a fifth of those it is given.

The error of a question is 1 - accuracy, or RMSE / standard deviation of the test targets; the second number is the log
loss, or the mean absolute error / that of the median. A line of JSON for each is added to FILE; what it has already is
not measured again.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor

MOST_TEST_ROWS = 5000
LEAST_SHARE_OF_CLASS = 1 / 500

TARGETS: dict[str, dict[str, tuple[str, ...]]] = {
    "weather_aus": {"Temp3pm": ("MaxTemp",), "WindGustDir": (), "Humidity3pm": (), "Evaporation": ()},
    "adult": {"hours_per_week": (), "occupation": (), "age": (), "marital_status": ("relationship",)},
    "default_credit": {"LIMIT_BAL": (), "PAY_AMT1": (), "EDUCATION": ()},
    "electricity": {"transfer": (), "nswprice": (), "nswdemand": ()},
    "diabetes130": {"time_in_hospital": (), "num_medications": (), "medical_specialty": (), "age": ()},
    "california_housing": {"median_income": (), "housing_median_age": (), "longitude": ()},
    "diamonds": {"cut": (), "depth": ("z",), "clarity": ()},
    "bike_sharing": {"hum": (), "temp": ("atemp",), "weathersit": (), "windspeed": ()},
    "ames": {"Year_Built": (), "Neighborhood": (), "Overall_Qual": (), "Garage_Area": (), "Lot_Area": ()},
    "be_mtpl97": {"bm": (), "power": (), "fuel": (), "use": ()},
    "letter": {"onpix": ()},
    "shuttle": {"V1": (), "V9": ()},
    "higgs_7k": {"m_wwbb": (), "jet1_btag": ()},
    "soybean": {"severity": (), "leaf-shread": ()},
}
"""The questions: columns to predict, each with those that are left out as they nearly say the same."""


class Question(NamedTuple):
    """A column to predict from the others."""

    X: pd.DataFrame
    y: np.ndarray  # numbers, or codes of classes
    classes: int  # 0: numbers
    learned: np.ndarray
    test: np.ndarray

    @property
    def categories(self) -> list[str]:
        """Columns that are no numbers."""
        return [name for name in self.X if not pd.api.types.is_numeric_dtype(self.X[name].dtype)]


def question_of(table: pd.DataFrame, target: str, left_out: tuple[str, ...], rows: int) -> Question:
    """Draw the rows; classes of few rows are left out."""
    table = table[table[target].notna()]
    is_number = pd.api.types.is_numeric_dtype(table[target].dtype)
    if not is_number:
        counts = table[target].value_counts()
        table = table[table[target].isin(counts.index[counts >= LEAST_SHARE_OF_CLASS * len(table)])]
    order = np.random.default_rng(0).permutation(len(table))
    learned = order[: min(rows, int(0.7 * len(table)))]
    test = order[len(learned) : len(learned) + MOST_TEST_ROWS]
    X = table.drop(columns=[target, *left_out]).reset_index(drop=True)
    if is_number:
        return Question(X, table[target].to_numpy(float), 0, learned, test)
    codes, classes = pd.factorize(table[target].astype(str), sort=True)
    return Question(X, codes, len(classes), learned, test)


def filled(question: Question) -> pd.DataFrame:
    """Categories as pandas knows them, "missing" among them; numbers in single precision."""
    X = question.X.copy()
    for name in question.categories:
        X[name] = X[name].astype(object).where(X[name].notna(), "missing").astype(str).astype("category")
    return X.astype({name: "float32" for name in X if name not in question.categories})


def pellucid(question: Question, preset: str) -> Callable[[np.ndarray], np.ndarray]:
    """Fit our estimator on the table as it is."""
    kind: Any = TabularClassifier if question.classes else TabularRegressor
    model = kind(preset=preset, random_state=0, n_threads=1)
    model.fit(question.X.iloc[question.learned], question.y[question.learned])
    return lambda rows: _spread(model, question.X.iloc[rows], question.classes)


def hist_gradient_boosting(question: Question) -> Callable[[np.ndarray], np.ndarray]:
    """Fit scikit-learn's, which knows at most 255 levels of a category."""
    X = filled(question)
    for name in question.categories:
        frequent = X[name].iloc[question.learned].value_counts().index[:250]
        X[name] = X[name].astype(object).where(X[name].isin(frequent), "rare").astype("category")
    kind: Any = HistGradientBoostingClassifier if question.classes else HistGradientBoostingRegressor
    stopping = {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 50}
    model = kind(random_state=0, learning_rate=0.05, max_iter=1000, **stopping)
    model.fit(X.iloc[question.learned], question.y[question.learned])
    return lambda rows: _spread(model, X.iloc[rows], question.classes)


def lightgbm(question: Question) -> Callable[[np.ndarray], np.ndarray]:
    """Fit LightGBM; its columns may have no names of their own."""
    library = import_module("lightgbm")

    X = filled(question)
    X.columns = [f"f{place}" for place in range(X.shape[1])]
    kind: Any = library.LGBMClassifier if question.classes else library.LGBMRegressor
    model = kind(random_state=0, n_jobs=1, verbose=-1, n_estimators=1000, learning_rate=0.05)
    train, valid = _parts(question.learned)
    stop = [library.early_stopping(100, verbose=False)]
    model.fit(X.iloc[train], question.y[train], eval_set=[(X.iloc[valid], question.y[valid])], callbacks=stop)
    return lambda rows: _spread(model, X.iloc[rows], question.classes)


def catboost(question: Question) -> Callable[[np.ndarray], np.ndarray]:
    """Fit CatBoost."""
    library = import_module("catboost")

    X = filled(question)
    kind: Any = library.CatBoostClassifier if question.classes else library.CatBoostRegressor
    options = {"random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    model = kind(cat_features=question.categories, **options)
    train, valid = _parts(question.learned)
    kept = (X.iloc[valid], question.y[valid])
    model.fit(X.iloc[train], question.y[train], eval_set=kept, early_stopping_rounds=300)
    return lambda rows: _spread(model, X.iloc[rows], question.classes)


def realmlp(question: Question) -> Callable[[np.ndarray], np.ndarray]:
    """Fit RealMLP with its tuned defaults, which wants no missing numbers."""
    library = import_module("pytabkit")

    X = filled(question)
    numbers = [name for name in X if name not in question.categories]
    X[numbers] = X[numbers].fillna(X[numbers].iloc[question.learned].median()).fillna(0)
    kind: Any = library.RealMLP_TD_Classifier if question.classes else library.RealMLP_TD_Regressor
    model = kind(device="cpu", random_state=0, n_cv=1, n_refit=0, n_threads=1, verbosity=0)
    train, _ = _parts(question.learned)
    valid = np.arange(len(train), len(question.learned))
    named = {"val_idxs": valid, "cat_col_names": question.categories}
    model.fit(X.iloc[question.learned], question.y[question.learned], **named)
    return lambda rows: _spread(model, X.iloc[rows], question.classes)


METHODS: dict[str, Callable[[Question], Callable[[np.ndarray], np.ndarray]]] = {
    "fast": lambda question: pellucid(question, "fast"),
    "default": lambda question: pellucid(question, "default"),
    "best": lambda question: pellucid(question, "best"),
    "hist_gradient_boosting": hist_gradient_boosting,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "realmlp": realmlp,
}


def _parts(learned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on, and to stop by."""
    train = int(0.8 * len(learned))
    return learned[:train], learned[train:]


def _spread(model: Any, X: pd.DataFrame, classes: int) -> np.ndarray:
    """Predict numbers, or the probability of every class; of those that were not met it is next to nothing."""
    if not classes:
        return np.ravel(model.predict(X))
    probabilities = np.full((len(X), classes), 1e-7)
    probabilities[:, np.asarray(model.classes_, dtype=int)] = np.clip(model.predict_proba(X), 1e-7, 1)
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def measure(question: Question, method: str) -> dict[str, float]:
    """Fit, and score the test rows."""
    began = time.perf_counter()
    predict = METHODS[method](question)
    seconds = time.perf_counter() - began
    predicted, y = predict(question.test), question.y[question.test]
    if question.classes:
        error, second = (
            np.mean(predicted.argmax(axis=1) != y),
            log_loss(y, predicted, labels=np.arange(question.classes)),
        )
        trivial = 1 - np.bincount(question.y[question.learned]).max() / len(question.learned)
    else:
        error, trivial = np.sqrt(np.mean((predicted - y) ** 2) / np.var(y)), 1.0
        second = np.mean(np.abs(predicted - y)) / np.mean(np.abs(y - np.median(y)))
    return {"error": float(error), "second": float(second), "trivial": float(trivial), "fit_s": round(seconds, 1)}


def report(results: dict[str, dict[str, dict[str, float]]], methods: list[str]) -> None:
    """Print a table, how often the first method is better than each other, and the mean normalised errors."""
    print("| table: target | " + " | ".join(methods) + " |\n" + "|---" * (len(methods) + 1) + "|")
    whole = {name: found for name, found in results.items() if all(method in found for method in methods)}
    for name, found in whole.items():
        cells = (f"{found[m]['error']:.4f} / {found[m]['second']:.4f}" for m in methods)
        print(f"| {name} | " + " | ".join(cells) + " |")
    first = methods[0]
    for other in methods[1:]:
        better = [sum(f[first][key] < f[other][key] for f in whole.values()) for key in ("error", "second")]
        print(
            f"{first} better than {other}: {better[0]} by the error, {better[1]} by the second number, of {len(whole)}"
        )
    for method in methods:
        normalised = []
        for found in whole.values():
            best = min(found[m]["error"] for m in methods)
            normalised.append(min(1.0, (found[method]["error"] - best) / max(found[method]["trivial"] - best, 1e-12)))
        seconds = sum(found[method]["fit_s"] for found in whole.values())
        print(f"{method}: mean normalised error {np.mean(normalised):.4f}, {seconds:.0f} s")


def main() -> None:
    """Measure what FILE has not yet, and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="+", default=["default", "hist_gradient_boosting"], choices=METHODS)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--tables", nargs="*", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--skip", nargs="*", default=[], help="questions that would take some method too long")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    results: dict[str, dict[str, dict[str, float]]] = {}
    known = arguments.out.read_text().splitlines() if arguments.out and arguments.out.exists() else []
    for line in map(json.loads, known):
        results.setdefault(line["question"], {})[line["method"]] = line
    for name in arguments.tables:
        table = pd.read_parquet(arguments.folder / "data" / f"{name}.parquet")
        for target, left_out in TARGETS[name].items():
            key = f"{name}: {target}"
            found = results.setdefault(key, {})
            if key in arguments.skip:
                continue
            for method in arguments.methods:
                if method in found:
                    continue
                found[method] = measure(question_of(table, target, left_out, arguments.rows), method)
                line = json.dumps({"question": key, "method": method, **found[method]})
                print(line, flush=True)
                if arguments.out:
                    with arguments.out.open("a") as file:
                        file.write(line + "\n")
    report(results, arguments.methods)


if __name__ == "__main__":
    main()
