"""What `ops` and `grads` say of their arguments: floating point, shapes, errors."""

import numpy as np

from dlcore._windows import pair


def floating(x):
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.result_type(x, np.float32))


def add_bias(y, bias):
    """Add to `y` itself, which the caller made: a copy of it would cost as much again."""
    if bias is None:
        return y
    bias = floating(bias)
    if bias.shape != y.shape[-1:]:
        raise ValueError(f"bias must have shape {y.shape[-1:]}; got bias {bias.shape}")
    y += bias
    return y


def targets(name, y_true, y_pred):
    y_true, y_pred = floating(y_true), floating(y_pred)
    if y_true.shape != y_pred.shape or y_pred.ndim != 2:
        raise ValueError(
            f"{name} needs y_true and y_pred of one shape with a row an example; "
            f"got y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return y_true, y_pred


def one_hot(labels, y_pred):
    """Integer labels (N,) as rows of the shape of `y_pred`, (N, C)."""
    labels = np.asarray(labels)
    if y_pred.ndim != 2 or labels.shape != y_pred.shape[:1]:
        raise ValueError(
            "sparse_categorical_crossentropy needs labels y_true (N,) and y_pred (N, C); "
            f"got y_true {labels.shape}, y_pred {y_pred.shape}"
        )
    classes = np.arange(y_pred.shape[1])
    if not np.isin(labels, classes).all():
        raise ValueError(f"labels must be integers from 0 to {len(classes) - 1}; got {labels}")
    return (labels[:, None] == classes).astype(y_pred.dtype)


def clipped(p):
    return np.clip(p, 1e-7, 1 - 1e-7)


def images_and_kernel(x, kernel):
    x, kernel = floating(x), floating(kernel)
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2]:
        raise ValueError(
            "conv2d needs x (N, H, W, C) and kernel (k_h, k_w, C, F); "
            f"got x {x.shape}, kernel {kernel.shape}"
        )
    return x, kernel


def pool_arguments(name, x, pool_size, strides):
    x = floating(x)
    if x.ndim != 4:
        raise ValueError(f"{name} needs x (N, H, W, C); got x {x.shape}")
    size = pair("pool_size", pool_size)
    return x, size, size if strides is None else strides


def of_output(name, dy, shape):
    dy = floating(dy)
    if dy.shape != shape:
        raise ValueError(f"{name} needs dy of the shape of its output, {shape}; got dy {dy.shape}")
    return dy


def same_shape(name, dy, x):
    dy, x = floating(dy), floating(x)
    if dy.shape != x.shape:
        raise ValueError(f"{name} needs dy of the shape of x; got dy {dy.shape}, x {x.shape}")
    return dy, x


def loss(name, dy, y_true, y_pred):
    """The arguments as arrays, with `dy` as a column."""
    dy, y_true, y_pred = map(floating, (dy, y_true, y_pred))
    if y_pred.ndim != 2 or y_true.shape != y_pred.shape or dy.shape != y_pred.shape[:1]:
        raise ValueError(
            f"{name} needs dy (N,), y_true and y_pred of one shape (N, d); "
            f"got dy {dy.shape}, y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return dy[:, None], y_true, y_pred
