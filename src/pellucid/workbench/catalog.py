"""Every choice that the page offers, with its words, range and default."""

from dataclasses import MISSING, fields
from functools import cache
from types import UnionType
from typing import Any, get_args, get_type_hints

from pellucid import spec
from pellucid.spec import to_json
from pellucid.workbench import limits
from pellucid.workbench.formulas import FUNCTIONS
from pellucid.workbench.settings import Data, Descent, Net, NetLayer, Stop

__all__ = ["catalog", "label_of"]


def _source(name: str, label: str, help_: str, group: str, own_size: bool = True) -> dict[str, Any]:
    made = {"size": own_size, "noise": own_size, "editable": own_size}
    return {"name": name, "label": label, "help": help_, "group": group, **made}


SOURCES = [
    _source("moons", "Moons", "Two half moons, one within the other's reach.", "classes"),
    _source("circle", "Circle", "A disc and a ring around it.", "classes"),
    _source("xor", "Exclusive or", "Opposite quarters of the plane belong together.", "classes"),
    _source("gauss", "Two clouds", "Two normal clouds: a straight line parts them.", "classes"),
    _source("spiral", "Spiral", "Two arms wound around each other: the hardest of the two-class shapes.", "classes"),
    _source("checkerboard", "Checkerboard", "Many small fields of two classes.", "classes"),
    _source("rings", "Rings", "Three classes, each a ring.", "classes"),
    _source("pinwheel", "Pinwheel", "Four classes, each a curved arm.", "classes"),
    _source("blobs", "Five clouds", "Five classes around a centre.", "classes"),
    _source("plane", "Plane", "A value that rises evenly across the plane.", "regression"),
    _source("hills", "Hills", "Three hills and three hollows.", "regression"),
    _source("waves", "Waves", "A value that rises and falls like waves.", "regression"),
    _source("iris", "Iris", "150 flowers of three species, four lengths (Fisher, 1936).", "scikit-learn", False),
    _source("wine", "Wine", "178 wines of three growers, 13 measurements.", "scikit-learn", False),
    _source("breast cancer", "Breast cancer", "569 tumours, 30 measurements, benign or not.", "scikit-learn", False),
    _source("digits", "Digits", "1797 handwritten digits of 8 × 8 pixels.", "scikit-learn", False),
    _source("diabetes", "Diabetes", "442 patients, ten measurements, the disease a year later.", "scikit-learn", False),
    _source("table", "Your own table", "A CSV or Parquet file, or text that you paste.", "own", False),
]

FEATURES = [
    {"name": "x1", "label": "x₁", "help": "The first column as it is."},
    {"name": "x2", "label": "x₂", "help": "The second column as it is."},
    {"name": "x1^2", "label": "x₁²", "help": "Far from the middle, left or right."},
    {"name": "x2^2", "label": "x₂²", "help": "Far from the middle, above or below."},
    {"name": "x1*x2", "label": "x₁x₂", "help": "Positive where both have the same sign."},
    {"name": "sin(x1)", "label": "sin x₁", "help": "Waves from left to right."},
    {"name": "sin(x2)", "label": "sin x₂", "help": "Waves from below to above."},
]

WORDS: dict[str, tuple[str, str]] = {
    # path or name: label, help
    "data.size": ("Points", "How many rows the source makes."),
    "data.noise": ("Noise", "How far points stray."),
    "data.seed": ("Seed of the data", "The same seed makes the same points, and holds the same ones out."),
    "data.train_share": ("Train share", "Part of the rows that trains; the rest only tells how good the network is."),
    "data.scale": (
        "Standardise",
        "Shift and scale each input to mean 0 and deviation 1, learned from the training rows.",
    ),
    "network.seed": ("Seed of the network", "The same seed gives the same initial weights and the same order of rows."),
    "network.layers[].width": ("Neurons", "Neurons of the layer."),
    "network.layers[].dropout": ("Dropout", "Share of the layer's neurons that each training step leaves out."),
    "network.layers[].normalization": ("Layer normalisation", "Centre and scale each row's weighted sums."),
    "training.learning_rate": ("Learning rate η", "How far each step goes against the gradient."),
    "training.l1": ("L1 penalty", "Pulls every weight towards 0 by the same amount: many become 0."),
    "training.l2": ("L2 penalty", "Pulls large weights towards 0 more than small ones."),
    "training.clip_norm": ("Longest gradient", "A longer gradient is scaled down to this length."),
    "training.batch_size": ("Batch size", "Rows a step. None: all of them."),
    "training.shuffle": ("Shuffle", "Visit the rows in a new order each epoch."),
    "stop.epochs": ("Most epochs", "Training ends here; schedules are spread over so many."),
    "stop.patience": (
        "Patience",
        "End after so many epochs in a row without improvement; the adaptive schedule needs it.",
    ),
    "stop.tolerance": ("Tolerance", "An improvement by less does not count."),
    "identity": ("identity", "g(z) = z: the layer stays linear."),
    "logistic": ("logistic", "g(z) = 1 / (1 + e⁻ᶻ): between 0 and 1."),
    "tanh": ("tanh", "g(z) = tanh z: between −1 and 1."),
    "relu": ("ReLU", "g(z) = max(0, z)."),
    "leaky_relu": ("leaky ReLU", "g(z) = z, or slope · z below 0."),
    "elu": ("ELU", "g(z) = z, or α (eᶻ − 1) below 0."),
    "selu": ("SELU", "A scaled ELU that keeps mean and deviation."),
    "softplus": ("softplus", "g(z) = log(1 + eᶻ): a smooth ReLU."),
    "gelu": ("GELU", "g(z) = z Φ(z)."),
    "silu": ("SiLU", "g(z) = z · logistic(z)."),
    "mish": ("Mish", "g(z) = z · tanh(softplus(z))."),
    "sklearn": ("scikit-learn's", "Uniform in ±√(factor / (fan in + fan out)), biases too."),
    "glorot_uniform": ("Glorot, uniform", "For tanh: signals keep their size."),
    "glorot_normal": ("Glorot, normal", "For tanh: signals keep their size."),
    "he_uniform": ("He, uniform", "For ReLU: twice the variance."),
    "he_normal": ("He, normal", "For ReLU: twice the variance."),
    "lecun_uniform": ("LeCun, uniform", "Variance 1 / fan in."),
    "lecun_normal": ("LeCun, normal", "Variance 1 / fan in."),
    "normal": ("normal", "One deviation for every layer."),
    "uniform": ("uniform", "One bound for every layer."),
    "from_data": ("from the data", "Weighted sums of deviation 1 over the training rows, bends within the data."),
    "zeros": ("zeros", "Every neuron of a layer learns the same: a lesson."),
    "gradient_descent": ("gradient descent", "θ ← θ − η g."),
    "momentum": ("momentum", "Remembers its velocity: v ← μ v − η g; θ ← θ + v."),
    "nesterov": ("Nesterov", "Momentum that looks ahead."),
    "adagrad": ("Adagrad", "Each weight has its own rate, which only falls."),
    "rmsprop": ("RMSprop", "Each weight has its own rate, by the recent size of its gradient."),
    "adam": ("Adam", "Momentum, and a rate for each weight."),
    "adamw": ("AdamW", "Adam, with a decay of the weights beside it."),
    "lbfgs": ("L-BFGS", "Searches along lines with all rows at once; an epoch is an iteration. η is not used."),
    "squared_error": ("squared error", "½ (a − y)²."),
    "absolute_error": ("absolute error", "|a − y|: outliers count less."),
    "huber": ("Huber", "Squared near 0, absolute far away."),
    "quantile": ("quantile", "Above and below weigh differently."),
    "poisson": ("Poisson", "For counts; the output is an exponential."),
    "log_loss": ("log-loss", "Cross-entropy: how surprised the network is by the true class."),
    "constant": ("constant", "η stays."),
    "invscaling": ("inverse scaling", "η falls with a power of the rows seen."),
    "adaptive": ("adaptive", "η falls when nothing improves; set a patience."),
    "step": ("steps", "η falls every few epochs."),
    "exponential": ("exponential", "η falls by a factor each epoch."),
    "cosine": ("cosine", "Rises, then falls like half a cosine over all epochs."),
    "one_cycle": ("one cycle", "Up once, down once, over all epochs."),
    "flat_cosine": ("flat, then cosine", "Stays for half of all epochs, then falls."),
    "log_cosine": ("waves", "Waves, each twice as long as the one before."),
}

RANGES: dict[str, dict[str, Any]] = {
    "data.size": {"low": 10, "high": limits.MOST_POINTS},
    "data.noise": {"low": 0, "high": 1},
    "data.seed": {"low": 0, "high": 2**32 - 1},
    "data.train_share": {"low": 0.05, "high": 0.95},
    "network.seed": {"low": 0, "high": 2**32 - 1},
    "network.layers[].width": {"low": 1, "high": limits.MOST_WIDTH},
    "network.layers[].dropout": {"low": 0, "high": 1, "high_open": True},
    "training.learning_rate": {"low": 1e-6, "high": 10, "low_open": True, "log": True},
    "training.l1": {"low": 0, "high": 10, "log": True},
    "training.l2": {"low": 0, "high": 10, "log": True},
    "training.clip_norm": {"low": 1e-3, "high": 100, "low_open": True, "log": True, "optional": True},
    "training.batch_size": {"low": 1, "high": 1000, "optional": True, "log": True},
    "stop.epochs": {"low": 1, "high": limits.MOST_EPOCHS, "log": True},
    "stop.patience": {"low": 1, "high": 1000, "optional": True},
    "stop.tolerance": {"low": 0, "high": 1, "log": True},
    "slope": {"low": 0, "high": 1},
    "alpha": {"low": 0, "high": 10},
    "factor": {"low": 0, "high": 10},
    "momentum": {"low": 0, "high": 1},
    "decay": {"low": 0, "high": 1, "high_open": True},
    "beta_1": {"low": 0, "high": 1, "high_open": True},
    "beta_2": {"low": 0, "high": 1, "high_open": True},
    "epsilon": {"low": 1e-12, "high": 1, "low_open": True, "log": True},
    "weight_decay": {"low": 0, "high": 1, "log": True},
    "label_smoothing": {"low": 0, "high": 1, "high_open": True},
    "level": {"low": 0, "high": 1, "low_open": True, "high_open": True},
    "delta": {"low": 1e-3, "high": 100, "low_open": True, "log": True},
    "warmup": {"low": 0, "high": 1, "high_open": True},
    "final": {"low": 0, "high": 1},
    "power": {"low": 0, "high": 2},
    "every": {"low": 1, "high": 10_000},
    "cycles": {"low": 1, "high": 12},
    "minimum": {"low": 0, "high": 1, "log": True},
    "start_factor": {"low": 1, "high": 1000, "log": True},
    "final_factor": {"low": 1, "high": 1e6, "log": True},
    "std": {"low": 0, "high": 10},
    "max_fun": {"low": 1, "high": 1_000_000, "log": True},
    "bound": {"low": 0, "high": 10},
}

OWN_RANGES = {
    ("adaptive", "factor"): {"low": 1, "high": 100, "low_open": True},
    ("step", "factor"): {"low": 0, "high": 1, "low_open": True},
    ("exponential", "factor"): {"low": 0, "high": 1, "low_open": True},
}

LIVE = ("network.layers[].dropout", "training.", "stop.")
"""Settings that act while the run goes on; the others begin it anew."""

CONDITIONS = [
    {"name": "loss", "label": "training loss at most"},
    {"name": "validation_loss", "label": "validation loss at most"},
    {"name": "score", "label": "validation score at least"},
    {"name": "epoch", "label": "epoch"},
]


def label_of(path: str) -> str:
    """Return what people call a setting."""
    plain = {
        "data.source": "Data",
        "data.added": "Points added",
        "data.removed": "Points removed",
        "data.table": "Table",
        "inputs.features": "Inputs",
        "inputs.view": "Axes",
        "network.layers": "Layers",
        "network.initializer": "Initial weights",
        "training.loss": "Loss",
        "training.optimizer": "Optimiser",
        "training.schedule": "Schedule",
    }
    return plain.get(path) or WORDS.get(path, (path, ""))[0]


@cache
def catalog() -> dict[str, Any]:
    """Return every choice.

    Examples
    --------
    >>> [each["name"] for each in catalog()["optimizers"]][:3]
    ['gradient_descent', 'momentum', 'nesterov']
    """
    return {
        "version": 1,
        "sources": SOURCES,
        "features": FEATURES,
        "functions": sorted(FUNCTIONS),
        "activations": _choices(spec.Activation),
        "initializers": _choices(spec.Initializer),
        "optimizers": _choices(spec.Optimizer),
        "losses": [each | {"tasks": _tasks(each["name"])} for each in _choices(spec.Loss)],
        "schedules": _choices(spec.Schedule),
        "fields": _fields(),
        "metrics": ["loss", "accuracy", "r2"],
        "conditions": [
            each | {"parameters": [{"name": "value", "label": "value", "help": "", "kind": "number", "default": 0.1}]}
            for each in CONDITIONS
        ],
        "limits": {
            "layers": limits.MOST_LAYERS,
            "width": limits.MOST_WIDTH,
            "points": limits.MOST_POINTS,
            "added": limits.MOST_ADDED,
            "rows": limits.MOST_ROWS,
            "columns": limits.MOST_COLUMNS,
            "classes": limits.MOST_CLASSES,
            "wall": limits.MOST_WALL,
            "kept": limits.MOST_KEPT,
            "explained": limits.MOST_EXPLAINED,
            "upload_bytes": limits.UPLOAD_BYTES,
            "session_bytes": limits.SESSION_BYTES,
            "paste_letters": limits.TEXT_BYTES // 2,
        },
    }


def _tasks(loss: str) -> list[str]:
    classes, values = ["binary", "multiclass"], ["regression"]
    return classes if loss == "log_loss" else classes + values if loss == "squared_error" else values


def _choices(union: UnionType) -> list[dict[str, Any]]:
    return [
        {
            "name": kind.name,
            "label": WORDS.get(kind.name, (kind.name.replace("_", " "), ""))[0],
            "help": WORDS.get(kind.name, ("", (kind.__doc__ or "").split("\n")[0]))[1],
            "parameters": [
                _field(kind, each, each.name, OWN_RANGES.get((kind.name, each.name))) for each in fields(kind)
            ],
        }
        for kind in get_args(union)
    ]


def _fields() -> list[dict[str, Any]]:
    sections = {"data": Data, "network": Net, "network.layers[]": NetLayer, "training": Descent, "stop": Stop}
    return [
        _field(kind, each, f"{section}.{each.name}") | {"group": section.removesuffix(".layers[]")}
        for section, kind in sections.items()
        for each in fields(kind)
        if f"{section}.{each.name}" in WORDS
    ]


def _field(kind: Any, each: Any, path: str, own: dict[str, Any] | None = None) -> dict[str, Any]:
    hint = get_type_hints(kind)[each.name]
    types = set(get_args(hint)) or {hint}
    what = "flag" if bool in types else "integer" if int in types else "number"
    default = None if each.default is MISSING else to_json(each.default)
    label, help_ = WORDS.get(path, (each.name.replace("_", " "), ""))
    known = own or RANGES.get(path, {})
    return {
        "name": each.name,
        "path": path,
        "label": label,
        "help": help_,
        "kind": what,
        "default": default,
        "live": path.startswith(LIVE) or "." not in path,
        "low": None,
        "high": None,
        "low_open": False,
        "high_open": False,
        "log": False,
        "optional": False,
        **known,
    }
