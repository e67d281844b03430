"""Accuracy and time on a suite of real tables, beside what peers reached on the same rows.

    python benchmarks/tables/suite.py FOLDER [--preset default] [--tables adult ames] [--split 0] [--out FILE]

FOLDER has ``data/`` (``MANIFEST.json``, and for each table ``NAME.parquet`` and ``NAME.splits.npz``) and, if there are
peers to compare with, ``peers/results.jsonl``. At most 10,000 training, 2,500 validation and 10,000 test rows are used;
our estimators split training and validation rows themselves. A line of JSON for each table is added to FILE.

The error of a table is 1 - accuracy, or RMSE / standard deviation of the test targets. Its normalised error is
(error - best peer's) / (trivial predictor's - best peer's), at most 1; below 0 it is better than every peer.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor

MOST_ROWS = {"train": 10_000, "valid": 2_500, "test": 10_000}
PEERS = ("realmlp_td", "lightgbm", "catboost", "sklearn_mlp")


def rows_of(folder: Path, name: str, split: str) -> dict[str, np.ndarray]:
    """Row numbers of each part, cut as the peers' were."""
    parts = np.load(folder / f"{name}.splits.npz")
    random = np.random.default_rng(0)
    cut = {}
    for part, most in MOST_ROWS.items():
        rows = parts[f"{part}_{split}"]
        cut[part] = rows if len(rows) <= most else np.sort(random.permutation(rows)[:most])
    return cut


def expected_calibration_error(probabilities: np.ndarray, classes: np.ndarray, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over bins of confidence (Guo et al., 2017)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == classes
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of)]
    return float(sum(gaps))


def measure(folder: Path, name: str, task: str, split: str, **settings: Any) -> dict[str, Any]:
    """Fit one table and score its test rows."""
    table = pd.read_parquet(folder / f"{name}.parquet")
    rows = rows_of(folder, name, split)
    X, y = table.drop(columns="target"), table["target"]
    learned = np.concatenate([rows["train"], rows["valid"]])
    is_regression = task == "regression"
    y = y.astype("float64") if is_regression else y.astype(str)
    kind: Any = TabularRegressor if is_regression else TabularClassifier
    model = kind(random_state=0, **settings)
    began, processor_began = time.perf_counter(), time.process_time()
    model.fit(X.iloc[learned], y.iloc[learned])
    fit_seconds, processor_seconds = time.perf_counter() - began, time.process_time() - processor_began
    X_test, y_test = X.iloc[rows["test"]], y.iloc[rows["test"]].to_numpy()
    began = time.perf_counter()
    result = {"name": name, "method": f"pellucid_{settings['preset']}", "split": split, "fit_s": round(fit_seconds, 2)}
    result["processor_s"] = round(processor_seconds, 2)
    if is_regression:
        predicted = model.predict(X_test)
        low, high = model.predict_interval(X_test, coverage=0.9).T
        error = float(np.sqrt(np.mean((predicted - y_test) ** 2) / np.var(y_test)))
        result |= {"error": error, "coverage": float(np.mean((low <= y_test) & (y_test <= high)))}
    else:
        probabilities = model.predict_proba(X_test)
        codes = np.searchsorted(model.classes_, y_test)
        clipped = np.clip(probabilities, 1e-7, 1)
        clipped /= clipped.sum(axis=1, keepdims=True)
        result |= {
            "error": float(np.mean(probabilities.argmax(axis=1) != codes)),
            "logloss": float(log_loss(codes, clipped, labels=np.arange(len(model.classes_)))),
            "ece": expected_calibration_error(probabilities, codes),
            "temperature": model.temperature_,
        }
    share = y_test.mean() if is_regression else pd.Series(y_test).value_counts(normalize=True).iloc[0]
    result["trivial"] = 1.0 if is_regression else float(1 - share)
    return result | {"predict_s": round(time.perf_counter() - began, 3), "rows": len(learned)}


def peers_of(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Read what peers reached on split 0, by table and method."""
    path = folder / "peers" / "results.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    found = {}
    for line in lines:
        if "error" not in line:
            error = 1 - line["acc"] if "acc" in line else line["nrmse"]
            found[line["name"], line["method"]] = {**line, "error": error}
    return found


def report(results: list[dict[str, Any]], peers: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Print each table's errors beside the peers', and the means."""
    normalised: dict[str, list[float]] = {}
    wins = dict.fromkeys(PEERS, 0)
    seconds = {"ours": 0.0, "processor": 0.0, "realmlp_td": 0.0}
    for result in results:
        name = result["name"]
        others = {peer: peers[name, peer]["error"] for peer in PEERS if (name, peer) in peers}
        line = f"{name:20s} {result['error']:.4f}"
        line += f" / {result['logloss']:.4f} ece {result['ece']:.3f}" if "logloss" in result else ""
        line += f" coverage {result['coverage']:.3f}" if "coverage" in result else ""
        line += "  | " + "  ".join(f"{peer} {error:.4f}" for peer, error in others.items())
        losses = {peer: peers[name, peer]["logloss"] for peer in PEERS if "logloss" in peers.get((name, peer), {})}
        line += "  | log loss " + "  ".join(f"{peer} {loss:.4f}" for peer, loss in losses.items()) if losses else ""
        line += f"  | {result['fit_s']:.1f} s, of the processor {result.get('processor_s', float('nan')):.1f} s"
        if (name, "realmlp_td") in peers:
            line += f" (RealMLP-TD {peers[name, 'realmlp_td']['fit_s']:.0f} s)"
            seconds["ours"] += result["fit_s"]
            seconds["processor"] += result.get("processor_s", float("nan"))
            seconds["realmlp_td"] += peers[name, "realmlp_td"]["fit_s"]
        print(line)
        if not others:
            continue
        best = min(others.values())
        for method, error in {"ours": result["error"], **others}.items():
            normalised.setdefault(method, []).append(min(1.0, (error - best) / (result["trivial"] - best)))
        for peer, error in others.items():
            wins[peer] += result["error"] < error
    for method, errors in normalised.items():
        print(f"mean normalised error of {method}: {np.mean(errors):.4f} over {len(errors)} tables")
    print("better than " + ", ".join(f"{peer} on {count}" for peer, count in wins.items()))
    if seconds["realmlp_td"]:
        print(
            f"fit time {seconds['ours']:.0f} s, of the processor {seconds['processor']:.0f} s (what it takes where "
            f"nothing else runs), RealMLP-TD {seconds['realmlp_td']:.0f} s"
        )


def markdown(results: list[dict[str, Any]], peers: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Print the results as a table for the documentation."""
    names = ("RealMLP-TD", "LightGBM", "CatBoost", "scikit-learn")
    titles = ("table", "Pellucid", *names, "log loss", "LightGBM's", "s", "RealMLP-TD's")
    print("| " + " | ".join(titles) + " |")
    print("|---" * len(titles) + "|")
    for result in results:
        name = result["name"]

        def shown(peer: str, key: str, form: str = ".4f", name: str = name) -> str:
            value = peers.get((name, peer), {}).get(key)
            return "-" if value is None else format(value, form)

        cells = [name, f"{result['error']:.4f}", *(shown(peer, "error") for peer in PEERS)]
        cells += [f"{result['logloss']:.4f}" if "logloss" in result else "-", shown("lightgbm", "logloss")]
        cells += [f"{result.get('processor_s', result['fit_s']):.0f}", shown("realmlp_td", "fit_s", ".0f")]
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    """Run the suite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="default", choices=["fast", "default", "best"])
    parser.add_argument("--tables", nargs="*")
    parser.add_argument("--split", default="0")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=Path, help="measure nothing: show what an earlier run wrote there")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    manifest = json.loads((arguments.folder / "data" / "MANIFEST.json").read_text())
    tasks = {each["name"]: each["task"] for each in manifest["datasets"]}
    if arguments.show:
        results = [json.loads(line) for line in arguments.show.read_text().splitlines()]
        markdown(results, peers_of(arguments.folder))
        report(results, peers_of(arguments.folder))
        return
    settings = {"preset": arguments.preset, "n_threads": arguments.threads, "dtype": arguments.dtype}
    results = []
    for name in arguments.tables or tasks:
        result = measure(arguments.folder / "data", name, tasks[name], arguments.split, **settings)
        results.append(result)
        print(json.dumps(result), flush=True)
        if arguments.out:
            with arguments.out.open("a") as file:
                file.write(json.dumps(result) + "\n")
    report(results, peers_of(arguments.folder))


if __name__ == "__main__":
    main()
