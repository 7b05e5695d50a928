"""What `ops`, `grads` and `optimizers` say of their arguments: floating point, shapes, errors."""

import numpy as np

from dlcore._windows import pair


def floating(x):
    """`x` as an array of floating point; what is floating point already keeps its precision."""
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.result_type(x, np.float32))


def add_bias(y, bias):
    """Add to `y` itself, which the caller made, unless `bias` is wider: a copy costs as much."""
    if bias is None:
        return y
    bias = floating(bias)
    if bias.shape != y.shape[-1:]:
        raise ValueError(f"bias must have shape {y.shape[-1:]}; got bias {bias.shape}")
    return np.add(y, bias, out=y if np.result_type(y, bias) == y.dtype else None)


def affine(x, kernel):
    x, kernel = floating(x), floating(kernel)
    if x.ndim < 2 or kernel.ndim != 2 or x.shape[-1] != len(kernel):
        raise ValueError(
            f"dense needs x (N, d) and kernel (d, h); got x {x.shape}, kernel {kernel.shape}"
        )
    return x, kernel


def sequences(name, x, kernel, recurrent_kernel, initial_state, mask, gates=1):
    """What a recurrent layer of h units is given, as arrays; its gates' kernels lie side by side.

    An initial state that is not given is zero; a mask that is not given stays None.
    """
    x, kernel, recurrent_kernel = floating(x), floating(kernel), floating(recurrent_kernel)
    units = len(recurrent_kernel) if recurrent_kernel.ndim else 0
    columns = gates * units
    if x.ndim != 3 or (kernel.shape, recurrent_kernel.shape) != (
        (x.shape[2], columns),
        (units, columns),
    ):
        width = "h" if gates == 1 else f"{gates}h"
        raise ValueError(
            f"{name} needs x (N, T, d), kernel (d, {width}) and recurrent_kernel (h, {width}); "
            f"got x {x.shape}, kernel {kernel.shape}, recurrent_kernel {recurrent_kernel.shape}"
        )
    initial_state = start(initial_state, (len(x), units), x.dtype)
    if mask is not None:
        mask = np.asarray(mask, bool)
        if mask.shape != x.shape[:2]:
            raise ValueError(f"mask must have shape {x.shape[:2]}; got mask {mask.shape}")
    return x, kernel, recurrent_kernel, initial_state, mask


def start(initial_state, shape, dtype):
    """One array of a recurrent layer's initial state; zeros if it is not given."""
    if initial_state is None:
        return np.zeros(shape, dtype)
    initial_state = floating(initial_state)
    if initial_state.shape != shape:
        raise ValueError(
            f"initial_state must have shape {shape}; got initial_state {initial_state.shape}"
        )
    return initial_state


def targets(name, y_true, y_pred):
    """Both in the precision of the predictions, as in Keras."""
    y_pred = floating(y_pred)
    y_true = np.asarray(y_true, y_pred.dtype)
    if y_true.shape != y_pred.shape or y_pred.ndim < 1:
        raise ValueError(
            f"{name} needs y_true and y_pred of one shape (N, ..., d); "
            f"got y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return y_true, y_pred


def one_hot(labels, y_pred):
    """Integer labels (N, ...) as rows of the shape of `y_pred`, (N, ..., C)."""
    labels = np.asarray(labels)
    if y_pred.ndim < 1 or labels.shape != y_pred.shape[:-1]:
        raise ValueError(
            "sparse_categorical_crossentropy needs labels y_true (N, ...) and y_pred (N, ..., C); "
            f"got y_true {labels.shape}, y_pred {y_pred.shape}"
        )
    classes = np.arange(y_pred.shape[-1])
    if not np.isin(labels, classes).all():
        raise ValueError(f"labels must be integers from 0 to {len(classes) - 1}; got {labels}")
    return (labels[..., None] == classes).astype(y_pred.dtype)


def clipped(p):
    """Probabilities within [ε, 1 - ε], and where they lay outside.

    ε is Keras's 1e-7, but in float16, where 1 - 1e-7 is 1: there it is the distance from 1 to the
    number below.
    """
    epsilon = max(1e-7, float(np.finfo(p.dtype).epsneg))
    low, high = p.dtype.type(epsilon), p.dtype.type(1 - epsilon)
    return np.clip(p, low, high), (p < low) | (p > high)


def images_and_kernel(x, kernel, *, transposed=False):
    """As arrays; the kernel of `conv2d_transpose` has its two axes of channels in turn."""
    x, kernel = floating(x), floating(kernel)
    axis = 3 if transposed else 2
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[axis]:
        name, axes = ("conv2d_transpose", "F, C") if transposed else ("conv2d", "C, F")
        raise ValueError(
            f"{name} needs x (N, H, W, C) and kernel (k_h, k_w, {axes}); "
            f"got x {x.shape}, kernel {kernel.shape}"
        )
    if not kernel.size:
        raise ValueError(f"kernel must not be empty; got kernel {kernel.shape}")
    return x, kernel


def pool_arguments(name, x, pool_size, strides):
    x = floating(x)
    if x.ndim != 4:
        raise ValueError(f"{name} needs x (N, H, W, C); got x {x.shape}")
    size = pair("pool_size", pool_size)
    return x, size, size if strides is None else strides


def logits_of_both(name, real, fake):
    real, fake = floating(real), floating(fake)
    if real.shape != fake.shape:
        raise ValueError(
            f"{name} needs real and fake of one shape; got real {real.shape}, fake {fake.shape}"
        )
    return real, fake


def slopes(gradient, norm):
    gradient = floating(gradient)
    if gradient.ndim < 1:
        raise ValueError("gradient_penalty needs gradient (..., d); got gradient ()")
    if not norm >= 0:
        raise ValueError(f"norm must be at least 0; got {norm}")
    return gradient


def mean_and_log_variance(mean, log_variance):
    mean, log_variance = floating(mean), floating(log_variance)
    if mean.shape != log_variance.shape or mean.ndim < 1:
        raise ValueError(
            "kl_divergence needs mean and log_variance of one shape (..., k); "
            f"got mean {mean.shape}, log_variance {log_variance.shape}"
        )
    return mean, log_variance


# Upstream gradients: `dy` takes the precision of what the gradient is for, so that a float64
# among them, 1 / N from NumPy say, does not make a float32 network float64.


def of_output(name, dy, shape, dtype):
    dy = np.asarray(dy, dtype)
    if dy.shape != shape:
        raise ValueError(f"{name} needs dy of the shape of its output, {shape}; got dy {dy.shape}")
    return dy


def same_shape(name, dy, x):
    x = floating(x)
    dy = np.asarray(dy, x.dtype)
    if dy.shape != x.shape:
        raise ValueError(f"{name} needs dy of the shape of x; got dy {dy.shape}, x {x.shape}")
    return dy, x


def loss(name, dy, y_true, y_pred):
    """The arguments as arrays of one precision, with `dy` as a column."""
    y_true, y_pred = targets(name, y_true, y_pred)
    dy = np.asarray(dy, y_pred.dtype)
    if dy.shape != y_pred.shape[:-1]:
        raise ValueError(
            f"{name} needs dy (N, ...) for y_pred (N, ..., d); "
            f"got dy {dy.shape}, y_pred {y_pred.shape}"
        )
    return dy[..., None], y_true, y_pred
