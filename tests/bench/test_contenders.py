"""All contenders do the same work, and all hear Ctrl-C."""

import os
import signal
import threading
from importlib.util import find_spec

import numpy as np
import pytest

from native_cases import needs_native
from pellucid.bench import CASES, CONTENDERS, Case, contenders_here
from pellucid.bench.contenders import L2, engine
from pellucid.engines import TextbookEngine
from pellucid.training.jobs import Job

TINY = [Case((3, 4, 2), 6), Case((3, 4, 3), 6)]


def test_only_what_is_installed_takes_part(monkeypatch):
    monkeypatch.setattr("pellucid.bench.contenders.find_spec", lambda name: None)
    monkeypatch.setattr("pellucid.bench.contenders.unavailable", lambda: "not built")
    assert contenders_here() == ["textbook", "scikit-learn"]
    monkeypatch.setattr("pellucid.bench.contenders.find_spec", lambda name: name)
    monkeypatch.setattr("pellucid.bench.contenders.unavailable", lambda: None)
    assert contenders_here() == list(CONTENDERS)


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_the_engines_job_is_the_case(case):
    class Spy(TextbookEngine):
        def train(self, jobs, watch):
            self.jobs = jobs
            return super().train(jobs, watch)

    spy = Spy()
    engine(spy, case, "float32")(3)
    (job,) = spy.jobs
    assert isinstance(job, Job)
    assert job.network.widths == (*case.widths[:-1], case.outputs)
    assert (job.training.batch_size, job.training.epochs, job.training.l2) == (case.batch, 3, L2)
    assert job.parameters.dtype == job.data.inputs.dtype == job.data.targets.dtype == np.float32
    assert job.data.targets.shape == (case.batch * case.batches, case.outputs)


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_scikit_learn_trains_the_same_network(case, monkeypatch):
    from sklearn.neural_network import MLPClassifier

    fitted = []
    original = MLPClassifier.fit
    monkeypatch.setattr(MLPClassifier, "fit", lambda self, X, y: fitted.append(original(self, X, y)))
    CONTENDERS["scikit-learn"](case, "float32", 1)(3)
    (model,) = fitted
    assert [weights.shape for weights in model.coefs_] == case.layers
    assert model.coefs_[0].dtype == np.float32
    assert (model.n_iter_, model.t_) == (3, 3 * case.batch * case.batches)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_torch_trains_the_same_network(case, monkeypatch):
    import torch

    seen = []
    monkeypatch.setattr(torch.optim, "Adam", _spied(torch.optim.Adam, seen))
    before = torch.get_num_threads()
    try:
        CONTENDERS["torch"](case, "float64", 1)(2)
    finally:
        torch.set_num_threads(before)
    ((shapes, options),) = seen
    assert shapes == [shape for inputs, outputs in case.layers for shape in ((outputs, inputs), (outputs,))]
    assert options["weight_decay"] == L2


def _spied(original, seen):
    def make(parameters, **options):
        parameters = list(parameters)
        seen.append(([tuple(each.shape) for each in parameters], options))
        return original(parameters, **options)

    return make


@needs_native
@pytest.mark.parametrize("name", ["native", "textbook", "scikit-learn"])
def test_ctrl_c_is_not_swallowed(name):
    run = CONTENDERS[name](CASES[0], "float32", 1)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(10**7)
    finally:
        timer.cancel()
