from typing import Any, get_args

import numpy as np
import pytest

from pellucid.errors import SpecError
from pellucid.spec import (
    Adam,
    AdamW,
    Adaptive,
    Cosine,
    Factors,
    Huber,
    Lbfgs,
    LogCosine,
    LogLoss,
    Loss,
    Momentum,
    OneCycle,
    Optimizer,
    Quantile,
    RMSprop,
    Schedule,
    SquaredError,
    Step,
    Stopping,
    Training,
)


@pytest.mark.parametrize("union", [Loss, Optimizer, Schedule])
def test_names_are_unique_and_defaults_exist(union: Any) -> None:
    names = [kind().name for kind in get_args(union)]
    assert len(set(names)) == len(names)


def test_defaults_are_scikit_learns() -> None:
    training = Training(LogLoss())
    assert training.optimizer == Adam(beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    assert training.learning_rate == 1e-3
    assert training.epochs == 200
    assert training.stopping == Stopping("loss", tolerance=1e-4, patience=10, restore_best=False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Huber(0), "'delta' of Huber must be a finite number, greater than 0; got 0."),
        (lambda: Quantile(1), "'level' of Quantile must be a finite number, greater than 0 and less than 1; got 1."),
        (lambda: LogLoss(1.0), "'label_smoothing' of LogLoss"),
        (lambda: Momentum(1.1), "'momentum' of Momentum"),
        (lambda: RMSprop(decay=1), "'decay' of RMSprop"),
        (lambda: Adam(beta_1=1.0), "'beta_1' of Adam"),
        (lambda: Adam(epsilon=0), "'epsilon' of Adam"),
        (lambda: AdamW(weight_decay=-1), "'weight_decay' of AdamW"),
        (lambda: Lbfgs(max_fun=0), "'max_fun' of Lbfgs must be an integer of at least 1; got 0."),
        (lambda: Adaptive(factor=1), "'factor' of Adaptive"),
        (lambda: Step(every=0), "'every' of Step"),
        (lambda: Cosine(warmup=1), "'warmup' of Cosine"),
        (lambda: OneCycle(start_factor=0.5), "'start_factor' of OneCycle"),
        (lambda: Stopping("los"), "'monitor' of Stopping must be one of its known names; got 'los'. Did you mean"),
        (lambda: Stopping(tolerance=-1), "'tolerance' of Stopping"),
        (lambda: Stopping(patience=0), "'patience' of Stopping must be an integer of at least 1 (or None); got 0."),
        (lambda: Stopping(restore_best=1), "'restore_best' of Stopping must be True or False; got 1."),
        (lambda: Stopping(latest_best="yes"), "'latest_best' of Stopping must be True or False; got 'yes'."),
        (lambda: Stopping(milestones=[3]), "'milestones' of Stopping must be a tuple of numbers of epochs"),
        (lambda: Stopping(milestones=(3, 3)), "each larger than the one before; got (3, 3)."),
        (lambda: Stopping(milestones=(0, 3)), "each larger than the one before; got (0, 3)."),
        (lambda: Stopping(milestones=(1.5,)), "each larger than the one before; got (1.5,)."),
        (lambda: LogCosine(0), "'cycles' of LogCosine must be an integer of at least 1; got 0."),
        (lambda: Factors(scale=-1), "'scale' of Factors must be a finite number, at least 0; got -1."),
        (lambda: Factors(numbers=float("inf")), "'numbers' of Factors must be a finite number"),
        (lambda: Training(LogLoss(), drop_last=1), "'drop_last' of Training must be True or False; got 1."),
        (lambda: Training(LogLoss(), rates=0.1), "'rates' of Training must be one of Factors; got 0.1."),
        (lambda: Training(LogLoss(), decays=None), "'decays' of Training must be one of Factors; got None."),
        (
            lambda: Training(LogLoss(), dropout_schedule=Step()),
            "'dropout_schedule' of Training must be one of Co",
        ),
        (
            lambda: Training(LogLoss(), decay_schedule=Adaptive()),
            "'decay_schedule' of Training must be one of Co",
        ),
        (
            lambda: Training(LogLoss(), average=1.0),
            "'average' of Training must be a finite number, at least 0 and less than 1; got 1.0.",
        ),
        (lambda: Training("log_loss"), "'loss' of Training must be one of AbsoluteError,"),
        (lambda: Training(LogLoss(), "adam"), "'optimizer' of Training must be one of Adagrad,"),
        (lambda: Training(LogLoss(), learning_rate=0), "'learning_rate' of Training"),
        (lambda: Training(LogLoss(), schedule=None), "'schedule' of Training"),
        (lambda: Training(LogLoss(), l1=-1), "'l1' of Training"),
        (
            lambda: Training(LogLoss(), l2=float("inf")),
            "'l2' of Training must be a finite number, at least 0; got inf.",
        ),
        (lambda: Training(LogLoss(), clip_norm=0), "'clip_norm' of Training"),
        (lambda: Training(LogLoss(), batch_size=0), "'batch_size' of Training"),
        (lambda: Training(LogLoss(), epochs=1.5), "'epochs' of Training"),
        (lambda: Training(LogLoss(), shuffle="yes"), "'shuffle' of Training must be True or False; got 'yes'."),
        (lambda: Training(LogLoss(), reduction="average"), "'reduction' of Training"),
        (lambda: Training(LogLoss(), stopping=10), "'stopping' of Training must be one of Stopping; got 10."),
        (
            lambda: Training(LogLoss(), dtype="float16"),
            "'dtype' of Training must be one of its known names; got 'float16'.",
        ),
    ],
)
def test_what_cannot_exist(make: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)


def test_numpy_numbers_become_pythons() -> None:
    training = Training(SquaredError(), learning_rate=np.float32(0.5), batch_size=np.int64(8), shuffle=np.False_)
    assert [type(value) for value in (training.learning_rate, training.batch_size)] == [float, int]
    assert training.shuffle is False


def test_descriptions_can_be_hashed_and_compared() -> None:
    assert hash(Training(LogLoss())) == hash(Training(LogLoss()))
    assert Training(LogLoss()) != Training(LogLoss(0.1))
