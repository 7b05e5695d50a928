"""The affine map of a layer."""

from dlcore._arguments import add_bias, floating


def dense(x, kernel, bias=None):
    """Affine map of a batch of rows: ``x @ kernel + bias``.

    Args:
        x: inputs, shape (N, d).
        kernel: weights, shape (d, h).
        bias: offsets, shape (h,), or None for none.

    Returns:
        Shape (N, h).

    Raises:
        ValueError: if the columns of `x` are not the rows of `kernel`, or `bias` is not (h,).

    Source: ``keras.layers.Dense`` without its activation.
    """
    x, kernel = floating(x), floating(kernel)
    if x.ndim != 2 or kernel.ndim != 2 or x.shape[1] != kernel.shape[0]:
        raise ValueError(
            f"dense needs x (N, d) and kernel (d, h); got x {x.shape}, kernel {kernel.shape}"
        )
    return add_bias(x @ kernel, bias)
