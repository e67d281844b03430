import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from pellucid import MLPClassifier, MLPRegressor, spec, trace
from pellucid.errors import DataError
from pellucid.spec import AdamW
from pellucid.tracing.notation import add_up, number

VOID = {"meta"}


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def printed(step, width=100, **choice):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(step.render(**choice))
        return console.export_text()


@pytest.fixture(scope="module")
def step():
    X = np.random.default_rng(0).normal(size=(3, 2))
    return trace(MLPClassifier((2,), activation="tanh", random_state=0, alpha=0), X, [0, 1, 1])


def test_a_line_reads_as_in_a_textbook():
    X, y = [[0.5, -1.0]], [1.0]
    model = MLPRegressor(hidden_layer_sizes=(2,), solver="sgd", momentum=0, alpha=0, random_state=0)
    model.partial_fit(X, y)
    model.coefs_[0][:] = [[0.12, 0.25], [0.3, -0.5]]
    model.intercepts_[0][:] = [0.4, 0.0]
    text = printed(trace(model, X, y))
    assert "z₁ = x₁·w₁₁ + x₂·w₂₁ + b₁ = 0.5·0.12 + (−1)·0.3 + 0.4 = 0.16" in text
    assert "a₁ = max(0, z₁) = max(0, 0.16) = 0.16" in text
    assert "g′(z₂) = 1 if z₂ > 0 else 0 = 1 if 0.625 > 0 else 0 = 1" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminal_has_four_stages_and_keeps_its_width(step, width):
    lines = printed(step, width).splitlines()
    heads = [line.split("─")[0].strip() for line in lines if "───" in line]
    assert heads == ["1 Forward", "2 Loss", "3 Backward", "4 Update"]
    assert max(map(len, lines)) <= width
    assert any(str(step.rows[2]) in line for line in lines)


def test_html_is_whole_and_loads_nothing(step):
    html = step._repr_html_()
    page = Page(html)
    assert "".join(page.text).count("δ₁") > 3
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not {"src", "href"} & set(page.attributes)
    assert "url(" not in html
    assert "http" not in html
    assert "@import" not in html
    assert "prefers-color-scheme: dark" in html
    assert page.tags.count("details") == 2 + 1 + 1 + 2 + 2


def test_html_and_terminal_say_the_same(step):
    page = Page(step.to_html())
    words = set("".join(printed(step, 300).split()))
    assert words >= {"δ", "ℓ", "∂"}
    for formula in ("tanh(", "= −(y₁·ln(a₁) + (1 − y₁)·ln(1 − a₁))", "a₁ − y₁"):
        assert formula in "".join(page.text)
        assert formula in printed(step, 300)


def test_names_are_escaped():
    frame = pd.DataFrame([[1.0, 2.0]], columns=["<script>alert(1)</script>", "a\x1b[31mb"])
    step = trace(MLPClassifier((2,), random_state=0), frame, ["<b>"], classes=["<b>", "[red]c"])
    page = Page(step.to_html())
    assert "script" not in page.tags
    assert "b" in page.tags
    assert "class [red]c" in "".join(page.text)
    text = printed(step)
    assert "\x1b" not in text
    assert "a\\x1b[31mb" in text
    assert "class [red]c" in text


def test_a_page_of_its_own(step, tmp_path):
    step.save_html(tmp_path / "step.html", row=1)
    html = (tmp_path / "step.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "The formulas are those of row 1." in html
    Page(html.removeprefix("<!doctype html>"))


def test_rows_keep_their_numbers(step):
    moved = replace(step, rows=(60, 61, 62))
    assert "ℓ[60] + ℓ[61] + ℓ[62]" in printed(moved)
    assert set(moved.to_frame().row.dropna()) == {60, 61, 62}


def test_one_layer_or_neuron(step):
    html = step.to_html(layer=1)
    assert "Output layer" in html
    assert "Hidden layer 1" not in html
    text = printed(step, neuron=1)
    assert "z₂ =" in text
    assert "z₁ = x₁" not in text
    assert "Output layer" not in text  # it has no second neuron
    with pytest.raises(DataError, match="'row' must be one of the trace's rows, a whole number from 0 to 2; got 3"):
        step.to_html(row=3)


def test_wide_layers_and_many_rows_are_shortened():
    X = np.random.default_rng(0).normal(size=(40, 50))
    step = trace(MLPRegressor(hidden_layer_sizes=(100,), random_state=0), X, X[:, 0])
    html = step.to_html(row=39)
    assert len(html) < 300_000
    assert "The first 12 of 100 neurons are shown" in html
    assert "[44 smaller]" in html
    assert "(12 of 40 shown)" in html
    assert '<td class="text">39</td>' in html
    assert "(the 12 of 40 rows with the largest δ)" in html
    assert "neuron 100" in step.to_html(layer=0, neuron=99)


def test_a_shortened_sum_keeps_its_value():
    values = np.arange(10.0)
    symbols, numbers = add_up(values, lambda i: f"t{i}", str, most=3)
    assert symbols == "t7 + t8 + t9 + [7 smaller]"
    assert numbers == "7 + 8 + 9 + [21]"


@pytest.fixture(scope="module")
def crowded():
    """A step with all that shares letters in textbooks: layer normalisation, Adam, both penalties, dropout."""
    X = np.random.default_rng(0).normal(size=(2, 3))
    solver = AdamW(weight_decay=0.1)
    model = MLPClassifier((3,), solver=solver, alpha=0.1, l1=0.01, dropout=0.3, layer_norm=True, random_state=0)
    return trace(model, X, [0, 1])


def test_each_symbol_has_one_meaning(crowded):
    text = printed(crowded, 400)
    assert "gain₁·û₁ + shift₁" in text
    assert "β₁·m + (1 − β₁)·grad" in text
    assert "(1 − η·λ)" in text
    assert "(l₁·Σ|w| + ½·l₂·Σw²) / n" in text
    assert not [each for each in ("γ", "λ·Σ", "λ·sign", "+ β₁", " g = ", "sign((") if each in text]


def test_weights_of_rows_and_smoothed_targets_are_explained(step):
    X = np.random.default_rng(0).normal(size=(3, 2))
    model = MLPClassifier((2,), label_smoothing=0.1, random_state=0, alpha=0.1)
    text = printed(trace(model, X, [0, 1, 1], sample_weight=[1, 2, 1]), 400)
    assert "κ is the weight of the row" in text
    assert "ỹ is what a is compared with" in text
    assert "δ₁ = κ·(a₁ − ỹ₁)" in text
    assert "δ = κ·∂ℓ/∂z says how the row's weighted loss, κ·ℓ, changes" in text
    assert "(κ[0]·ℓ[0] + κ[1]·ℓ[1] + κ[2]·ℓ[2]) / Σκ + penalty" in text
    assert "Σs" not in text
    plain = printed(step, 400)
    assert "δ = ∂ℓ/∂z says how the loss changes" in plain
    assert not [each for each in ("κ", "ỹ") if each in plain]


def test_a_row_s_variance_is_shown_where_layer_normalisation_divides_by_it(crowded):
    text = printed(crowded, 400)
    variance = re.escape(number(crowded.layers[0].weighted_sum[0].var()))
    assert (
        len(re.findall(rf"û. = \(u. − mean\(u\)\) / √\(variance\(u\) \+ ε\) = .* / √\({variance} \+ 1e−5\)", text)) == 3
    )
    assert len(re.findall(rf"δᵘ. = .*\) / √\({variance} \+ 1e−5\)", text)) == 3


def test_a_small_gradient_is_squared_as_a_whole():
    X = 1e-6 * np.ones((1, 1))
    text = printed(trace(MLPRegressor(hidden_layer_sizes=(), alpha=0, random_state=0), X, [-3.0]), 400)
    assert re.search(r"\(1 − 0\.999\)·\([\d.]+e−6\)² = ", text)


def test_the_mask_of_dropout_is_explained(crowded):
    assert "the mask of the others is 1 / (1 − 0.3) = 1.429" in printed(crowded, 400)


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        ("squared_error", "The squared error compares"),
        ("huber", "The Huber loss compares"),
        ("poisson", "The Poisson loss compares"),
        (spec.Quantile(level=0.9), "The quantile loss compares"),
    ],
)
def test_a_loss_is_called_one(loss, told):
    X, y = np.eye(3), np.array([1.0, 2.0, 4.0])
    step = trace(MLPRegressor(loss, hidden_layer_sizes=(2,), random_state=0), X, y)
    text = step.to_html()
    assert told in text
    if isinstance(loss, spec.Quantile):  # the side of the target that counts is told
        assert "ℓ</b>" in text
        assert "max(0.9·(y₁ − a₁), (1 − 0.9)·(a₁ − y₁))" in text
        assert "−0.9 if y₁ &gt; a₁ else 1 − 0.9" in text
