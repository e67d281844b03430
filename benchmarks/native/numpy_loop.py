"""A multi-layer perceptron as a textbook writes it down: logistic layers, cross-entropy, gradient descent, NumPy."""

from itertools import pairwise

import numpy as np


def sigmoid(z):
    """g(z) = 1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


def train(X, y, widths, epochs, learning_rate=0.01, seed=42):
    """Train on all rows at once; returns the weights, the biases and the loss of each epoch.

    X has the shape (rows, inputs), y (rows, 1).
    """
    random = np.random.default_rng(seed)
    weights = [random.normal(size=shape).astype(X.dtype) for shape in pairwise(widths)]
    biases = [np.zeros((1, width), X.dtype) for width in widths[1:]]
    losses = []
    for _ in range(epochs):
        a = [X]
        for W, b in zip(weights, biases, strict=True):
            a.append(sigmoid(a[-1] @ W + b))
        losses.append(-np.mean(y * np.log(a[-1]) + (1 - y) * np.log(1 - a[-1])))
        delta = a[-1] - y
        for layer in reversed(range(len(weights))):
            d_weights, d_bias = a[layer].T @ delta, delta.sum(axis=0, keepdims=True)
            if layer > 0:
                delta = (delta @ weights[layer].T) * a[layer] * (1 - a[layer])
            weights[layer] -= learning_rate * d_weights
            biases[layer] -= learning_rate * d_bias
    return weights, biases, losses
