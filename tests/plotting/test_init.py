import subprocess
import sys

import pellucid.plotting as room


def test_all_is_sorted_and_complete():
    assert room.__all__ == sorted(room.__all__)
    assert all(isinstance(getattr(room, name), type) for name in room.__all__)
    assert set(room.__all__) == {name for name in vars(room) if name[0].isupper()}


def test_importing_the_estimators_does_not_import_matplotlib():
    code = "import sys, pellucid.estimators; sys.exit(any(m in sys.modules for m in ('matplotlib', 'seaborn')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_room_opens_no_figure_and_chooses_no_backend():
    code = (
        "import matplotlib as mpl; before = dict.__getitem__(mpl.rcParams, 'backend')\n"
        "import pellucid.plotting, matplotlib.pyplot as plt\n"
        "assert not plt.get_fignums()\n"
        "assert dict.__getitem__(mpl.rcParams, 'backend') is before\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
