import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def shop():
    """300 rows of every kind of column; what is to be learned is known: (table, number, class)."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "size": random.normal(size=300),
            "colour": random.choice(["red", "green", "blue"], 300),
            "open": random.random(300) < 0.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), "D"),
        }
    )
    table.loc[random.random(300) < 0.1, "size"] = np.nan
    number = 2 * table["size"].fillna(0.5) + 3 * (table["colour"] == "red") + random.normal(scale=0.3, size=300)
    return table, number.to_numpy(), np.where(number > 1, "dear", "cheap")
