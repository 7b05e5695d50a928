"""What Keras's ``fit`` lacks for a page that is also a live session."""

import keras
from IPython.display import display


class Progress(keras.callbacks.Callback):
    """Show one line a finished epoch and, below it, a bar for the running one.

    The output is replaced in place, so a live session shows a moving bar and an executed page
    keeps only the record of the epochs. Plain Python, which cannot replace, prints the record.
    Use with ``fit(..., verbose=0)``.
    """

    WIDTH = 30

    def on_train_begin(self, logs=None):
        self._record = []
        self._handle = display(_Text(["starting"]), display_id=True)  # None in plain Python

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._bar = epoch + 1, None

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"] or batch + 1
        done = self.WIDTH * (batch + 1) // steps
        bar = "#" * done + "." * (self.WIDTH - done)
        if bar != self._bar:
            self._bar = bar
            self._show(f"{self._line(logs)}  [{bar}]")

    def on_epoch_end(self, epoch, logs=None):
        self._record.append(self._line(logs))
        self._show()

    def _line(self, logs):
        values = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        return f"epoch {self._epoch:>2}/{self.params['epochs']}  {values}"

    def _show(self, *running):
        if self._handle:
            self._handle.update(_Text([*self._record, *running]))
        elif not running:
            print(self._record[-1])


class _Text(list):
    """Lines that a notebook shows as they are."""

    def __repr__(self):
        return "\n".join(self)
