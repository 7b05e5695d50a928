"""The affine map of a layer."""

from dlcore._arguments import add_bias, affine


def dense(x, kernel, bias=None):
    """Affine map of a batch of rows, or of rows of rows: ``x @ kernel + bias``.

    Args:
        x: inputs, shape (N, d) or (N, ..., d).
        kernel: weights, shape (d, h).
        bias: offsets, shape (h,), or None for none.

    Returns:
        Shape (N, h) or (N, ..., h).

    Raises:
        ValueError: if the columns of `x` are not the rows of `kernel`, or `bias` is not (h,).

    Source: ``keras.layers.Dense`` without its activation.
    """
    x, kernel = affine(x, kernel)
    return add_bias(x @ kernel, bias)
