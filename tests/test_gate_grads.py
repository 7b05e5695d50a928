"""The derivative of the LSTM beside finite differences."""

import numpy as np

from dlcore import grads, ops


def test_lstm_gradient_is_that_of_finite_differences():
    draw = np.random.default_rng(0).normal
    arguments = [draw(size=s) for s in [(3, 6, 4), (4, 20), (5, 20), (20,)]]
    dy = draw(size=(3, 6, 5))
    for n, gradient in enumerate(grads.lstm(dy, *arguments)):
        v = draw(size=gradient.shape)
        up, down = list(arguments), list(arguments)
        up[n], down[n] = arguments[n] + 1e-6 * v, arguments[n] - 1e-6 * v
        change = (dy * (ops.lstm(*up) - ops.lstm(*down))).sum() / 2e-6
        np.testing.assert_allclose((gradient * v).sum(), change, rtol=1e-6)
