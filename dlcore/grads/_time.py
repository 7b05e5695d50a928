"""What backpropagation through time begins with, whatever the layer."""

import numpy as np

from dlcore._arguments import of_output


def upstream(name, dy, states, start, steps):
    """`dy` and the states as arrays, checked, and the state before each step: (N, T, h) each."""
    states, shape = np.asarray(states), (len(start), steps, start.shape[1])
    if states.shape != shape:
        raise ValueError(f"states must have shape {shape}; got states {states.shape}")
    dy = of_output(name, dy, shape, states.dtype)
    before = np.concatenate([start[:, None], states[:, :-1]], axis=1)[:, :steps]
    return dy, states, before
