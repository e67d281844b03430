"""A made-up table of numbers, missing cells and categories, and its rows' classes."""

import numpy as np
import pandas as pd


def table(rows: int = 160) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows of numbers, missing cells and categories, and their classes."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 10, rows),
            "fare": random.exponential(30, rows),
            "city": random.choice([f"c{i}" for i in range(12)], rows),
            "sex": random.choice(["m", "f"], rows),
        }
    )
    frame.loc[::7, "fare"] = None
    return frame, np.where((frame.age > 40) ^ (frame.sex == "m"), "yes", "no")
