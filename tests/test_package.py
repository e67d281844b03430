"""The package as a whole."""

import subprocess
import sys

import pytest

import pellucid
from pellucid.errors import did_you_mean


def test_public_names_are_importable_and_listed():
    for name in pellucid.__all__:
        assert getattr(pellucid, name) is not None
    assert set(pellucid.__all__) <= set(dir(pellucid))
    with pytest.raises(AttributeError, match="no attribute 'MLPClasifier'"):
        pellucid.MLPClasifier  # noqa: B018


@pytest.mark.parametrize("name", ["pellucid", "pellucid.cli"])
def test_importing_it_imports_nothing_heavy(name):
    heavy = ["sklearn", "scipy", "matplotlib", "pandas", "rich.progress"]
    program = f"import sys, {name}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_estimators_do_not_import_pictures():
    program = "import sys; from pellucid import MLPClassifier; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_near_names():
    assert "tanh" in did_you_mean("tahn", ["tanh", "relu"])
