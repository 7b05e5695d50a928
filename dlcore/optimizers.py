"""Update rules: how an optimiser turns gradients into new variables.

Each class is called as Keras's are, ``apply(gradients, variables)``, but returns new arrays. What
it remembers between calls, one array a variable, is its own state: one optimiser a model.

All take Keras's `clipnorm` and `global_clipnorm`, of which one can be set. Before a step, a
gradient g whose norm is larger than `clipnorm` is multiplied by ``clipnorm / norm(g)``, each array
by its own factor. `global_clipnorm` does the same with the norm of all arrays together, and one
factor: the direction of the step is kept. They raise ValueError if both are set, or one is not
positive.
"""

import numpy as np

from dlcore._arguments import floating


class _Optimizer:
    """Counts the steps and keeps named memories, one array a variable, zero at first."""

    def __init__(self, learning_rate, clipnorm, global_clipnorm):
        if clipnorm is not None and global_clipnorm is not None:
            raise ValueError(
                "only one of clipnorm and global_clipnorm can be set; "
                f"got clipnorm={clipnorm}, global_clipnorm={global_clipnorm}"
            )
        for name, limit in (("clipnorm", clipnorm), ("global_clipnorm", global_clipnorm)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be positive, or None for none; got {limit}")
        self.learning_rate = learning_rate
        self.clipnorm, self.global_clipnorm = clipnorm, global_clipnorm
        self.iterations = 0
        self._memories = {}
        self._shapes = None  # of the first call's variables

    def apply(self, gradients, variables):
        """The variables after one step.

        Args:
            gradients: arrays, one for each variable.
            variables: arrays of the same shapes, in the same order at every call.

        Returns:
            A list of new arrays, each in the precision of its variable, whatever that of the
            gradients and of the learning rate.

        Raises:
            ValueError: if number or shapes of gradients and variables differ, or those of the
                variables differ from the first call's.
        """
        gradients, variables = list(map(floating, gradients)), list(map(floating, variables))
        shapes = [g.shape for g in gradients], [v.shape for v in variables]
        if shapes[0] != shapes[1]:
            raise ValueError(f"gradients have shapes {shapes[0]}, variables {shapes[1]}")
        if self._shapes not in (None, shapes[1]):
            raise ValueError(
                f"variables have shapes {shapes[1]}, at the first call {self._shapes}; "
                "another model needs another optimiser"
            )
        self._shapes = shapes[1]
        self.iterations += 1
        if self.clipnorm is not None:
            gradients = [_shortened([gradient], self.clipnorm)[0] for gradient in gradients]
        if self.global_clipnorm is not None:
            gradients = _shortened(gradients, self.global_clipnorm)
        return [
            self._step(i, gradient, variable).astype(variable.dtype, copy=False)
            for i, (gradient, variable) in enumerate(zip(gradients, variables, strict=True))
        ]

    def _remember(self, name, i, decay, value):
        """decay * memory + value, kept as the new memory."""
        if (name, i) not in self._memories:
            self._memories[name, i] = np.zeros_like(value)
        memory = self._memories[name, i]
        memory *= decay  # in place: a new array a step costs more than the sum
        memory += value
        return memory


def _shortened(gradients, limit):
    """Arrays times one factor, so that their common norm is at most `limit`."""
    norm = sum(float(np.sum(np.square(gradient, dtype=float))) for gradient in gradients) ** 0.5
    if norm <= limit:
        return gradients
    # Infinite or NaN: a factor of 0 would hide in most entries that the network diverged.
    factor = float(limit) / norm if np.isfinite(norm) else np.nan
    return [gradient * factor for gradient in gradients]


class SGD(_Optimizer):
    r"""Gradient descent, with momentum and Nesterov's look-ahead.

    .. math:: v \leftarrow \beta v - \eta g, \qquad \theta \leftarrow \theta + v

    With `nesterov`, :math:`\theta \leftarrow \theta + \beta v - \eta g` with the new v.

    Args:
        learning_rate: step size :math:`\eta`.
        momentum: :math:`\beta`, in [0, 1).
        nesterov: whether to step from where momentum leads.

    Source: ``keras.optimizers.SGD``.
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.0,
        nesterov=False,
        clipnorm=None,
        global_clipnorm=None,
    ):
        super().__init__(learning_rate, clipnorm, global_clipnorm)
        self.momentum, self.nesterov = momentum, nesterov

    def _step(self, i, gradient, variable):
        descent = -self.learning_rate * gradient
        velocity = self._remember("velocity", i, self.momentum, descent)
        if self.nesterov:
            velocity = self.momentum * velocity + descent
        return variable + velocity


class RMSprop(_Optimizer):
    r"""Steps divided by the root of a running mean of squared gradients.

    .. math:: s \leftarrow \rho s + (1 - \rho) g^2, \qquad
        \theta \leftarrow \theta - \eta\, g / \sqrt{s + \epsilon}

    Source: ``keras.optimizers.RMSprop``, which adds epsilon under the root.
    """

    def __init__(
        self, learning_rate=0.001, rho=0.9, epsilon=1e-7, clipnorm=None, global_clipnorm=None
    ):
        super().__init__(learning_rate, clipnorm, global_clipnorm)
        self.rho, self.epsilon = rho, epsilon

    def _step(self, i, gradient, variable):
        squares = self._remember("squares", i, self.rho, (1 - self.rho) * gradient**2)
        return variable - self.learning_rate * gradient / np.sqrt(squares + self.epsilon)


class Adam(_Optimizer):
    r"""A running mean of gradients over the root of a running mean of their squares.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \qquad
        \theta \leftarrow \theta
        - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt{s} + \epsilon}

    at step t = 1, 2, ...; this is the paper's "epsilon-hat" form, which Keras uses.

    Source: Kingma and Ba, 2015, end of section 2; ``keras.optimizers.Adam``.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        clipnorm=None,
        global_clipnorm=None,
    ):
        super().__init__(learning_rate, clipnorm, global_clipnorm)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _step(self, i, gradient, variable):
        mean = self._remember("mean", i, self.beta_1, (1 - self.beta_1) * gradient)
        squares = self._remember("squares", i, self.beta_2, (1 - self.beta_2) * gradient**2)
        correction = (1 - self.beta_2**self.iterations) ** 0.5 / (1 - self.beta_1**self.iterations)
        roots, step = np.sqrt(squares), self.learning_rate * correction * mean
        roots += self.epsilon
        step /= roots
        return variable - step


class AdamW(Adam):
    r"""Adam after shrinking each variable: :math:`\theta \leftarrow (1 - \eta \lambda)\,\theta`.

    Args:
        weight_decay: :math:`\lambda`; the others are Adam's.

    Source: Loshchilov and Hutter, 2019; ``keras.optimizers.AdamW``.
    """

    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=0.004,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        clipnorm=None,
        global_clipnorm=None,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, clipnorm, global_clipnorm)
        self.weight_decay = weight_decay

    def _step(self, i, gradient, variable):
        shrunk = (1 - self.learning_rate * self.weight_decay) * variable
        return super()._step(i, gradient, shrunk)
