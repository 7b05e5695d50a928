"""Derivatives of `ops.dense`."""

from dlcore._arguments import floating


def dense(dy, x, kernel):
    """Gradients of ``y = x @ kernel + bias``.

    ``dx = dy @ kernel.T``, ``dkernel = x.T @ dy``, ``dbias`` = the sum of `dy` over the batch.

    Args:
        dy: gradient with respect to y, shape (N, h).
        x: inputs, shape (N, d).
        kernel: weights, shape (d, h).

    Returns:
        dx (N, d), dkernel (d, h), dbias (h,).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Rumelhart, Hinton and Williams, Nature 323, 1986.
    """
    dy, x, kernel = map(floating, (dy, x, kernel))
    fit = x.ndim == kernel.ndim == 2 and x.shape[1] == len(kernel)
    if not fit or dy.shape != (len(x), kernel.shape[1]):
        raise ValueError(
            "dense needs dy (N, h), x (N, d) and kernel (d, h); "
            f"got dy {dy.shape}, x {x.shape}, kernel {kernel.shape}"
        )
    return dy @ kernel.T, x.T @ dy, dy.sum(axis=0)
