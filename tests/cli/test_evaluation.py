from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.cli.evaluation import OutOfFold
from pellucid.estimators.tabular.bag import Bag, Trained

CHOSEN_BY_THEM = "The best epochs were chosen by these rows, so new ones may score a little worse."
CHOSEN_BY_OTHERS = "The epochs of the networks that predicted them were chosen by other rows."


def bag_of(folds, judges=(), validation_loss=(1.0,)):
    networks = [
        Trained(SimpleNamespace(), np.zeros(1), 0, fold, validation_loss=validation_loss) for fold in range(folds)
    ]
    judges = [Trained(SimpleNamespace(), np.zeros(1), 0, fold, validation_loss=(1.0,)) for fold in judges]
    return Bag(networks, np.ones(1), np.zeros((1, 10, 1)), judges=judges)


@pytest.mark.parametrize(
    ("bag", "rows", "told"),
    [
        (bag_of(1), 2, f"Out of fold: 2 of the 10 rows, set aside: none was learned from. {CHOSEN_BY_THEM}"),
        (bag_of(1, [0]), 2, f"Out of fold: 2 of the 10 rows, set aside: none was learned from. {CHOSEN_BY_OTHERS}"),
        (
            bag_of(5),
            10,
            f"Out of fold: 10 rows, each predicted by networks that did not learn from it. {CHOSEN_BY_THEM}",
        ),
        (
            bag_of(5, range(5)),
            10,
            f"Out of fold: 10 rows, each predicted by networks that did not learn from it. {CHOSEN_BY_OTHERS}",
        ),
        (  # rows in time: networks that learned from all predict
            bag_of(5, range(5), validation_loss=()),
            8,
            f"Out of fold: 8 rows, each predicted by networks that did not learn from it. {CHOSEN_BY_THEM}",
        ),
        (bag_of(1), 0, "No row was predicted out of fold."),
    ],
)
def test_which_rows_scores_out_of_fold_are_of(bag, rows, told):
    assert OutOfFold.of(bag, rows).account(10) == told
