"""What the words of a report mean."""

import re
from collections.abc import Iterable

__all__ = ["words_of"]

GLOSSARY = {
    "balanced accuracy": "the share of rows predicted right, averaged over the classes: a rare class counts as much as "
    "a frequent one",
    "log loss": "the mean of −ln(p), p the probability given to the class that a row has: 0 is certain and right",
    "area under the ROC curve": "how often, of one row of a class and one of another, the first has the higher "
    "probability of the class: 1 is best, 0.5 chance; averaged over the classes",
    "expected calibration error": "how far probabilities are from the shares that come true, among rows of like "
    "probability, on average: 0 is best",
    "temperature": "what the logarithms of probabilities are divided by before they are made to sum to 1 again: above "
    "1, probabilities become more cautious, below 1 bolder",
    "R²": "the share of the target's variance that is explained: 1 is best, 0 no better than its mean",
    "Poisson deviance": "for counts and rates: errors weigh by how large the prediction is; 0 is best",
    "member": "networks made by one recipe, one for each fold; what they predict counts by the member's weight",
    "mish": "an activation, the function that a neuron applies to its weighted sum z: z·tanh(ln(1 + exp(z)))",
    "selu": "an activation, the function that a neuron applies to its weighted sum z: 1.0507·z above 0, "
    "1.7581·(exp(z) − 1) below",
    "silu": "an activation, the function that a neuron applies to its weighted sum z: z / (1 + exp(−z))",
    "relu": "an activation, the function that a neuron applies to its weighted sum z: z above 0, else 0",
    "plain": "a network takes numbers as they are, centred and scaled",
    "piecewise linear": "a network takes a number as how far it is through each of the pieces of the column's range",
    "periodic": "a network takes a number as cosines of it, whose frequencies it learns",
    "±": "the standard deviation over the times that the column was shuffled",
}


def words_of(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the words that texts have and what they mean.

    Examples
    --------
    >>> [word for word, _ in words_of(["log loss", "256 → 256 mish", "0.5 ± 0.1"])]
    ['log loss', 'mish', '±']
    """
    every = "\n".join(texts)
    return [(word, meaning) for word, meaning in GLOSSARY.items() if re.search(rf"(?<!\w){word}(?!\w)", every)]
